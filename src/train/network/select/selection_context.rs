//! The state of a run before an epoch, from which rows are selected.

use super::{Choice, OnStep, SelectionRandom, Weighing};
use crate::error::Result;
use crate::sample::{Amount, Draw, Epochs, Images, Labels, State};
use crate::train::candle_error::candle;
use crate::train::network::models::Network;
use crate::train::network::run::{Callbacks, TrainingRun};
use crate::train::network::schedule::Schedule;
use crate::train::network::train_config::TrainConfig;

/// A run before an epoch.
#[derive(Clone, Copy)]
pub struct SelectionContext<'a> {
    /// The next epoch.
    pub epoch: u64,
    /// Options of the run.
    pub config: &'a TrainConfig,
    /// The network after the epochs so far.
    pub network: &'a dyn Network,
    /// All images to select from.
    pub images: &'a dyn Images,
    /// Their classes.
    pub labels: &'a dyn Labels,
}

debug_fields!(['a] SelectionContext { epoch });

impl SelectionContext<'_> {
    /// The random numbers of a selection at this epoch.
    pub fn random(&self) -> SelectionRandom {
        SelectionRandom::new(self.config.seed, self.epoch, 0)
    }

    /// The random numbers of a class, which do not depend on the other classes.
    pub fn class_random(&self, class: u32) -> SelectionRandom {
        SelectionRandom::new(self.config.seed, self.epoch, 1 + u64::from(class))
    }

    /// The number of rows of an amount of all.
    ///
    /// # Errors
    /// `Argument` for an amount that is not between 1 row and all.
    pub fn count(&self, amount: Amount) -> Result<usize> {
        Ok(amount.of(&Draw::Uniform(self.images.rows()))? as usize)
    }

    /// A choice of random rows, for so many epochs.
    ///
    /// # Errors
    /// As [`count`](Self::count); `Argument` for no epochs.
    pub fn at_random(&self, amount: Amount, epochs: u64) -> Result<Choice> {
        let mut rows: Vec<u64> = (0..self.images.rows()).collect();
        self.random().keep(&mut rows, self.count(amount)?);
        Choice::new(rows, Weighing::Equal, epochs)
    }

    /// Trains the network on all rows for some epochs, calls `then`, and restores the network.
    ///
    /// # Errors
    /// Errors of reading, computing and both callbacks.
    pub fn rehearse<T>(&self, epochs: u64, on_step: OnStep, then: impl FnOnce() -> Result<T>) -> Result<T> {
        let all: Vec<_> = self.network.parameters().into_iter().chain(self.network.buffers()).collect();
        let before = all.iter().map(|(_, variable)| variable.as_detached_tensor().copy());
        let before = before.collect::<candle_core::Result<Vec<_>>>().map_err(candle)?;
        let config =
            TrainConfig { epochs, schedule: Schedule::Cosine, checkpoint: None, ..self.config.clone() };
        let mut run = TrainingRun::new(&config, self.network, self.images, self.labels)?;
        let rows = self.images.rows();
        let draw = Epochs::new(Draw::Uniform(rows), Amount::Count(rows), State::new(config.seed))?;
        let mut callbacks = Callbacks { step: Some(on_step), epoch: &mut |_, _| Ok(()) };
        let found = run.over(draw.until(epochs), None, &mut callbacks).and_then(|_| then());
        // Also after an error: the caller may go on with the network.
        for ((_, variable), before) in all.iter().zip(before) {
            variable.set(&before).map_err(candle)?;
        }
        found
    }
}
