//! The loss of a step whose rows have weights.

use candle_core::{D, Result as CandleResult, Tensor};
use candle_nn::ops::log_softmax;

/// Weights of the rows of a step.
pub(in crate::train) enum LossWeights {
    /// The same.
    Equal,
    /// Each its own.
    Rows(Vec<f32>),
    /// All the same, by which the loss is multiplied.
    Batch(f64),
}

impl LossWeights {
    pub fn loss(&self, logits: &Tensor, labels: &Tensor) -> CandleResult<Tensor> {
        let mean = || candle_nn::loss::cross_entropy(logits, labels);
        match self {
            Self::Equal => mean(),
            Self::Batch(weight) => mean()? * *weight,
            Self::Rows(weights) => {
                let sum: f32 = weights.iter().sum();
                let weights = Tensor::from_slice(weights, (weights.len(), 1), logits.device())?;
                let likelihoods = log_softmax(logits, D::Minus1)?.gather(&labels.unsqueeze(1)?, 1)?;
                (likelihoods * weights)?.sum_all()? * (-1.0 / f64::from(sum))
            }
        }
    }
}
