//! Means of columns that may be far from zero.

/// Weighted means of finite values, relative to the first one of each column: sums of values far from zero would lose
/// their differences.
pub(super) struct RunningMeans {
    /// Origin, weight, and sum relative to the origin.
    columns: Vec<(f64, f64, f64)>,
}

impl RunningMeans {
    pub fn new(columns: usize) -> Self {
        Self { columns: vec![(0.0, 0.0, 0.0); columns] }
    }

    /// Adds a row; values that are not finite are passed over.
    pub fn add(&mut self, row: &[f64], weight: f64) {
        for ((origin, total, sum), x) in self.columns.iter_mut().zip(row).filter(|(_, x)| x.is_finite()) {
            if *total == 0.0 {
                *origin = *x;
            }
            *total += weight;
            *sum += weight * (x - *origin);
        }
    }

    /// The means; NaN of a column without a finite value.
    pub fn finish(self) -> Vec<f64> {
        self.columns.into_iter().map(|(origin, total, sum)| origin + sum / total).collect()
    }
}
