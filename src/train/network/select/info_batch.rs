//! InfoBatch (Qin et al., 2024).

use super::seen::softmax;
use super::{Choice, Seen, Select, Stage, Weighing};
use crate::error::Result;
use crate::sample::random::unit;

/// The chance that a row with a small loss is left out of an epoch, and the share of the epochs after which none is.
const LEFT_OUT: f64 = 0.5;
const UNTIL: f64 = 0.875;

/// In every epoch all rows whose last loss is above the mean, and half of the others, at random, with twice the weight;
/// in the last eighth of the epochs all rows. There is no amount to set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InfoBatch {
    /// The last loss of every row; NaN before its first.
    losses: Vec<f32>,
}

impl InfoBatch {
    /// Before the first epoch.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Select for InfoBatch {
    fn choose(&mut self, stage: &Stage) -> Result<Choice> {
        let rows = stage.images.rows();
        self.losses.resize(rows as usize, f32::NAN);
        let until = (UNTIL * stage.training.epochs as f64).floor() as u64;
        if stage.epoch >= until {
            return Choice::new((0..rows).collect(), Weighing::Equal, u64::MAX);
        }
        let known = || self.losses.iter().filter(|loss| loss.is_finite()).map(|&loss| f64::from(loss));
        let mean = known().sum::<f64>() / known().count().max(1) as f64;
        let random = &mut stage.random();
        let kept = (0..rows).zip(&self.losses).filter_map(|(row, &loss)| match f64::from(loss) < mean {
            true if unit(random) < LEFT_OUT => None,
            true => Some((row, (1.0 / (1.0 - LEFT_OUT)) as f32)),
            false => Some((row, 1.0)),
        });
        let (rows, weights) = kept.unzip();
        Choice::new(rows, Weighing::Rows(weights), 1)
    }

    fn saw(&mut self, seen: &Seen) -> Result<()> {
        let (mut scores, classes) = seen.values()?;
        let each = seen.rows.iter().zip(seen.labels).zip(scores.chunks_exact_mut(classes.max(1)));
        for ((&row, &label), scores) in each {
            let own = scores.get(label as usize).copied().unwrap_or(f32::NAN);
            let loss = softmax(scores) - own;
            self.losses[row as usize] = loss;
        }
        Ok(())
    }
}
