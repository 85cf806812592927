//! Sums and counts of each cell, segment by segment; condensed samples are their means.

use std::ops::{Deref, DerefMut, Range};

use crate::error::{Error, Result};
use crate::summary::cells::condensed::{Condensed, round24};
use crate::summary::features::FeatureColumn;

/// Sums and counts kept for every cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellLayout {
    /// For each column averaged, the features and then the target if it is a value: whether nulls or
    /// non-finite values occur in the file, so that its values need a count of their own.
    pub specials: Vec<bool>,
    /// The last column is the target.
    pub target: bool,
    /// Classes of a class target, else 0. Without classes rows are counted as of one.
    pub classes: usize,
}

impl CellLayout {
    /// Words of 8 bytes a cell: its sums, its counts of finite values where columns have specials, its
    /// rows of each class.
    pub fn words_per_cell(&self) -> usize {
        self.columns() + self.counted() + self.weights()
    }

    fn columns(&self) -> usize {
        self.specials.len()
    }

    fn counted(&self) -> usize {
        self.specials.iter().filter(|&&specials| specials).count()
    }

    fn weights(&self) -> usize {
        self.classes.max(1)
    }
}

/// The sums of one segment, of the cells that occur in it. Segments may be summed in any order and
/// side by side; each adds up its rows in order.
#[derive(Clone, Debug)]
pub struct CellSums {
    /// Distinct cells, ascending.
    cells: Vec<u32>,
    /// Column by column, one a cell.
    sums: Vec<f64>,
    /// Column by column of those with specials, one a cell.
    finite: Vec<u64>,
    /// Rows of a class in a cell: (index in `cells`, class, rows), each pair once.
    weights: Vec<(u32, u32, u64)>,
}

impl CellSums {
    /// Sums that were made elsewhere.
    pub(crate) fn from_parts(
        cells: Vec<u32>,
        sums: Vec<f64>,
        finite: Vec<u64>,
        weights: Vec<(u32, u32, u64)>,
    ) -> Self {
        Self { cells, sums, finite, weights }
    }

    /// Sums a segment: the cell of every row, its columns as in the layout, and the class of every row
    /// (below the number of classes) if the layout has classes.
    pub fn from_segment(
        layout: &CellLayout,
        cell_of_row: &[u32],
        columns: &[FeatureColumn],
        class_of_row: &[u32],
    ) -> Self {
        debug_assert_eq!(columns.len(), layout.columns());
        let pack = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let mut rows: Vec<u64> = (0..).zip(cell_of_row).map(|(row, &cell)| pack(cell, row)).collect();
        rows.sort_unstable();
        let mut cells = Vec::new();
        let mut place = vec![0u32; rows.len()];
        for same in rows.chunk_by(|a, b| a >> 32 == b >> 32) {
            same.iter().for_each(|&packed| place[packed as u32 as usize] = cells.len() as u32);
            cells.push((same[0] >> 32) as u32);
        }

        let class = |row: usize| if layout.classes > 0 { class_of_row[row] } else { 0 };
        let mut classed: Vec<u64> = place.iter().enumerate().map(|(row, &at)| pack(at, class(row))).collect();
        classed.sort_unstable();
        let weights = classed
            .chunk_by(|a, b| a == b)
            .map(|same| ((same[0] >> 32) as u32, same[0] as u32, same.len() as u64))
            .collect();

        let mut sums = vec![0.0; layout.columns() * cells.len()];
        let mut finite = vec![0; layout.counted() * cells.len()];
        let mut counts = finite.chunks_exact_mut(cells.len().max(1));
        let sums_of = sums.chunks_exact_mut(cells.len().max(1));
        for ((column, &specials), sums) in columns.iter().zip(&layout.specials).zip(sums_of) {
            let mut count = if specials { counts.next() } else { None };
            for (x, &at) in column.iter().zip(&place) {
                if let Some(x) = x.filter(|x| x.is_finite()) {
                    sums[at as usize] += x;
                    if let Some(count) = &mut count {
                        count[at as usize] += 1;
                    }
                }
            }
        }
        Self { cells, sums, finite, weights }
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let Self { cells, sums, finite, weights } = self;
        size_of_val(&cells[..])
            + size_of_val(&sums[..])
            + size_of_val(&finite[..])
            + size_of_val(&weights[..])
    }

