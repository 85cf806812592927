//! A step of gradient descent as one launch on a GPU.

use candle_core::{Result, Tensor};

use super::tensors::with_addresses;
use super::{Kernel, Moving, Step, TOGETHER, launch};
use crate::train::Sgd;

/// Moves variables, given with their velocities and gradients, all on one device.
pub fn step(moving: &[[&Tensor; 3]], sgd: Sgd, rate: f64) -> Result<()> {
    for some in moving.chunks(TOGETHER) {
        let Some([first, ..]) = some.first() else { continue };
        let mut step = Step {
            moving: [Moving::default(); TOGETHER],
            variables: some.len() as i32,
            nesterov: sgd.nesterov.into(),
            rate: rate as f32,
            momentum: sgd.momentum as f32,
            decay: sgd.weight_decay as f32,
            zero: 0,
        };
        let mut count = 0;
        for (to, tensors) in step.moving.iter_mut().zip(some) {
            let values = tensors[0].elem_count();
            count = count.max(values);
            *to = with_addresses(*tensors, |[variable, velocity, gradient]| {
                Ok(Moving { variable, velocity, gradient, count: values as u64 })
            })?;
        }
        // SAFETY: the addresses are of tensors of these sizes, which the caller holds.
        unsafe {
            launch(first.device().as_cuda_device()?, Kernel { name: "step", arguments: &step, count })
        }?;
    }
    Ok(())
}
