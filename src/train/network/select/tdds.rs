//! TDDS (Zhang et al., 2024).

use std::collections::VecDeque;

use super::step_info::softmax;
use super::{Choice, Method, RowSource, Select, SelectionContext, StepInfo, Weighing};
use crate::error::{Error, Result};
use crate::sample::Amount;

/// Epochs of a window, and what the newest window counts in a score; those before it count the rest.
const WINDOW: usize = 10;
const NEWEST: f32 = 0.9;

/// The rows whose probabilities move the most unevenly while the network learns from all rows, once for the whole run:
/// between two epochs a row moves by d = sum |p' (ln p' - ln p)| over the classes, and in every window of ten it scores
/// the norm of d less its mean; later windows count more. The loss of a step is multiplied by the mean of its rows'
/// scores, which are 1 on the average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tdds {
    /// Rows.
    pub amount: Amount,
    /// Epochs of training on all rows, more than 10.
    pub epochs: u64,
}

impl Tdds {
    /// Trains the network for 20 epochs first.
    pub fn new(amount: Amount) -> Self {
        Self { amount, epochs: 20 }
    }
}

pub(super) const METHOD: Method = Method {
    name: "tdds",
    title: "TDDS",
    about: "Images whose probabilities move unevenly while a network learns",
    note: "once, after a network learnt from all images for 20 epochs",
    takes_share: true,
    source: RowSource::Selected(|amount| Box::new(Tdds::new(amount))),
};

impl Select for Tdds {
    fn choose(&mut self, context: &SelectionContext) -> Result<Choice> {
        if self.epochs <= WINDOW as u64 {
            return Err(Error::argument(format!(
                "TDDS needs more than {WINDOW} epochs, not {}",
                self.epochs
            )));
        }
        let mut moves = Moves::new(context.images.rows() as usize);
        context.rehearse(self.epochs, &mut |step| moves.on_step(step), || Ok(()))?;
        let scores = moves.scores();
        let mut rows: Vec<u64> = (0..scores.len() as u64).collect();
        let score = |row: u64| scores[row as usize];
        rows.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
        rows.truncate(context.count(self.amount)?);
        let mean = rows.iter().map(|&row| score(row)).sum::<f32>() / rows.len() as f32;
        // If no row moved, all rows have the same weight.
        let weight = |row: &u64| if mean > 0.0 { (score(*row) / mean).max(f32::MIN_POSITIVE) } else { 1.0 };
        let weights = rows.iter().map(weight).collect();
        Choice::new(rows, Weighing::Batches(weights), u64::MAX)
    }
}

/// How rows' probabilities move from epoch to epoch.
struct Moves {
    epoch: u64,
    /// Logarithms of the last probabilities `[n, C]`; none before the first epoch.
    last: Vec<f32>,
    /// Moves of the epoch under way.
    now: Vec<f32>,
    /// Those of the epochs before it, one less than a window's.
    before: VecDeque<Vec<f32>>,
    scores: Vec<f32>,
}

impl Moves {
    fn new(rows: usize) -> Self {
        let zeros = vec![0.0; rows];
        Self { epoch: 0, last: Vec::new(), now: zeros.clone(), before: VecDeque::new(), scores: zeros }
    }

    fn on_step(&mut self, step: &StepInfo) -> Result<()> {
        if step.epoch != self.epoch {
            self.turn();
            self.epoch = step.epoch;
        }
        let (mut logits, classes) = step.values()?;
        self.last.resize(self.now.len() * classes, 0.0);
        for (&row, logits) in step.rows.iter().zip(logits.chunks_exact_mut(classes.max(1))) {
            let raw = logits.to_vec();
            let log = softmax(logits);
            let last = &mut self.last[row as usize * classes..][..classes];
            let mut moved = 0.0;
            for ((last, p), raw) in last.iter_mut().zip(logits).zip(raw) {
                moved += (*p * (raw - log - *last)).abs();
                *last = raw - log;
            }
            self.now[row as usize] = moved;
        }
        Ok(())
    }

    /// Ends an epoch. The first has no predecessor to move from.
    fn turn(&mut self) {
        if self.epoch == 0 {
            return;
        }
        self.before.push_back(self.now.clone());
        if self.before.len() < WINDOW {
            return;
        }
        for (row, score) in self.scores.iter_mut().enumerate() {
            let window = || self.before.iter().map(|moves| moves[row]);
            let mean = window().sum::<f32>() / WINDOW as f32;
            let norm = window().map(|moved| (moved - mean).powi(2)).sum::<f32>().sqrt();
            *score = NEWEST * norm + (1.0 - NEWEST) * *score;
        }
        self.before.pop_front();
    }

    fn scores(mut self) -> Vec<f32> {
        self.turn();
        self.scores
    }
}
