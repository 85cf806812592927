//! The numeric columns that cells are cut by and condensed samples average.

/// A numeric column of one segment: its values as f64, and 1 where a row has one and 0 where it is
/// null (none if no row is null). Both have one entry a row.
#[derive(Clone, Copy, Debug)]
pub struct FeatureColumn<'a> {
    /// One a row; anything where the row is null.
    pub values: &'a [f64],
    /// 1 valid, 0 null.
    pub valid: Option<&'a [u8]>,
}

impl FeatureColumn<'_> {
    /// The value of every row, none where it is null.
    pub fn iter(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        let valid = self.valid.unwrap_or_default();
        let value = |(row, &value)| (valid.get(row) != Some(&0)).then_some(value);
        self.values.iter().enumerate().map(value)
    }

    /// The value of a row, none where it is null or there is no such row.
    pub fn get(&self, row: usize) -> Option<f64> {
        let null = self.valid.is_some_and(|valid| valid.get(row) == Some(&0));
        self.values.get(row).copied().filter(|_| !null)
    }
}

/// Values that occur in one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least finite value, infinity if there is none.
    pub lo: f64,
    /// The greatest finite value, minus infinity if there is none.
    pub hi: f64,
    /// A null, a NaN or an infinity occurs.
    pub specials: bool,
}

impl Range {
    /// Nothing seen yet.
    pub const EMPTY: Self = Self { lo: f64::INFINITY, hi: f64::NEG_INFINITY, specials: false };

    /// Takes in a segment of the feature.
    pub fn add(&mut self, column: &FeatureColumn) {
        for value in column.iter() {
            match value {
                Some(x) if x.is_finite() => {
                    self.lo = self.lo.min(x);
                    self.hi = self.hi.max(x);
                }
                _ => self.specials = true,
            }
        }
    }

    /// Takes in what another part of the feature holds; the order does not matter.
    #[cfg(test)]
    pub fn merge(&mut self, other: &Self) {
        self.lo = self.lo.min(other.lo);
        self.hi = self.hi.max(other.hi);
        self.specials |= other.specials;
    }
}
