//! The rows that a method selects, and their weights.

use crate::error::{Error, Result};
use crate::train::network::loss_weights::LossWeights;

/// Weights of the chosen rows in the loss of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Weighing {
    /// Equal weights.
    Equal,
    /// A weight w > 0 each, in the order of the rows: the loss of a step is sum w l / sum w.
    Rows(Vec<f32>),
    /// A weight each, in the order of the rows: the loss of a step is its mean times the mean of their weights.
    Batches(Vec<f32>),
}

/// The rows that a method has chosen, and the epochs that are trained on them.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Ascending.
    rows: Vec<u64>,
    weighing: Weighing,
    epochs: u64,
}

impl Choice {
    /// These rows, in any order, for so many epochs.
    ///
    /// # Errors
    /// `Argument` for no rows or epochs, for a row that is there twice, and for weights that are not positive numbers, one
    /// a row.
    pub fn new(rows: Vec<u64>, weighing: Weighing, epochs: u64) -> Result<Self> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&at| rows[at]);
        let sorted = |weights: Vec<f32>| -> Result<Vec<f32>> {
            if weights.len() != rows.len() || !weights.iter().all(|w| w.is_finite() && *w > 0.0) {
                return Err(Error::argument("selected rows need a positive weight each"));
            }
            Ok(order.iter().map(|&at| weights[at]).collect())
        };
        let weighing = match weighing {
            Weighing::Equal => Weighing::Equal,
            Weighing::Rows(weights) => Weighing::Rows(sorted(weights)?),
            Weighing::Batches(weights) => Weighing::Batches(sorted(weights)?),
        };
        let rows: Vec<u64> = order.iter().map(|&at| rows[at]).collect();
        if let Some(pair) = rows.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::argument(format!("row {} is selected twice", pair[0])));
        }
        if rows.is_empty() || epochs == 0 {
            return Err(Error::argument("a selection has at least one row and one epoch"));
        }
        Ok(Self { rows, weighing, epochs })
    }

    /// The rows, ascending.
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }

    /// Their weights, in the order of the rows.
    pub fn weighing(&self) -> &Weighing {
        &self.weighing
    }

    /// Epochs that are trained on them.
    pub fn epochs(&self) -> u64 {
        self.epochs
    }

    /// Weights of the rows of a step.
    ///
    /// # Errors
    /// `Argument` for a row that is not of the choice.
    pub(in crate::train) fn weights(&self, step: &[u64]) -> Result<LossWeights> {
        let of_step = |weights: &[f32]| -> Result<Vec<f32>> {
            let at = step.iter().map(|row| self.rows.binary_search(row));
            at.map(|at| at.map(|at| weights[at]).map_err(|_| Error::argument("a row that is not selected")))
                .collect()
        };
        Ok(match &self.weighing {
            Weighing::Equal => LossWeights::Equal,
            Weighing::Rows(weights) => LossWeights::Rows(of_step(weights)?),
            Weighing::Batches(weights) => {
                let sum: f32 = of_step(weights)?.iter().sum();
                LossWeights::Batch(f64::from(sum) / step.len().max(1) as f64)
            }
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn weights_stay_with_their_rows() {
        let choice = Choice::new(vec![7, 2, 5], Weighing::Rows(vec![0.7, 0.2, 0.5]), 1).unwrap();
        assert_eq!(
            (choice.rows(), choice.weighing()),
            (&[2, 5, 7][..], &Weighing::Rows(vec![0.2, 0.5, 0.7]))
        );
        assert!(matches!(choice.weights(&[5, 7, 5]).unwrap(), LossWeights::Rows(w) if w == [0.5, 0.7, 0.5]));
        let choice = Choice::new(vec![1, 0], Weighing::Batches(vec![1.0, 3.0]), 1).unwrap();
        assert!(matches!(choice.weights(&[0, 1]).unwrap(), LossWeights::Batch(w) if w == 2.0));
        assert!(choice.weights(&[2]).is_err());
    }

    #[test]
    fn invalid_choices_are_refused() {
        let choose = |rows: &[u64], weights: &[f32], epochs| {
            Choice::new(rows.to_vec(), Weighing::Rows(weights.to_vec()), epochs).is_ok()
        };
        assert!(choose(&[1, 2], &[1.0, 1.0], 1));
        assert!(!choose(&[1, 1], &[1.0, 1.0], 1) && !choose(&[], &[], 1) && !choose(&[1], &[1.0], 0));
        assert!(!choose(&[1], &[0.0], 1) && !choose(&[1], &[f32::NAN], 1) && !choose(&[1], &[], 1));
    }
}
