//! Sums of cells: in memory, or beyond a limit in a scratch file.
//!
//! A segment touches cells all over the file. So segments wait in memory until they are worth a sweep, which reads and
//! writes the cells that they touch once, in order: a few large requests where a map would fault page by page.

use std::ops::Range;

use zerocopy::IntoBytes;

use crate::error::{Error, Result};
use crate::files::file_system::Disk;
use crate::files::scratch::Scratch;
use crate::files::scratch_space::ScratchSpace;
use crate::summary::cells::condensed::Condensed;
use crate::summary::cells::sums::{CellLayout, CellSums, CellTotals};
use crate::summary::covariances::products::{CellCovariances, CellProducts, covariance_words};

/// Bytes that a sweep reads and writes at a time, and how much smaller than the memory for all sums that is at least.
const SPAN: usize = 1 << 20;
const SPANS: usize = 64;

/// Bytes of sums that are kept in memory unless an option says otherwise.
pub(crate) const SUMS_IN_MEMORY: usize = 64 << 20;

/// Bytes between two cells that are read along with them: as long as that costs less than another request.
const GAP: usize = 1 << 14;

/// A kind of sums over cells, to which segments are added.
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
        CellTotals::with_storage(self.clone(), cells, words)?.add(segment);
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
        CellCovariances::with_storage(self.features, cells, words)?.add(segment);
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
        let space = ScratchSpace { file_system: &Disk, folder: std::env::temp_dir(), target: None };
        Self { bytes: SUMS_IN_MEMORY, space }
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
    /// The words for what is done, for errors.
    doing: String,
    /// The end of the bytes written: zeros follow, and stand where nothing was written before.
    end: u64,
    /// Segments that are not in the file yet, in order, and the bytes that they take.
    waiting: Vec<T>,
    bytes: usize,
    /// Bytes that segments may take, and a sweep's buffer.
    most: usize,
    span: usize,
}

impl<L: Summed> Sums<L> {
    /// Zeros for so many cells; without a limit in memory.
    pub fn zeros(layout: L, cells: usize, limit: Option<Limit>) -> Result<Self> {
        let words = cells.saturating_mul(layout.words_per_cell());
        let words = match limit.filter(|limit| words.saturating_mul(8) > limit.bytes) {
            None => Words::Memory(vec![0; words]),
            Some(Limit { bytes: most, space }) => {
                let doing = space.doing("spilling sums of condensed samples");
                let scratch = space.file().map_err(|e| Error::io(&doing, e))?;
                let (span, most) = ((most / SPANS).min(SPAN), most / 2);
                Words::Spilled(Spilled { scratch, doing, end: 0, waiting: Vec::new(), bytes: 0, most, span })
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
        let mut touched: Vec<u32> = segments.iter().flat_map(|segment| L::cells(segment)).copied().collect();
        touched.sort_unstable();
        touched.dedup();
        let mut words = Vec::new();
        let mut rest = touched.as_slice();
        while let Some(span) = next_span(&mut rest, stride * 8, spilled.span) {
            words.clear();
            words.resize(span.len() * stride, 0u64);
            let offset = (span.start * stride * 8) as u64;
            spilled.read(&mut words, offset)?;
            for segment in segments.iter().filter(|segment| has_any(L::cells(segment), &span)) {
                self.layout.add(segment, span.clone(), &mut words)?;
            }
            spilled.write(&words, offset)?;
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
                spilled.read(&mut words, (cells.start * stride * 8) as u64)?;
                Ok(words)
            }
        }
    }
}

impl<T> Spilled<T> {
    /// Reads words; they hold zeros, and keep them beyond the end.
    fn read(&self, words: &mut [u64], offset: u64) -> Result<()> {
        let there = self.end.saturating_sub(offset).min(8 * words.len() as u64) as usize;
        let bytes = &mut words.as_mut_bytes()[..there];
        self.scratch.read_at(bytes, offset).map_err(|e| Error::io(&self.doing, e))
    }

    fn write(&mut self, words: &[u64], offset: u64) -> Result<()> {
        self.scratch.write_at(words.as_bytes(), offset).map_err(|e| Error::io(&self.doing, e))?;
        self.end = self.end.max(offset + 8 * words.len() as u64);
        Ok(())
    }
}

/// Takes the next cells that are read together: near to each other, and of `most` bytes or one cell.
fn next_span(rest: &mut &[u32], cell_bytes: usize, most: usize) -> Option<Range<usize>> {
    let first = *rest.first()?;
    let near = |pair: &&[u32]| {
        let (gap, length) = ((pair[1] - pair[0]) as usize, (pair[1] - first) as usize + 1);
        gap * cell_bytes <= GAP.max(cell_bytes) && length * cell_bytes <= most
    };
    let more = rest.windows(2).take_while(near).count();
    let (span, after) = rest.split_at(more + 1);
    *rest = after;
    Some(first as usize..span[more] as usize + 1)
}

/// True if some of the ascending cells are in a range.
fn has_any(cells: &[u32], range: &Range<usize>) -> bool {
    let first = cells.partition_point(|&cell| (cell as usize) < range.start);
    cells.get(first).is_some_and(|&cell| (cell as usize) < range.end)
}

impl Totals {
    /// The condensed samples of some cells.
    pub fn condensed(&self, cells: Range<usize>) -> Result<Condensed> {
        let words = self.words(&cells)?;
        Ok(CellTotals::with_storage(self.layout.clone(), cells.clone(), words)?.condensed(cells))
    }
}

impl Covariances {
    /// The covariances of some cells, one after the other, upper triangle row by row.
    pub fn of_cells(&self, cells: Range<usize>) -> Result<Vec<f32>> {
        let words = self.words(&cells)?;
        let sums = CellCovariances::with_storage(self.layout.features, cells.clone(), words)?;
        Ok(cells.flat_map(|cell| sums.of_cell(cell)).collect())
    }
}
