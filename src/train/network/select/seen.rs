//! The rows of a step, and their scores.

use candle_core::{DType, Tensor};

use crate::error::Result;
use crate::train::candle_error::candle;

/// The rows of a step.
pub struct Seen<'a> {
    /// The epoch that they are of.
    pub epoch: u64,
    /// Their numbers.
    pub rows: &'a [u64],
    /// Their classes.
    pub labels: &'a [u32],
    /// Their scores [B, classes] before the step was made.
    pub scores: &'a Tensor,
}

debug_fields!(['a] Seen { epoch, rows, labels, scores });

impl Seen<'_> {
    /// The scores, row after row, and how many classes there are.
    pub(crate) fn values(&self) -> Result<(Vec<f32>, usize)> {
        values(self.scores)
    }
}

/// A matrix's values, row after row, and its columns.
pub(crate) fn values(matrix: &Tensor) -> Result<(Vec<f32>, usize)> {
    let of = || Ok((matrix.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?, matrix.dims2()?.1));
    of().map_err(candle)
}

/// Turns scores into probabilities, and hands out the logarithm of the sum that they were divided by.
pub(crate) fn softmax(scores: &mut [f32]) -> f32 {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - most).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
    most + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up() {
        let mut scores = [1000.0, 1001.0];
        let log = softmax(&mut scores);
        assert!((scores[0] + scores[1] - 1.0).abs() < 1e-6 && (log - 1001.3133).abs() < 1e-3);
    }
}
