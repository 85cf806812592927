//! A few rows of a file, to choose cell bits by.

use crate::summary::features::FeatureColumn;

/// Rows kept at most.
const ROWS: usize = 65_536;
/// Bytes kept at most.
const BYTES: usize = 16 << 20;

/// Every row whose number is a multiple of the stride: the least power of two with which they fit
/// 65,536 rows and 16 MiB. All rows of a small file; the same rows in whatever order segments come.
#[derive(Clone, Debug)]
pub struct Sample {
    features: usize,
    capacity: usize,
    stride: u64,
    rows: Vec<u64>,
    values: Vec<Option<f64>>,
}

impl Sample {
    /// No rows yet, of so many features.
    pub fn new(features: usize) -> Self {
        let row = features.max(1) * size_of::<Option<f64>>();
        let capacity = (BYTES / row).clamp(1, ROWS);
        Self { features, capacity, stride: 1, rows: Vec::new(), values: Vec::new() }
    }

    /// Takes in a segment of `rows` rows that begins with row `first` of the file: one column a feature.
    pub fn add(&mut self, first: u64, rows: usize, columns: &[FeatureColumn]) {
        debug_assert_eq!(columns.len(), self.features);
        let mut row = first.next_multiple_of(self.stride);
        while row < first + rows as u64 {
            let at = (row - first) as usize;
            self.rows.push(row);
            self.values.extend(columns.iter().map(|column| column.get(at)));
            if self.rows.len() > self.capacity {
                self.thin();
            }
            row = (row + 1).next_multiple_of(self.stride);
        }
    }

    /// Doubles the stride and drops the rows that are off it.
    fn thin(&mut self) {
        self.stride *= 2;
        let mut kept = 0;
        for at in 0..self.rows.len() {
            if self.rows[at].is_multiple_of(self.stride) {
                self.rows[kept] = self.rows[at];
                let (from, to) = (at * self.features, kept * self.features);
                self.values.copy_within(from..from + self.features, to);
                kept += 1;
            }
        }
        self.rows.truncate(kept);
        self.values.truncate(kept * self.features);
    }

    /// Keeps some of the features, in the order given (each below the number of features).
    pub fn keep(&mut self, features: &[usize]) {
        let rows = self.values.chunks_exact(self.features.max(1));
        self.values = rows.flat_map(|row| features.iter().map(|&feature| row[feature])).collect();
        self.features = features.len();
    }

    /// Rows in the sample.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Numbers of the rows in the sample, in the order they came.
    #[cfg(test)]
    pub fn row_numbers(&self) -> &[u64] {
        &self.rows
    }

    /// The values of a feature (below the number of features), one a row.
    pub fn feature(&self, feature: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.values.iter().skip(feature).step_by(self.features.max(1)).copied()
    }
}
