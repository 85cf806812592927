//! Coverage-centric coreset selection (Zheng et al., 2023).

use super::step_info::class_index;
use super::{Choice, Method, RowSource, Select, SelectionContext, StepInfo, Weighing};
use crate::error::Result;
use crate::sample::Amount;

/// Strata of the scores' range, epochs in which rows are scored, and the share of the hardest rows that is dropped by
/// default.
const STRATA: usize = 50;
const EPOCHS: u64 = 10;
const HARDEST: f64 = 0.1;

/// Rows spread evenly over their difficulty, selected once for the whole run: the hardest are dropped, and the budget is
/// shared by 50 strata of the score, the emptiest first. A row's score is the mean margin of its class's logit above the
/// highest other, over ten epochs in which the network learns from all rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ccs {
    /// Rows.
    pub amount: Amount,
    /// The share of all rows that is dropped as too hard.
    pub hardest: f64,
}

impl Ccs {
    /// Drops a tenth of the rows.
    pub fn new(amount: Amount) -> Self {
        Self { amount, hardest: HARDEST }
    }
}

pub(super) const METHOD: Method = Method {
    name: "ccs",
    title: "CCS",
    about: "Images spread evenly over their difficulty",
    note: "once, after a network learnt from all images for 10 epochs",
    takes_share: true,
    source: RowSource::Selected(|amount| Box::new(Ccs::new(amount))),
};

impl Select for Ccs {
    fn choose(&mut self, context: &SelectionContext) -> Result<Choice> {
        let count = context.count(self.amount)?;
        let mut margins = vec![0.0; context.images.rows() as usize];
        context.rehearse(EPOCHS, &mut |step| add_margins(step, &mut margins), || Ok(()))?;
        let mut rows: Vec<(f32, u64)> = margins.into_iter().zip(0..).collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let kept = rows.len() - (self.hardest.clamp(0.0, 1.0) * rows.len() as f64) as usize;
        rows.truncate(kept.max(count));
        let random = &mut context.random();
        let mut chosen = Vec::with_capacity(count);
        let mut strata = strata(&rows);
        strata.sort_by_key(Vec::len);
        let number = strata.len();
        for (at, mut stratum) in strata.into_iter().enumerate() {
            random.keep(&mut stratum, (count - chosen.len()) / (number - at));
            chosen.extend(stratum);
        }
        Choice::new(chosen, Weighing::Equal, u64::MAX)
    }
}

/// Rows by their score, in ranges of the same width; only those that have any.
fn strata(rows: &[(f32, u64)]) -> Vec<Vec<u64>> {
    let (most, least) = (rows.first().map_or(0.0, |r| r.0), rows.last().map_or(0.0, |r| r.0));
    let width = ((most - least) / STRATA as f32).max(f32::MIN_POSITIVE);
    let mut strata = vec![Vec::new(); STRATA];
    for &(score, row) in rows {
        let at = (((score - least) / width) as usize).min(STRATA - 1);
        strata[at].push(row);
    }
    strata.retain(|stratum| !stratum.is_empty());
    strata
}

fn add_margins(step: &StepInfo, margins: &mut [f32]) -> Result<()> {
    let (logits, classes) = step.values()?;
    let each = step.rows.iter().zip(step.labels).zip(logits.chunks_exact(classes.max(1)));
    for ((&row, &label), logits) in each {
        let own = class_index(label, logits)?;
        let others = logits.iter().enumerate().filter(|(class, _)| *class != own);
        let other = others.map(|(_, &logit)| logit).fold(f32::MIN, f32::max);
        margins[row as usize] += logits[own] - other;
    }
    Ok(())
}
