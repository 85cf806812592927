//! The end of a residual block: a sum and ReLU in one pass.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::{Tape, values, with_values};

/// The sum of two tensors of one shape, followed by ReLU: the branches of a residual block meet in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Join;

/// Values that a task has at least: 64 KiB of each argument, so that its work takes longer than starting it.
const CHUNK: usize = 1 << 14;

/// `out = work(a, b)`, value by value.
fn each(a: &[f32], b: &[f32], work: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
    let pairs = a.par_iter().zip(b).with_min_len(CHUNK);
    pairs.map(|(a, b)| work(*a, *b)).collect()
}

impl Join {
    /// Applies it.
    ///
    /// # Errors
    /// Candle's, if shapes differ or the tensors are not float32.
    pub fn apply(self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        self.on(&mut Tape::unrecorded(), a, b)
    }

    /// As [`apply`](Self::apply), recorded on a tape.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn on(self, tape: &mut Tape, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        if a.shape() != b.shape() {
            bail!("branches of shapes {:?} and {:?} do not meet", a.shape(), b.shape())
        }
        tape.two(self, &a.contiguous()?, &b.contiguous()?)
    }
}

impl CustomOp2 for Join {
    fn name(&self) -> &'static str {
        "join"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let out = each(values(a, a_layout)?, values(b, b_layout)?, |a, b| (a + b).max(0.0));
        Ok((CpuStorage::F32(out), a_layout.shape().clone()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        a: &candle_core::CudaStorage,
        a_layout: &Layout,
        b: &candle_core::CudaStorage,
        b_layout: &Layout,
    ) -> Result<(candle_core::CudaStorage, Shape)> {
        let shape = a_layout.shape().clone();
        let out = crate::train::network::gpu::join(&shape, (a, a_layout), (b, b_layout))?;
        Ok((out, shape))
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        #[cfg(feature = "cuda")]
        if out.device().is_cuda() {
            let own = crate::train::network::gpu::join_back(out, &gradient.contiguous()?)?;
            return Ok((Some(own.clone()), Some(own)));
        }
        // The sum is positive where ReLU passed it on: no mask is kept from the forward pass.
        let own = with_values(out, |out| {
            with_values(gradient, |gradient| {
                Ok(each(out, gradient, |out, gradient| if out > 0.0 { gradient } else { 0.0 }))
            })
        })?;
        // Both arguments have the same gradient, and share its memory: a tensor is a reference.
        let own = Tensor::from_vec(own, out.shape(), out.device())?;
        Ok((Some(own.clone()), Some(own)))
    }
}