    /// The cells that occur, ascending.
    pub fn cells(&self) -> &[u32] {
        &self.cells
    }
}

/// The sums of a file, or of a range of its cells, in storage that the caller provides: `words_per_cell` words a cell,
/// zero to begin with (a vector, a slice).
#[derive(Debug)]
pub struct CellTotals<S> {
    layout: CellLayout,
    cells: Range<usize>,
    storage: S,
}

impl<S: Deref<Target = [u64]>> CellTotals<S> {
    /// Totals of a range of the file's cells, in storage of these only.
    ///
    /// # Errors
    /// `Argument` if the storage is too small.
    pub fn with_storage(layout: CellLayout, cells: Range<usize>, storage: S) -> Result<Self> {
        match cells.len().checked_mul(layout.words_per_cell()) {
            Some(words) if words <= storage.len() => Ok(Self { layout, cells, storage }),
            _ => {
                let (words, cells) = (storage.len(), cells.len());
                Err(Error::argument(format!("{words} words cannot hold the sums of {cells} cells")))
            }
        }
    }

    /// The condensed samples of some of the cells.
    pub fn condensed(&self, cells: Range<usize>) -> Condensed {
        let (stride, columns) = (self.layout.words_per_cell(), self.layout.columns());
        let features = columns - usize::from(self.layout.target);
        let mut condensed = Condensed {
            features,
            means: Vec::with_capacity(cells.len() * features),
            target: self.layout.target.then(|| Vec::with_capacity(cells.len())),
            weights: Vec::with_capacity(cells.len() * self.layout.weights()),
            classes: self.layout.classes,
        };
        let first = self.cells.start;
        let words = &self.storage[(cells.start - first) * stride..(cells.end - first) * stride];
        for words in words.chunks_exact(stride) {
            let (sums, counts) = words.split_at(columns);
            let (counts, weights) = counts.split_at(self.layout.counted());
            let rows: u64 = weights.iter().sum();
            // Columns with special values have a count of their own, in the order of the columns.
            let mut counted = 0;
            for (column, (&sum, &specials)) in sums.iter().zip(&self.layout.specials).enumerate() {
                let count = if specials { counts[counted] } else { rows };
                counted += usize::from(specials);
                // 0 / 0 is NaN: no finite value, no mean.
                let mean = round24(f64::from_bits(sum) / count as f64);
                match &mut condensed.target {
                    Some(target) if column == features => target.push(mean),
                    _ => condensed.means.push(mean),
                }
            }
            condensed.weights.extend(weights);
        }
        condensed
    }
}

impl<S: DerefMut<Target = [u64]>> CellTotals<S> {
    /// Adds a segment of the same layout, as far as its cells are among these. Sums are f64: they agree to the bit if
    /// segments are added in stored order, whoever summed them.
    pub fn add(&mut self, segment: &CellSums) {
        let stride = self.layout.words_per_cell();
        let columns = self.layout.columns();
        let (counted, k) = (self.layout.counted(), segment.cells.len());
        let [start, end] = [self.cells.start, self.cells.end]
            .map(|cell| segment.cells.partition_point(|&own| (own as usize) < cell));
        for index in start..end {
            let cell = segment.cells[index] as usize - self.cells.start;
            let words = &mut self.storage[cell * stride..][..stride];
            for (word, column) in words[..columns].iter_mut().zip(0..) {
                let sum: &f64 = &segment.sums[column * k + index];
                *word = (f64::from_bits(*word) + sum).to_bits();
            }
            for (word, column) in words[columns..columns + counted].iter_mut().zip(0..) {
                let count: &u64 = &segment.finite[column * k + index];
                *word += count;
            }
        }
        let [first, last] = [start, end]
            .map(|place| segment.weights.partition_point(|&(index, ..)| (index as usize) < place));
        for &(index, class, rows) in &segment.weights[first..last] {
            let cell = segment.cells[index as usize] as usize - self.cells.start;
            self.storage[cell * stride + columns + counted + class as usize] += rows;
        }
    }
}
