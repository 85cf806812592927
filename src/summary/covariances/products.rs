//! How rows scatter about the means of their cells: sums of products, segment by segment.

use std::ops::{Deref, DerefMut, Range};

use crate::error::{Error, Result};
use crate::summary::cells::grid::Grid;
use crate::summary::features::FeatureColumn;

/// The sums of one segment, of the rows that have a finite value in every feature, about the middle of each feature's
/// extent.
#[derive(Clone, Debug)]
pub struct CellProducts {
    /// Distinct cells, ascending.
    cells: Vec<u32>,
    /// A cell's rows, sums and products (upper triangle), cell by cell.
    sums: Vec<f64>,
}

/// The sums of a file, or of a range of its cells, in storage that the caller provides: `covariance_words` words a cell,
/// zero to begin with.
#[derive(Debug)]
pub struct CellCovariances<S> {
    features: usize,
    cells: Range<usize>,
    storage: S,
}

/// Words of 8 bytes a cell for so many features.
pub fn covariance_words(features: usize) -> usize {
    1 + features + features * (features + 1) / 2
}

/// The middles of the features' extents.
pub(crate) fn middles(grid: &Grid) -> Vec<f64> {
    grid.features.iter().map(|feature| feature.lo / 2.0 + feature.hi / 2.0).collect()
}

impl CellProducts {
    /// Sums that were made elsewhere.
    pub(crate) fn from_parts(cells: Vec<u32>, sums: Vec<f64>) -> Self {
        Self { cells, sums }
    }

    /// Sums a segment: the cell of every row, and its features.
    pub fn from_segment(grid: &Grid, cell_of_row: &[u32], columns: &[FeatureColumn]) -> Self {
        let (middles, words) = (middles(grid), covariance_words(columns.len()));
        let mut rows: Vec<(u32, usize)> = cell_of_row.iter().copied().zip(0..).collect();
        rows.sort_unstable();
        let (mut cells, mut sums) = (Vec::new(), Vec::new());
        let mut x = vec![0.0; columns.len()];
        for same in rows.chunk_by(|a, b| a.0 == b.0) {
            cells.extend(same.first().map(|row| row.0));
            let first = sums.len();
            sums.resize(first + words, 0.0);
            let Some((count, sums)) = sums.get_mut(first..).and_then(<[f64]>::split_first_mut) else {
                continue;
            };
            let (of_x, of_products) = sums.split_at_mut(columns.len());
            for &(_, row) in same {
                for ((x, column), middle) in x.iter_mut().zip(columns).zip(&middles) {
                    *x = column.get(row).map_or(f64::NAN, |value| value - middle);
                }
                if !x.iter().all(|x| x.is_finite()) {
                    continue;
                }
                *count += 1.0;
                of_x.iter_mut().zip(&x).for_each(|(sum, x)| *sum += x);
                let products = x.iter().enumerate().flat_map(|(i, a)| x.iter().skip(i).map(move |b| a * b));
                of_products.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
            }
        }
        Self { cells, sums }
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.cells[..]) + size_of_val(&self.sums[..])
    }

    /// The cells that occur, ascending.
    pub fn cells(&self) -> &[u32] {
        &self.cells
    }
}

impl<S: DerefMut<Target = [u64]>> CellCovariances<S> {
    /// Adds a segment, as far as its cells are among these: to the same bits if segments are added in stored order.
    pub fn add(&mut self, segment: &CellProducts) {
        let words = covariance_words(self.features);
        let [start, end] = [self.cells.start, self.cells.end]
            .map(|cell| segment.cells.partition_point(|&own| (own as usize) < cell));
        let sums = segment.sums[start * words..end * words].chunks_exact(words);
        for (&cell, sums) in segment.cells[start..end].iter().zip(sums) {
            let totals = &mut self.storage[(cell as usize - self.cells.start) * words..][..words];
            totals.iter_mut().zip(sums).for_each(|(total, sum)| {
                *total = (f64::from_bits(*total) + sum).to_bits();
            });
        }
    }
}

