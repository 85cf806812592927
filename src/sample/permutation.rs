//! Random permutations in constant memory.

use super::random::scaled;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Two rounds each. Telling a Feistel network of r rounds from a random permutation takes about
/// h^(r - 4) steps, where h is the size of a half; sixteen are out of reach for any h worth the name.
const ROUND_PAIRS: usize = 8;

/// A pseudo-random permutation of `0..n`, place by place: a Feistel network over a rectangle of at
/// least n places, walked on from places beyond n.
///
/// Place x is in line x / width at column x % width; a round adds to the line a random number that
/// depends on the column, the next one adds to the column by the line.
#[derive(Clone, Debug)]
pub(crate) struct Permutation {
    n: u64,
    lines: u64,
    width: u64,
    keys: [[u64; 2]; ROUND_PAIRS],
}

impl Permutation {
    /// The permutation of `0..n`, n at least 1 and at most 2^62, that a stream begins with.
    pub fn new(n: u64, random: &mut ChaCha8Rng) -> Self {
        // An even number of lines: odd ones only would leave out half of all permutations of a square.
        let root = n.isqrt();
        let lines = (root + u64::from(root * root < n)).next_multiple_of(2).max(2);
        let keys = std::array::from_fn(|_| [random.next_u64(), random.next_u64()]);
        Self { n, lines, width: n.div_ceil(lines).max(1), keys }
    }

    /// Where `at`, which is less than n, goes.
    pub fn place(&self, at: u64) -> u64 {
        let mut at = at;
        loop {
            at = self.round_trip(at);
            if at < self.n {
                return at;
            }
        }
    }

    /// All rounds once; the rectangle is less than `lines` larger than n, so that once is mostly enough.
    fn round_trip(&self, at: u64) -> u64 {
        let (mut line, mut column) = (at / self.width, at % self.width);
        for [first, second] in self.keys {
            line = add(line, scaled(mix(column ^ first), self.lines), self.lines);
            column = add(column, scaled(mix(line ^ second), self.width), self.width);
        }
        line * self.width + column
    }
}

/// The sum of two numbers below `modulus`, modulo it.
fn add(a: u64, b: u64, modulus: u64) -> u64 {
    let sum = a + b;
    if sum < modulus { sum } else { sum - modulus }
}

/// A bijection that spreads every bit over all of them (the finaliser of splitmix64).
fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sample::random::stream;
    use std::collections::HashMap;

    fn permutation(n: u64, seed: u64) -> Permutation {
        Permutation::new(n, &mut stream(seed, 0, 0, 0))
    }

    #[test]
    fn every_place_is_taken_once() {
        for n in (1..200).chain([255, 256, 257, 10_000, 65_536, 99_991]) {
            let p = permutation(n, n);
            let mut seen = vec![false; n as usize];
            (0..n).for_each(|at| assert!(!std::mem::replace(&mut seen[p.place(at) as usize], true)));
        }
        let large = permutation(1 << 62, 7);
        assert!((0..1000).map(|at| large.place((1 << 62) - 1 - at)).all(|x| x < 1 << 62));
    }

    /// Sum of (found - expected)^2 / expected.
    fn chi_square(counts: impl IntoIterator<Item = u32>, expected: f64) -> f64 {
        counts.into_iter().map(|c| (f64::from(c) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn all_orders_of_a_few_are_equally_likely() {
        for (n, orders) in [(2, 2), (3, 6), (4, 24), (5, 120), (6, 720)] {
            let mut counts = HashMap::new();
            for seed in 0..orders * 100 {
                let p = permutation(n, seed);
                *counts.entry((0..n).map(|at| p.place(at)).collect::<Vec<_>>()).or_insert(0) += 1;
            }
            assert_eq!(counts.len() as u64, orders);
            let freedom = (orders - 1) as f64;
            let bound = freedom + 4.0 * (2.0 * freedom).sqrt() + 6.0;
            let found = chi_square(counts.into_values(), 100.0);
            assert!(found < bound, "{n}: {found} > {bound}");
        }
    }

    #[test]
    fn places_and_distances_are_uniform() {
        // Over many keys: where a place goes, and how far apart neighbours come to lie.
        let (n, keys) = (97, 20_000);
        let (mut first, mut apart) = (vec![0u32; n as usize], vec![0u32; n as usize]);
        for seed in 0..keys {
            let p = permutation(n, seed);
            first[p.place(50) as usize] += 1;
            apart[((p.place(51) + n - p.place(50)) % n) as usize] += 1;
        }
        assert_eq!(apart.remove(0), 0);
        for (counts, freedom) in [(first, 96.0), (apart, 95.0)] {
            let found = chi_square(counts, keys as f64 / (freedom + 1.0));
            assert!(found < freedom + 4.0 * f64::sqrt(2.0 * freedom), "{found}");
        }
    }
}
