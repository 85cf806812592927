//! The cosine table of the inverse DCT, in integers: the same on every machine.

/// Fractional bits of a table entry.
pub const TABLE_BITS: u32 = 14;

/// Fractional bits of the arithmetic that makes the table.
const FINE: u32 = 60;

/// pi in `FINE` fractional bits.
const PI: i128 = 3_622_009_729_038_561_421;

/// The orthonormal cosine table of a length.
pub struct Cosines {
    length: usize,
    /// The integer nearest to 2^14 sqrt(1 / N).
    constant: i32,
    /// The integers nearest to 2^14 sqrt(2 / N) cos(pi m / 2N), m from 0 to N.
    quarter: Vec<i32>,
}

impl Cosines {
    /// The table of `length`, at least 1.
    pub fn new(length: usize) -> Self {
        let n = length.max(1) as u128;
        let quarter = (0..=n).map(|m| rounded(entry(n, m))).collect();
        Self { length: n as usize, constant: rounded(norm(n, 1)), quarter }
    }

    /// Weight of coefficient `k` in value `i`, in `TABLE_BITS` fractional bits.
    pub fn weight(&self, k: usize, i: usize) -> i32 {
        if k == 0 {
            return self.constant;
        }
        // cos(pi m / 2N) has period 4N, is even, and turns its sign about m = N.
        let n = self.length;
        let m = (2 * i + 1) * k % (4 * n);
        let m = m.min(4 * n - m);
        let at = |m: usize| self.quarter[m];
        if m <= n { at(m) } else { -at(2 * n - m) }
    }
}

/// sqrt(factor / n) in `FINE` fractional bits.
fn norm(n: u128, factor: u128) -> i128 {
    ((factor << (2 * FINE)) / n).isqrt().cast_signed()
}

/// sqrt(2 / n) cos(pi m / 2n) in `FINE` fractional bits, m at most n.
fn entry(n: u128, m: u128) -> i128 {
    let x = PI * m.cast_signed() / (2 * n.cast_signed());
    let square = (x * x) >> FINE;
    let (mut sum, mut term) = (0, 1i128 << FINE);
    for j in 1..24 {
        sum += term;
        term = -((term * square) >> FINE) / ((2 * j - 1) * 2 * j);
    }
    (sum * norm(n, 2)) >> FINE
}

/// To `TABLE_BITS` fractional bits, to nearest. No entry is near a tie (see the tests).
fn rounded(fine: i128) -> i32 {
    let shift = FINE - TABLE_BITS;
    ((fine + (1 << (shift - 1))) >> shift) as i32
}

/// The table of a length as a matrix: coefficient by coefficient, what each adds to each value.
#[cfg(any(feature = "cuda", test))]
pub fn cosine_table(length: usize) -> Vec<i32> {
    let cosines = Cosines::new(length);
    (0..length).flat_map(|k| (0..length).map(move |i| (k, i))).map(|(k, i)| cosines.weight(k, i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far an entry is from a tie, in 2^-46 of a unit of the table.
    fn distance(fine: i128) -> i128 {
        let shift = FINE - TABLE_BITS;
        ((fine & ((1 << shift) - 1)) - (1 << (shift - 1))).abs()
    }

    #[test]
    fn entries_are_those_of_the_real_cosine() {
        for n in [1, 2, 3, 5, 7, 8, 28, 32, 64, 97, 224, 1000, 4096] {
            let cosines = Cosines::new(n);
            for k in [0, 1, 2, n / 3, n / 2, n - 1].into_iter().filter(|&k| k < n) {
                for i in [0, 1, n / 5, n / 2, n - 1].into_iter().filter(|&i| i < n) {
                    let angle = std::f64::consts::PI * ((2 * i + 1) * k) as f64 / (2 * n) as f64;
                    let norm = (if k == 0 { 1.0 } else { 2.0 } / n as f64).sqrt();
                    let real = (16384.0 * norm * angle.cos()).round();
                    assert_eq!(f64::from(cosines.weight(k, i)), real, "n {n}, k {k}, i {i}");
                }
            }
        }
    }

    #[test]
    fn no_entry_is_near_a_tie() {
        for n in 1..=256 {
            assert!((0..=n).all(|m| distance(entry(n, m)) > 1 << 10), "{n}");
            assert!(distance(norm(n, 1)) > 1 << 10, "{n}");
        }
    }

    #[test]
    #[ignore = "minutes: every length up to 4096"]
    fn no_entry_of_long_tables_is_near_a_tie() {
        for n in 257..=4096 {
            assert!((0..=n).all(|m| distance(entry(n, m)) > 1 << 10), "{n}");
            assert!(distance(norm(n, 1)) > 1 << 10, "{n}");
        }
    }
}
