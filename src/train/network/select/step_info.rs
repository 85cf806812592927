//! The rows of a step, and their logits.

use candle_core::{DType, Tensor};

use crate::error::{Error, Result};
use crate::train::candle_error::candle;

/// The rows of a step, and their logits from before it.
#[derive(Debug)]
pub struct StepInfo<'a> {
    /// Number of the epoch.
    pub epoch: u64,
    /// Row numbers.
    pub rows: &'a [u64],
    /// The rows' classes.
    pub labels: &'a [u32],
    /// Logits `[B, classes]`.
    pub logits: &'a Tensor,
}

/// Callback of every step.
pub type OnStep<'a> = &'a mut dyn FnMut(&StepInfo) -> Result<()>;

impl StepInfo<'_> {
    /// The logits, row after row, and the number of classes.
    ///
    /// # Errors
    /// `Argument` if Candle refuses.
    pub fn values(&self) -> Result<(Vec<f32>, usize)> {
        values(self.logits)
    }
}

/// A matrix's values, row after row, and its columns.
pub(super) fn values(matrix: &Tensor) -> Result<(Vec<f32>, usize)> {
    let read = || Ok((matrix.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?, matrix.dims2()?.1));
    read().map_err(candle)
}

/// Turns logits into probabilities, and returns the logarithm of the sum that they were divided by.
pub(super) fn softmax(logits: &mut [f32]) -> f32 {
    // The largest becomes exp(0): exp of a logit above 88 is infinite in float32.
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    logits.iter_mut().for_each(|logit| *logit = (*logit - most).exp());
    let sum: f32 = logits.iter().sum();
    logits.iter_mut().for_each(|logit| *logit /= sum);
    most + sum.ln()
}

/// The index of a row's class among its logits.
///
/// # Errors
/// `Argument` for a class that the network does not have.
pub(super) fn class_index(label: u32, logits: &[f32]) -> Result<usize> {
    let (class, classes) = (label as usize, logits.len());
    let missing = || Error::argument(format!("an image is of class {label}; the network has {classes}"));
    if class < classes { Ok(class) } else { Err(missing()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up() {
        let mut logits = [1000.0, 1001.0];
        let log = softmax(&mut logits);
        assert!((logits[0] + logits[1] - 1.0).abs() < 1e-6 && (log - 1001.3133).abs() < 1e-3);
    }
}
