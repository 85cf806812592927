//! InfoBatch (Qin et al., 2024).

use super::step_info::{class_index, softmax};
use super::{Choice, Method, RowSource, Select, SelectionContext, StepInfo, Weighing};
use crate::error::Result;

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

pub(super) const METHOD: Method = Method {
    name: "info-batch",
    title: "InfoBatch",
    about: "All images but half of those with a small loss",
    note: "again every epoch",
    takes_share: false,
    source: RowSource::Selected(|_| Box::new(InfoBatch::new())),
};

impl Select for InfoBatch {
    fn choose(&mut self, context: &SelectionContext) -> Result<Choice> {
        let rows = context.images.rows();
        self.losses.resize(rows as usize, f32::NAN);
        let until = (UNTIL * context.config.epochs as f64).floor() as u64;
        if context.epoch >= until {
            return Choice::new((0..rows).collect(), Weighing::Equal, u64::MAX);
        }
        let known = || self.losses.iter().filter(|loss| loss.is_finite()).map(|&loss| f64::from(loss));
        let mean = known().sum::<f64>() / known().count().max(1) as f64;
        let random = &mut context.random();
        let kept = (0..rows).zip(&self.losses).filter_map(|(row, &loss)| match f64::from(loss) < mean {
            true if random.unit() < LEFT_OUT => None,
            true => Some((row, (1.0 / (1.0 - LEFT_OUT)) as f32)),
            false => Some((row, 1.0)),
        });
        let (rows, weights) = kept.unzip();
        Choice::new(rows, Weighing::Rows(weights), 1)
    }

    fn on_step(&mut self, step: &StepInfo) -> Result<()> {
        let (mut logits, classes) = step.values()?;
        let each = step.rows.iter().zip(step.labels).zip(logits.chunks_exact_mut(classes.max(1)));
        for ((&row, &label), logits) in each {
            let own = logits[class_index(label, logits)?];
            let loss = softmax(logits) - own;
            self.losses[row as usize] = loss;
        }
        Ok(())
    }
}
