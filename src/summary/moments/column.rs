//! A column that moments are taken of.

/// Decimal exponents of exact columns at most.
pub const MAX_EXPONENT: u32 = 38;

/// A numeric column of one segment, one entry a row.
#[derive(Clone, Copy, Debug)]
pub enum MomentColumn<'a> {
    /// Integers and decimals: the values are `q / 10^exponent`.
    Exact {
        /// The integers.
        q: &'a [i64],
        /// At most 38, else the column counts as floating point.
        exponent: u32,
    },
    /// Other floating-point values.
    Float(&'a [f64]),
}

impl MomentColumn<'_> {
    /// Digits after the decimal point; 0 for floats.
    pub(crate) fn exponent(&self) -> u32 {
        match self {
            Self::Exact { exponent, .. } => *exponent,
            Self::Float(_) => 0,
        }
    }
}
