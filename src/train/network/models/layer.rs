//! Weights and a bias.

use candle_core::{Device, Result, Tensor, Var};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Weights [inputs, outputs], or [outputs, inputs] for a convolution, and a bias [outputs].
pub(crate) struct Layer {
    pub weights: Var,
    pub bias: Var,
}

/// Numbers uniformly within a bound.
pub(crate) fn uniform(count: usize, bound: f32, random: &mut ChaCha8Rng) -> Vec<f32> {
    let unit = |bits: u32| (f64::from(bits) / f64::from(u32::MAX) * 2.0 - 1.0) as f32;
    (0..count).map(|_| unit(random.next_u32()) * bound).collect()
}

/// Weights [inputs, outputs] as a convolution has them.
pub(crate) fn turned(weights: &Tensor) -> Result<Var> {
    Var::from_tensor(&weights.t()?.contiguous()?)
}

impl Layer {
    /// Uniformly within 1 / sqrt(inputs).
    pub fn new(inputs: usize, outputs: usize, random: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        let bound = 1.0 / (inputs as f32).sqrt();
        let weights = Tensor::from_vec(uniform(inputs * outputs, bound, random), (inputs, outputs), device)?;
        let bias = Tensor::from_vec(uniform(outputs, bound, random), outputs, device)?;
        Ok(Self { weights: Var::from_tensor(&weights)?, bias: Var::from_tensor(&bias)? })
    }

    /// As [`new`](Self::new), with the weights of a convolution.
    pub fn filters(inputs: usize, outputs: usize, random: &mut ChaCha8Rng, device: &Device) -> Result<Self> {
        let layer = Self::new(inputs, outputs, random, device)?;
        Ok(Self { weights: turned(&layer.weights)?, ..layer })
    }

    /// The layer applied to values [B, inputs].
    pub fn apply(&self, values: &Tensor) -> Result<Tensor> {
        values.matmul(&self.weights)?.broadcast_add(&self.bias)
    }

    /// Its variables under a name.
    pub fn named(&self, name: &str) -> [(String, Var); 2] {
        [(format!("{name}.weights"), self.weights.clone()), (format!("{name}.bias"), self.bias.clone())]
    }
}
