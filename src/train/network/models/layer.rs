//! Weights and a bias.

use candle_core::{Device, Result, Tensor, Var};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Weights `[inputs, outputs]`, or `[outputs, inputs]` for a convolution, and a bias `[outputs]`.
pub(super) struct Layer {
    pub weight: Var,
    pub bias: Var,
}

/// Numbers uniformly within a bound.
pub(super) fn uniform(count: usize, bound: f32, random: &mut ChaCha8Rng) -> Vec<f32> {
    let unit = |bits: u32| (f64::from(bits) / f64::from(u32::MAX) * 2.0 - 1.0) as f32;
    (0..count).map(|_| unit(random.next_u32()) * bound).collect()
}

/// Weights `[inputs, outputs]` as a convolution has them.
pub(super) fn transposed(weight: &Tensor) -> Result<Var> {
    Var::from_tensor(&weight.t()?.contiguous()?)
}

impl Layer {
    /// A layer with numbers uniformly within 1 / sqrt(inputs).
    pub fn new(inputs: usize, outputs: usize, random: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        let bound = 1.0 / (inputs as f32).sqrt();
        let weight = Tensor::from_vec(uniform(inputs * outputs, bound, random), (inputs, outputs), device)?;
        let bias = Tensor::from_vec(uniform(outputs, bound, random), outputs, device)?;
        Ok(Self { weight: Var::from_tensor(&weight)?, bias: Var::from_tensor(&bias)? })
    }

    /// As [`new`](Self::new), with the weights of a convolution.
    pub fn filters(inputs: usize, outputs: usize, random: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        let layer = Self::new(inputs, outputs, random, device)?;
        Ok(Self { weight: transposed(&layer.weight)?, ..layer })
    }

    /// The layer applied to values `[B, inputs]`.
    pub fn apply(&self, values: &Tensor) -> Result<Tensor> {
        values.matmul(&self.weight)?.broadcast_add(&self.bias)
    }

    /// Its parameters under a name.
    pub fn named(&self, name: &str) -> [(String, Var); 2] {
        [(format!("{name}.weight"), self.weight.clone()), (format!("{name}.bias"), self.bias.clone())]
    }
}
