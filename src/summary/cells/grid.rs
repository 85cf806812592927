//! The linear grid that cells are cut on.

use crate::summary::features::Range;

/// Key of the greatest finite value.
const TOP: u64 = u32::MAX as u64;

/// Bits of a key: 32 of the grid, and one for null, NaN and the infinities.
pub const KEY_BITS: u8 = 33;

/// The extent of a feature over the file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Feature {
    /// Least finite value; 0 if there is none.
    pub lo: f64,
    /// Greatest finite value; 0 if there is none.
    pub hi: f64,
}

/// The grid: every feature's extent cut into 2^32 - 1 equal steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// The features, in the order of the columns.
    pub features: Vec<Feature>,
}

impl Grid {
    /// The grid of these ranges, one a feature.
    pub fn from_ranges(ranges: &[Range]) -> Self {
        Self { features: ranges.iter().map(Feature::from_range).collect() }
    }
}

impl Feature {
    /// The extent of what occurs; a zero limit loses its sign, which depends on the order of rows.
    fn from_range(range: &Range) -> Self {
        if range.lo <= range.hi { Self { lo: range.lo + 0.0, hi: range.hi + 0.0 } } else { Self::default() }
    }

    /// Key of a value: `floor((x - lo) / (hi - lo) * (2^32 - 1))` if it is finite (0 if `hi = lo` or
    /// where the quotient overflows, at most 2^32 - 1), 2^32 for null, then NaN, infinity, minus infinity.
    pub fn key(&self, x: Option<f64>) -> u64 {
        match x {
            // The cast takes NaN (0 / 0) to 0 and stays within 32 bits.
            Some(x) if x.is_finite() && self.lo < self.hi => {
                u64::from(((x - self.lo) / (self.hi - self.lo) * TOP as f64) as u32)
            }
            Some(x) if x.is_finite() => 0,
            None => TOP + 1,
            Some(x) if x.is_nan() => TOP + 2,
            Some(x) => TOP + 3 + u64::from(x < 0.0),
        }
    }
}
