//! Random numbers of selections.

use rand_chacha::ChaCha8Rng;

use crate::sample::random::{below, stream, unit};

/// Keeps the random numbers of selections apart from those of draws.
const STRATUM: u64 = u64::MAX;

/// Random numbers of a selection: the same on every machine for a seed, an epoch and a class.
#[derive(Clone, Debug)]
pub struct SelectionRandom(ChaCha8Rng);

impl SelectionRandom {
    /// Stream 0 is of all classes together; class c has stream 1 + c, so that classes may be worked on in parallel.
    pub(super) fn new(seed: u64, epoch: u64, stream_number: u64) -> Self {
        Self(stream(seed, epoch, STRATUM, stream_number))
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        below(&mut self.0, bound)
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        unit(&mut self.0)
    }

    /// Keeps `count` of the items at random; all if there are no more.
    pub fn keep<T>(&mut self, items: &mut Vec<T>, count: usize) {
        for at in 0..count.min(items.len()) {
            let other = at + self.below((items.len() - at) as u64) as usize;
            items.swap(at, other);
        }
        items.truncate(count);
    }
}
