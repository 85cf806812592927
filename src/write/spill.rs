//! Sums of cells: in memory, or beyond a limit in a scratch file.
//!
//! A segment touches cells all over the file. So segments wait in memory until they are worth a sweep, which reads and
//! writes each window of cells once, in order: a few large requests where a map would fault page by page.

use std::ops::Range;

use zerocopy::IntoBytes;

use super::options::Options;
use super::scratch::{Scratch, ScratchSpace};
use super::storage::Disk;
use crate::entrogede::{
    CellCovariances, CellLayout, CellProducts, CellSums, CellTotals, Condensed, covariance_words,
};
use crate::error::{Error, Result};

/// Bytes of a window of cells in the scratch file, and how much smaller than the limit of memory it is at least.
const WINDOW: usize = 1 << 20;
const WINDOWS: usize = 64;

/// What the sums of a segment are added up to.
pub(crate) trait Summed {
    /// The sums of a segment.
    type Segment;

    /// Words of 8 bytes a cell.
    fn words_per_cell(&self) -> usize;

    /// The cells of a segment, ascending.
    fn cells(segment: &Self::Segment) -> &[u32];

    /// The memory of a segment.
    fn bytes(segment: &Self::Segment) -> usize;

    /// Adds a segment to the words of a range of cells.
    fn add(&self, segment: &Self::Segment, cells: Range<usize>, words: &mut [u64]) -> Result<()>;
}

impl Summed for CellLayout {
    type Segment = CellSums;

    fn words_per_cell(&self) -> usize {
        CellLayout::words_per_cell(self)
    }

    fn cells(segment: &CellSums) -> &[u32] {
        segment.cells()
    }

    fn bytes(segment: &CellSums) -> usize {
        segment.bytes()
    }

    fn add(&self, segment: &CellSums, cells: Range<usize>, words: &mut [u64]) -> Result<()> {
        CellTotals::of_range(self.clone(), cells, words)?.add(segment);
        Ok(())
    }
}

/// The products of so many features.
pub(crate) struct Products {
    pub features: usize,
}

impl Summed for Products {
    type Segment = CellProducts;

    fn words_per_cell(&self) -> usize {
        covariance_words(self.features)
    }

    fn cells(segment: &CellProducts) -> &[u32] {
        segment.cells()
    }

    fn bytes(segment: &CellProducts) -> usize {
        segment.bytes()
    }

    fn add(&self, segment: &CellProducts, cells: Range<usize>, words: &mut [u64]) -> Result<()> {
        CellCovariances::of_range(self.features, cells, words)?.add(segment);
        Ok(())
    }
}

/// The memory that sums may take, and the place of more.
pub(crate) struct Limit<'a> {
    pub bytes: usize,
    pub space: ScratchSpace<'a>,
}

impl Limit<'static> {
    /// The usual one, of sums that are only looked at.
    pub fn temporary() -> Self {
        let space = ScratchSpace { storage: &Disk, folder: std::env::temp_dir() };
        Self { bytes: Options::default().sums_in_memory, space }
    }
}

/// Sums of all cells of a file.
pub(crate) struct Sums<L: Summed> {
    layout: L,
    cells: usize,
    words: Words<L::Segment>,
}

pub(crate) type Totals = Sums<CellLayout>;
pub(crate) type Covariances = Sums<Products>;

enum Words<T> {
    Memory(Vec<u64>),
    Spilled(Spilled<T>),
}

struct Spilled<T> {
    scratch: Box<dyn Scratch>,
    /// The folder of the file, for messages.
    place: String,
    /// Cells of a window.
    window: usize,
    /// Whether a window has been written; one that has not holds zeros.
    written: Vec<bool>,
    /// Segments that are not in the file yet, in order, and the bytes that they take and may take.
    waiting: Vec<T>,
    bytes: usize,
    most: usize,
}

