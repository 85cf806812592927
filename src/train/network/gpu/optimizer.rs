//! A step of gradient descent as one launch on a GPU.

use candle_core::{Result, Tensor};

use super::tensors::with_addresses;
use super::{Kernel, Parameter, Step, TOGETHER, launch};
use crate::train::Sgd;

/// Updates parameters, given with their velocities and gradients, all on one device.
pub fn step(parameters: &[[&Tensor; 3]], sgd: Sgd, learning_rate: f64) -> Result<()> {
    for some in parameters.chunks(TOGETHER) {
        let Some([first, ..]) = some.first() else { continue };
        let mut step = Step {
            parameters: [Parameter::default(); TOGETHER],
            count: some.len() as i32,
            nesterov: sgd.nesterov.into(),
            learning_rate: learning_rate as f32,
            momentum: sgd.momentum as f32,
            decay: sgd.weight_decay as f32,
            zero: 0,
        };
        let mut count = 0;
        for (to, tensors) in step.parameters.iter_mut().zip(some) {
            let values = tensors[0].elem_count();
            count = count.max(values);
            *to = with_addresses(*tensors, |[own, velocity, gradient]| {
                Ok(Parameter { values: own, velocity, gradient, count: values as u64 })
            })?;
        }
        // SAFETY: the addresses are of tensors of these sizes, which the caller holds.
        unsafe {
            launch(first.device().as_cuda_device()?, Kernel { name: "step", arguments: &step, count })
        }?;
    }
    Ok(())
}
