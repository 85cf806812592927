//! Frames: runs of rows that share a minimum, along a line. The part of a lane's fields that the order of rows predicts
//! is subtracted; bins and code groups code the rest.

use crate::codec::grouped::bins::Bins;

/// Rows of a mini-block: 2^3. Frames are whole mini-blocks; one is the frame of lanes that have none.
pub const MINI_BLOCK_SHIFT: u32 = 3;

/// The frames that are tried, as shifts.
pub const SHIFTS: [u32; 4] = [4, 5, 6, 7];

/// Wider fields have no frames: what is computed with them would not fit 64 bits.
pub const MAX_FRAMED_WIDTH: u8 = 56;

/// Rows that a trial looks at.
const SAMPLE: usize = 4096;

/// Growth of a lane's fields from one row to the next, in units of 2^-16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slope(pub i64);

impl Slope {
    /// Slopes worth trying: none, that from the first to the last field, and the median from a field to the next.
    pub fn candidates(fields: &[u64]) -> Vec<Self> {
        let mut found = vec![Self::default()];
        let (Some(&first), Some(&last)) = (fields.first(), fields.last()) else { return found };
        let steps = fields.len() as i128 - 1;
        if steps == 0 {
            return found;
        }
        let mean = ((i128::from(last) - i128::from(first)) << 16) / steps;
        let step = fields.len().div_ceil(SAMPLE).max(1);
        let pairs = fields.windows(2).step_by(step);
        let mut distances: Vec<i128> = pairs.map(|w| i128::from(w[1]) - i128::from(w[0])).collect();
        distances.sort_unstable();
        let median = distances.get(distances.len() / 2).map_or(0, |d| d << 16);
        for slope in [mean, median] {
            let slope = Self(slope.clamp(-(1 << 55), 1 << 55) as i64);
            if !found.contains(&slope) {
                found.push(slope);
            }
        }
        found
    }

    /// Height of row `j` of a frame, less than 2^7, above its row 0.
    #[inline(always)]
    pub fn at(self, j: usize) -> u64 {
        (self.0.wrapping_mul(j as i64) >> 16) as u64
    }
}

/// A lane's fields less their frames' prediction: `field = minimum of its frame + slope.at(j) + rest`, modulo 2^64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Framed {
    /// One a frame.
    pub minima: Vec<u64>,
    /// One a row.
    pub rests: Vec<u64>,
}

impl Framed {
    /// Takes frames of 2^shift rows off fields of at most `MAX_FRAMED_WIDTH` bits.
    pub fn new(fields: &[u64], shift: u32, slope: Slope) -> Self {
        let mut framed = Self { minima: Vec::new(), rests: Vec::with_capacity(fields.len()) };
        fields.chunks(1 << shift).for_each(|frame| framed.push(frame, slope));
        framed
    }

    fn push(&mut self, frame: &[u64], slope: Slope) {
        let distance = |(j, &field): (usize, &u64)| field.wrapping_sub(slope.at(j)) as i64;
        let least = frame.iter().enumerate().map(distance).fold(i64::MAX, i64::min);
        self.minima.push(least as u64);
        let rests = frame.iter().enumerate().map(|field| distance(field).wrapping_sub(least) as u64);
        self.rests.extend(rests);
    }

    /// The slope with which a lane of `width` bits takes the fewest bits in frames of 2^shift rows, and these bits,
    /// from some of the frames.
    pub fn trial(fields: &[u64], width: u8, shift: u32, slopes: &[Slope], most: usize) -> (u64, Slope) {
        let frames = fields.len().div_ceil(1 << shift);
        let step = frames.div_ceil(SAMPLE >> shift).max(1);
        let rows = fields.len() as u64;
        let minima = frames as u64 * u64::from(width);
        let bits = |&slope: &Slope| {
            let mut framed = Self::default();
            fields.chunks(1 << shift).step_by(step).for_each(|frame| framed.push(frame, slope));
            (minima + Bins::estimate(&framed.rests, rows, u64::from(width) + 7, most), slope)
        };
        slopes.iter().map(bits).min_by_key(|(bits, _)| *bits).unwrap_or((u64::MAX, Slope::default()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_come_back(
            fields in proptest::collection::vec(any::<u64>().prop_map(|v| v >> 8 >> (v % 50)), 1..400),
            shift in MINI_BLOCK_SHIFT..8,
            slope in -(1i64 << 55)..1 << 55,
        ) {
            let slopes = Slope::candidates(&fields);
            for slope in slopes.into_iter().chain([Slope(slope)]) {
                let framed = Framed::new(&fields, shift, slope);
                for (row, (&field, &rest)) in fields.iter().zip(&framed.rests).enumerate() {
                    let minimum = framed.minima[row >> shift];
                    prop_assert_eq!(minimum.wrapping_add(slope.at(row % (1 << shift))).wrapping_add(rest), field);
                }
            }
        }
    }

    #[test]
    fn lines_and_walks_take_few_bits() {
        let line: Vec<u64> = (0..5000).map(|i| 1_000_000 + 10_007 * i + i * i % 5).collect();
        let (bits, slope) = Framed::trial(&line, 26, 7, &Slope::candidates(&line), 16);
        assert!(bits < 5000 * 4 && slope.0 >> 16 == 10_007, "{bits} bits, {slope:?}");
    }
}