impl<L: Summed> Sums<L> {
    /// Zeros for so many cells; without a limit in memory.
    pub fn zeros(layout: L, cells: usize, limit: Option<Limit>) -> Result<Self> {
        let words = cells.saturating_mul(layout.words_per_cell());
        let words = match limit.filter(|limit| words.saturating_mul(8) > limit.bytes) {
            None => Words::Memory(vec![0; words]),
            Some(Limit { bytes: most, space }) => {
                let place = space.folder.display().to_string();
                let scratch = space.file().map_err(|e| Error::io(spilling(&place), e))?;
                let window = (most / WINDOWS).min(WINDOW) / (8 * layout.words_per_cell());
                let window = window.max(1);
                let written = vec![false; cells.div_ceil(window)];
                let (waiting, most) = (Vec::new(), most / 2);
                Words::Spilled(Spilled { scratch, place, window, written, waiting, bytes: 0, most })
            }
        };
        Ok(Self { layout, cells, words })
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Adds a segment: to the same bits if segments are added in stored order, wherever the sums are.
    pub fn add(&mut self, segment: L::Segment) -> Result<()> {
        debug_assert!(L::cells(&segment).last().is_none_or(|&cell| (cell as usize) < self.cells));
        match &mut self.words {
            Words::Memory(words) => return self.layout.add(&segment, 0..self.cells, words),
            Words::Spilled(spilled) => {
                spilled.bytes += L::bytes(&segment);
                spilled.waiting.push(segment);
                if spilled.bytes <= spilled.most {
                    return Ok(());
                }
            }
        }
        self.finish()
    }

    /// Adds what waits: then the sums can be read.
    pub fn finish(&mut self) -> Result<()> {
        let Words::Spilled(spilled) = &mut self.words else { return Ok(()) };
        let segments = std::mem::take(&mut spilled.waiting);
        spilled.bytes = 0;
        let stride = self.layout.words_per_cell();
        let mut words = Vec::new();
        for number in 0..spilled.written.len() {
            let window = spilled.range(number, self.cells);
            if !segments.iter().any(|segment| has_any(L::cells(segment), &window)) {
                continue;
            }
            words.clear();
            words.resize(window.len() * stride, 0u64);
            spilled.read(number, stride, 0, &mut words)?;
            for segment in &segments {
                self.layout.add(segment, window.clone(), &mut words)?;
            }
            spilled.write(number, stride, &words)?;
        }
        Ok(())
    }

    /// The words of some cells. Nothing may wait.
    fn words(&self, cells: &Range<usize>) -> Result<Vec<u64>> {
        let stride = self.layout.words_per_cell();
        match &self.words {
            Words::Memory(words) => Ok(words[cells.start * stride..cells.end * stride].to_vec()),
            Words::Spilled(spilled) => {
                assert!(spilled.waiting.is_empty(), "sums are read before they are finished");
                let mut words = vec![0; cells.len() * stride];
                let mut at = cells.start;
                while at < cells.end {
                    let (number, first) = (at / spilled.window, at % spilled.window);
                    let count = (spilled.window - first).min(cells.end - at);
                    let part = &mut words[(at - cells.start) * stride..][..count * stride];
                    spilled.read(number, stride, first, part)?;
                    at += count;
                }
                Ok(words)
            }
        }
    }
}

impl<T> Spilled<T> {
    /// The cells of a window.
    fn range(&self, number: usize, cells: usize) -> Range<usize> {
        number * self.window..cells.min((number + 1) * self.window)
    }

    /// Reads words of a window from one of its cells on; zeros stay where nothing has been written.
    fn read(&self, number: usize, stride: usize, first: usize, words: &mut [u64]) -> Result<()> {
        if !self.written[number] {
            return Ok(());
        }
        let offset = (number * self.window + first) as u64 * stride as u64 * 8;
        let read = self.scratch.read_at(words.as_mut_bytes(), offset);
        read.map_err(|e| Error::io(format!("reading spilled sums from {}", self.place), e))
    }

    fn write(&mut self, number: usize, stride: usize, words: &[u64]) -> Result<()> {
        let offset = (number * self.window) as u64 * stride as u64 * 8;
        let written = self.scratch.write_at(words.as_bytes(), offset);
        written.map_err(|e| Error::io(spilling(&self.place), e))?;
        self.written[number] = true;
        Ok(())
    }
}

fn spilling(place: &str) -> String {
    format!("spilling sums of condensed samples to {place}")
}

/// Whether some of the ascending cells are in a range.
fn has_any(cells: &[u32], range: &Range<usize>) -> bool {
    let first = cells.partition_point(|&cell| (cell as usize) < range.start);
    cells.get(first).is_some_and(|&cell| (cell as usize) < range.end)
}

impl Totals {
    /// The condensed samples of some cells.
    pub fn condensed(&self, cells: Range<usize>) -> Result<Condensed> {
        let words = self.words(&cells)?;
        Ok(CellTotals::of_range(self.layout.clone(), cells.clone(), words)?.condensed(cells))
    }
}

impl Covariances {
    /// The covariances of some cells, one after the other, upper triangle row by row.
    pub fn of_cells(&self, cells: Range<usize>) -> Result<Vec<f32>> {
        let words = self.words(&cells)?;
        let sums = CellCovariances::of_range(self.layout.features, cells.clone(), words)?;
        Ok(cells.flat_map(|cell| sums.of_cell(cell)).collect())
    }
}
