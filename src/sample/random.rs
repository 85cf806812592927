//! Random numbers that are the same on every machine and for good.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The stream of numbers of a place: ChaCha8 whose key is the four numbers, little-endian, so that no
/// two places share a stream and any of them is found without walking through others.
pub(crate) fn stream(seed: u64, epoch: u64, stratum: u64, cycle: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, number) in key.chunks_exact_mut(8).zip([seed, epoch, stratum, cycle]) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// A stream from its number `at` on, in numbers of 64 bits.
pub(crate) fn from(stream: &ChaCha8Rng, at: u64) -> ChaCha8Rng {
    let mut stream = stream.clone();
    stream.set_word_pos(2 * u128::from(at));
    stream
}

/// A number below `bound`: the high half of a 64-bit draw times the bound.
pub(crate) fn below(random: &mut ChaCha8Rng, bound: u64) -> u64 {
    scaled(random.next_u64(), bound)
}

/// A 64-bit number scaled down to one below `bound`.
pub(crate) fn scaled(number: u64, bound: u64) -> u64 {
    ((u128::from(number) * u128::from(bound)) >> 64) as u64
}

/// A number in [0, 1): the high 53 bits of a 64-bit draw.
pub(crate) fn unit(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}
