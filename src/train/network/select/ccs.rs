//! Coverage-centric coreset selection (Zheng et al., 2023).

use super::stage::take;
use super::{Choice, Seen, Select, Stage, Weighing};
use crate::error::Result;
use crate::sample::Amount;

/// Strata that the scores' range is parted into, epochs that a network learns while rows are scored, and the share of the
/// hardest rows that is dropped by default.
const STRATA: usize = 50;
const EPOCHS: u64 = 10;
const HARDEST: f64 = 0.1;

/// Rows spread evenly over how hard they are, once for the whole run: the hardest are dropped, and the budget is shared by
/// 50 strata of the score, the emptiest first. A row scores the mean margin of its class's score above the highest other,
/// over ten epochs that the network learns from all rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ccs {
    /// Rows.
    pub amount: Amount,
    /// The share of all rows that is dropped as too hard.
    pub hardest: f64,
}

impl Ccs {
    /// A tenth of the rows is dropped.
    pub fn new(amount: Amount) -> Self {
        Self { amount, hardest: HARDEST }
    }
}

impl Select for Ccs {
    fn choose(&mut self, stage: &Stage) -> Result<Choice> {
        let count = stage.count(self.amount)?;
        let mut margins = vec![0.0; stage.images.rows() as usize];
        stage.rehearse(EPOCHS, &mut |seen| add_margins(seen, &mut margins), || Ok(()))?;
        let mut rows: Vec<(f32, u64)> = margins.into_iter().zip(0..).collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let kept = rows.len() - (self.hardest.clamp(0.0, 1.0) * rows.len() as f64) as usize;
        rows.truncate(kept.max(count));
        let random = &mut stage.random();
        let mut chosen = Vec::with_capacity(count);
        let mut strata = strata(&rows);
        strata.sort_by_key(Vec::len);
        let number = strata.len();
        for (at, mut stratum) in strata.into_iter().enumerate() {
            take(&mut stratum, (count - chosen.len()) / (number - at), random);
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

fn add_margins(seen: &Seen, margins: &mut [f32]) -> Result<()> {
    let (scores, classes) = seen.values()?;
    for ((&row, &label), scores) in seen.rows.iter().zip(seen.labels).zip(scores.chunks_exact(classes.max(1)))
    {
        let own = scores.get(label as usize).copied().unwrap_or(f32::NAN);
        let others = scores.iter().enumerate().filter(|(class, _)| *class != label as usize);
        let other = others.map(|(_, &score)| score).fold(f32::MIN, f32::max);
        margins[row as usize] += own - other;
    }
    Ok(())
}
