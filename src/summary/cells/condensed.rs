//! Condensed samples: the means of cells, and how many rows each stands for.

/// Some condensed samples: `m` of them with `d` features, in the order of their cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condensed {
    /// Features `d`.
    pub features: usize,
    /// Means of the features' finite values, `m x d` row by row; NaN where a cell has none.
    pub means: Vec<f64>,
    /// Means of the target if it is a value, one a sample; NaN where a cell has no finite one.
    pub target: Option<Vec<f64>>,
    /// Rows of each cell, `m x max(1, classes)` row by row.
    pub weights: Vec<u64>,
    /// Classes if the target is a class, else 0.
    pub classes: usize,
}

impl Condensed {
    /// Number of samples, `m`.
    pub fn len(&self) -> usize {
        self.weights.len() / self.classes.max(1)
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }
}

/// Rounds to 24 significant bits, ties to even; NaN and the infinities stay. Means are rounded so that
/// they take half the room; their error stays far below that of condensing.
pub fn round24(x: f64) -> f64 {
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    if !x.is_finite() {
        return x;
    }
    let bits = x.to_bits();
    let magnitude = bits & !(1 << 63);
    let significant =
        if magnitude >> MANTISSA == 0 { u64::BITS - magnitude.leading_zeros() } else { MANTISSA + 1 };
    let drop = significant.saturating_sub(24);
    if drop == 0 {
        return x;
    }
    let half_even = (1 << (drop - 1)) - 1 + (bits >> drop & 1);
    f64::from_bits((bits + half_even) >> drop << drop)
}
