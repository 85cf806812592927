//! The state of a run when rows are selected, and of its steps.

use super::{Choice, Weighing};
use crate::error::{Error, Result};
use crate::sample::random::{below, stream};
use crate::sample::{Amount, Draw, Epochs, Images, Labels, State};
use crate::train::candle_error::candle;
use crate::train::network::models::Network;
use crate::train::network::run::{Run, StepTold, Told};
use crate::train::{Schedule, Training};
use rand_chacha::ChaCha8Rng;

/// Keeps the random numbers of selection apart from those of draws.
const STRATUM: u64 = u64::MAX;

/// A run as it stands before an epoch.
pub struct Stage<'a> {
    /// The epoch that comes.
    pub epoch: u64,
    /// How the network is trained.
    pub training: &'a Training,
    /// The network as it is.
    pub network: &'a dyn Network,
    /// All images that there are to choose from.
    pub images: &'a dyn Images,
    /// Their classes.
    pub labels: &'a dyn Labels,
}

debug_fields!(['a] Stage { epoch });

impl Stage<'_> {
    /// The random numbers of a selection at this epoch.
    pub(crate) fn random(&self) -> ChaCha8Rng {
        stream(self.training.seed, self.epoch, STRATUM, 0)
    }

    /// Those of a class, to select its rows beside other classes'.
    pub(crate) fn random_of(&self, class: u32) -> ChaCha8Rng {
        stream(self.training.seed, self.epoch, STRATUM, 1 + u64::from(class))
    }

    /// How many rows an amount is of all.
    pub(crate) fn count(&self, amount: Amount) -> Result<usize> {
        Ok(amount.of(&Draw::Uniform(self.images.rows()))? as usize)
    }

    /// Rows at random.
    pub(crate) fn at_random(&self, amount: Amount, epochs: u64) -> Result<Choice> {
        let mut rows: Vec<u64> = (0..self.images.rows()).collect();
        take(&mut rows, self.count(amount)?, &mut self.random());
        Choice::new(rows, Weighing::Equal, epochs)
    }

    /// Trains the network on all rows for some epochs, looks at it, and makes it what it was.
    pub(crate) fn rehearse<T>(
        &self,
        epochs: u64,
        saw: StepTold,
        then: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let variables: Vec<_> = self.network.variables().into_iter().chain(self.network.kept()).collect();
        let before = variables.iter().map(|(_, variable)| variable.as_detached_tensor().copy());
        let before = before.collect::<candle_core::Result<Vec<_>>>().map_err(candle)?;
        let training =
            Training { epochs, schedule: Schedule::Cosine, checkpoint: None, ..self.training.clone() };
        let mut run = Run::new(&training, self.network, self.images, self.labels)?;
        let rows = self.images.rows();
        let all = Epochs::new(Draw::Uniform(rows), Amount::Count(rows), State::new(training.seed))?;
        let mut told = Told { step: Some(saw), epoch: &mut |_, _| Ok(()) };
        run.over(all.until(epochs), None, &mut told)?;
        let found = then();
        for ((_, variable), before) in variables.iter().zip(before) {
            variable.set(&before).map_err(candle)?;
        }
        found
    }

    /// The error of a method that needs the last layer of a network that does not give it.
    pub(crate) fn untold() -> Error {
        Error::argument(
            "the network does not tell what its last layer is given (`Network::last_layer`), which this method needs",
        )
    }
}

/// Leaves `count` of the items, at random.
pub(crate) fn take<T>(items: &mut Vec<T>, count: usize, random: &mut ChaCha8Rng) {
    for at in 0..count.min(items.len()) {
        let other = at + below(random, (items.len() - at) as u64) as usize;
        items.swap(at, other);
    }
    items.truncate(count);
}
