//! Epoch after epoch, and where in it one is.

use super::{Amount, Draw, Epoch};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Where a run of epochs stands: three numbers, from which exactly the rows follow that would have
/// followed without a stop. How rows are drawn is not part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Seed of the draws: the same seed gives the same rows.
    pub seed: u64,
    /// The epoch one is in.
    pub epoch: u64,
    /// Rows of it that have been drawn.
    pub position: u64,
}

impl State {
    /// The start of the first epoch.
    pub fn new(seed: u64) -> Self {
        Self { seed, epoch: 0, position: 0 }
    }
}

/// Rows drawn epoch after epoch. Which rows depends on the draw, the length of an epoch and the seed, and on
/// nothing else: not on threads, batches or the machine.
///
/// ```
/// use gede::sample::{Amount, Draw, Epochs, State};
/// let epochs = Epochs::new(Draw::Uniform(60_000), Amount::Fraction(0.1), State::new(1))?;
/// let rows = epochs.epoch(3).iter().collect::<gede::Result<Vec<u64>>>()?;
/// assert_eq!(rows.len(), 6_000);
/// # Ok::<(), gede::Error>(())
/// ```
pub struct Epochs<'a> {
    draw: Draw<'a>,
    rows: u64,
    state: State,
    end: u64,
    /// The epoch that is being drawn from, once it is.
    current: Option<Epoch<'a>>,
}

debug_fields!(['a] Epochs { draw, rows, state, end });

impl<'a> Epochs<'a> {
    /// Epochs without end from a state on.
    ///
    /// # Errors
    /// `Argument` if there are no rows, if an epoch cannot be that long, or if it ends before the state's
    /// position.
    pub fn new(draw: Draw<'a>, amount: Amount, state: State) -> Result<Self> {
        let rows = amount.of(&draw)?;
        if state.position >= rows {
            let position = state.position;
            return Err(Error::argument(format!(
                "an epoch of {rows} rows cannot be resumed at position {position}"
            )));
        }
        Ok(Self { draw, rows, state, end: u64::MAX, current: None })
    }

    /// The same epochs, ending before epoch `end`.
    pub fn until(mut self, end: u64) -> Self {
        self.end = end;
        self
    }

    /// Rows of an epoch.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Where the next row comes from: `Epochs::new` goes on from there.
    pub fn state(&self) -> State {
        self.state
    }

    /// Rows that are left of the epoch one is in; 0 at the end of all.
    pub fn left(&self) -> u64 {
        if self.state.epoch < self.end { self.rows - self.state.position } else { 0 }
    }

    /// Any epoch, whatever the state.
    pub fn epoch(&self, number: u64) -> Epoch<'a> {
        Epoch::new(self.draw, self.rows, self.state.seed, number)
    }

    /// Replaces `out` by the next rows, at most so many and all of one epoch; by none at the end of all.
    ///
    /// # Errors
    /// As `Epoch::row`; the state is as it was.
    pub fn next_rows(&mut self, most: usize, out: &mut Vec<u64>) -> Result<()> {
        out.clear();
        let State { epoch: number, position, .. } = self.state;
        let count = self.left().min(most as u64);
        let epoch = match self.current.take().filter(|epoch| epoch.number() == number) {
            Some(epoch) => epoch,
            None if count == 0 => return Ok(()),
            None => self.epoch(number),
        };
        let epoch = self.current.insert(epoch);
        out.reserve(count as usize);
        for at in position..position + count {
            out.push(epoch.row(at)?);
        }
        self.state.position += count;
        if self.state.position == self.rows {
            self.skip();
        }
        Ok(())
    }

    /// Leaves the rest of the epoch out.
    pub fn skip(&mut self) {
        self.state = State { epoch: self.state.epoch.saturating_add(1), position: 0, ..self.state };
    }
}