impl<S: Deref<Target = [u64]>> CellCovariances<S> {
    /// Covariances of a range of the file's cells, in storage of these only.
    ///
    /// # Errors
    /// `Argument` if the storage is too small.
    pub fn with_storage(features: usize, cells: Range<usize>, storage: S) -> Result<Self> {
        match cells.len().checked_mul(covariance_words(features)) {
            Some(words) if words <= storage.len() => Ok(Self { features, cells, storage }),
            _ => {
                let (words, cells) = (storage.len(), cells.len());
                Err(Error::argument(format!("{words} words are too few for {cells} cells")))
            }
        }
    }

    /// The covariances of a cell's rows, upper triangle row by row, rounded to f32: divided by the rows that have all
    /// features, zeros if none has.
    pub fn of_cell(&self, cell: usize) -> Vec<f32> {
        let words = covariance_words(self.features);
        let own = &self.storage[(cell - self.cells.start) * words..][..words];
        let own: Vec<f64> = own.iter().map(|&word| f64::from_bits(word)).collect();
        let (count, sums) = own.split_first().unwrap_or((&0.0, &[]));
        let (of_x, of_products) = sums.split_at(self.features.min(sums.len()));
        let pairs = of_x
            .iter()
            .enumerate()
            .flat_map(|(i, a)| of_x.iter().enumerate().skip(i).map(move |(j, b)| (i == j, a * b)));
        let covariance = |((own, sums), product): ((bool, f64), &f64)| {
            let value = (product / count - sums / (count * count)) as f32;
            let value = if own { value.max(0.0) } else { value };
            if *count > 0.0 && value.is_finite() { value } else { 0.0 }
        };
        pairs.zip(of_products).map(covariance).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::cells::grid::Feature;

    #[test]
    fn segments_add_up_to_the_covariances_of_the_rows() {
        let x: Vec<f64> = (0..40).map(|i| f64::from(i * 7919 % 31)).collect();
        let y: Vec<f64> =
            (0..40).map(|i| if i == 5 { f64::NAN } else { f64::from(i * 104_729 % 17) - 3.0 }).collect();
        let cell: Vec<u32> = (0..40).map(|i| [0, 2, 2, 3][i % 4]).collect();
        let grid = Grid { features: vec![Feature { lo: 0.0, hi: 30.0 }, Feature { lo: -3.0, hi: 13.0 }] };
        let mut all = CellCovariances::with_storage(2, 0..5, vec![0; 5 * covariance_words(2)])
            .unwrap_or_else(|_| unreachable!());
        for part in [0..13, 13..40] {
            let columns = [&x, &y].map(|v| FeatureColumn { values: &v[part.clone()], valid: None });
            all.add(&CellProducts::from_segment(&grid, &cell[part], &columns));
        }
        for own in 0..5u32 {
            let rows: Vec<usize> = (0..40).filter(|&i| cell[i] == own && y[i].is_finite()).collect();
            let mean = |v: &[f64]| rows.iter().map(|&i| v[i]).sum::<f64>() / rows.len().max(1) as f64;
            let covariance = |a: &[f64], b: &[f64]| {
                let (ma, mb) = (mean(a), mean(b));
                rows.iter().map(|&i| (a[i] - ma) * (b[i] - mb)).sum::<f64>() / rows.len().max(1) as f64
            };
            let wanted = [covariance(&x, &x), covariance(&x, &y), covariance(&y, &y)];
            for (found, wanted) in all.of_cell(own as usize).iter().zip(wanted) {
                assert!((f64::from(*found) - wanted).abs() < 1e-5, "{own}: {found} {wanted}");
            }
        }
        assert!(CellCovariances::with_storage(2, 0..5, vec![0u64; 10]).is_err());
    }
}
