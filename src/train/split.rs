//! Random orders of rows that are the same everywhere and for good.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::sample::random::below;

/// The generator of everything random in training: ChaCha8 seeded by `seed_from_u64`.
pub(crate) fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Shuffles in place (Fisher-Yates from the end).
pub(crate) fn shuffle<T>(items: &mut [T], random: &mut ChaCha8Rng) {
    for i in (1..items.len()).rev() {
        items.swap(i, below(random, i as u64 + 1) as usize);
    }
}

/// The numbers `0..n` in the random order of a seed: ChaCha8 (`seed_from_u64`), Fisher-Yates from the
/// end, each index the high half of a 64-bit draw times the number of candidates.
pub fn permutation(n: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    shuffle(&mut order, &mut generator(seed));
    order
}

/// Row numbers of a training set and a test set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows to train on, in random order.
    pub train: Vec<usize>,
    /// The other rows, in random order.
    pub test: Vec<usize>,
}

impl Split {
    /// The first 80 % (rounded down) of [`permutation`] to train on, the rest to test on.
    pub fn new(rows: usize, seed: u64) -> Self {
        let mut train = permutation(rows, seed);
        let test = train.split_off((rows as u128 * 4 / 5) as usize);
        Self { train, test }
    }
}
