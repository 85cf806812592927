//! Rows drawn in proportion to weights.

use rand_chacha::ChaCha8Rng;

use super::random::unit;
use crate::error::{Error, Result};

/// A weight a row, in a tree of sums: a row is drawn in O(log n) and taken out in O(log n), in 16 bytes
/// a row. One structure does for draws with and without replacement; every sum is rounded in one order,
/// so that draws are the same on every machine.
#[derive(Clone, Debug)]
pub struct Weights {
    /// `sums[1]` is the total; `sums[i]` is of `sums[2i]` and `sums[2i + 1]`; row r is `sums[n + r]`.
    sums: Vec<f64>,
    /// Rows of positive weight.
    positive: u64,
}

impl Weights {
    /// The weights of rows `0..weights.len()`: finite, none negative, one positive at least.
    ///
    /// # Errors
    /// `Argument` if they are not so, or their sum is not finite.
    pub fn new(weights: &[f64]) -> Result<Self> {
        if let Some(row) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            let weight = weights[row];
            return Err(Error::argument(format!(
                "row {row} has weight {weight}; weights are finite and at least 0"
            )));
        }
        let n = weights.len();
        let mut sums = vec![0.0; n];
        sums.extend_from_slice(weights);
        (1..n).rev().for_each(|i| sums[i] = sums[2 * i] + sums[2 * i + 1]);
        let positive = weights.iter().filter(|w| **w > 0.0).count() as u64;
        if positive == 0 || !sums.get(1).is_some_and(|total| total.is_finite()) {
            return Err(Error::argument("the sum of the weights must be positive and finite"));
        }
        Ok(Self { sums, positive })
    }

    /// Number of rows, n.
    pub fn rows(&self) -> u64 {
        self.sums.len() as u64 / 2
    }

    /// Rows of positive weight.
    pub fn positive(&self) -> u64 {
        self.positive
    }

    /// A row, drawn by the weights there are.
    pub(crate) fn draw(&self, random: &mut ChaCha8Rng) -> u64 {
        let n = self.sums.len() / 2;
        let mut node = 1;
        let mut left = unit(random) * self.sums[1];
        while node < n {
            node *= 2;
            // Rounding may leave a little too much; a row of no weight is never drawn all the same.
            if left >= self.sums[node] && self.sums[node + 1] > 0.0 {
                left -= self.sums[node];
                node += 1;
            }
        }
        (node - n) as u64
    }

    /// Draws `count` rows, at most as many as have a positive weight, one after the other and each once.
    /// Heavy rows come early.
    pub(crate) fn draw_out(&self, count: u64, random: &mut ChaCha8Rng) -> Vec<u64> {
        let mut rest = self.clone();
        (0..count)
            .map(|_| {
                let row = rest.draw(random);
                rest.take_out(row);
                row
            })
            .collect()
    }

    fn take_out(&mut self, row: u64) {
        let mut node = self.sums.len() / 2 + row as usize;
        self.sums[node] = 0.0;
        while node > 1 {
            node /= 2;
            self.sums[node] = self.sums[2 * node] + self.sums[2 * node + 1];
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sample::random::stream;

    #[test]
    fn rows_of_no_weight_are_never_drawn() {
        let weights: Vec<f64> = (0..37).map(|i| if i % 3 == 0 { 0.0 } else { 0.1 * f64::from(i) }).collect();
        let weights = Weights::new(&weights).unwrap();
        assert_eq!((weights.rows(), weights.positive()), (37, 24));
        let mut random = stream(1, 0, 0, 0);
        assert!((0..10_000).all(|_| weights.draw(&mut random) % 3 > 0));
        let mut all = weights.draw_out(24, &mut random);
        all.sort_unstable();
        assert!(all.into_iter().eq((0..37).filter(|r| r % 3 > 0)));
        assert_eq!(Weights::new(&[2.0]).unwrap().draw(&mut random), 0);
    }

    #[test]
    fn bad_weights_are_refused() {
        for bad in [&[][..], &[0.0, 0.0], &[1.0, f64::NAN], &[-1.0, 2.0], &[f64::INFINITY], &[f64::MAX; 2]] {
            assert!(Weights::new(bad).is_err(), "{bad:?}");
        }
    }
}
