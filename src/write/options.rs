//! Options of a writer.

use crate::codec::coding::{Coding, ImageTransform, Layout, Part};
use crate::summary::cells::options::{CellLimit, TargetKind};
use crate::summary::cells::spill::SUMS_IN_MEMORY;
use crate::write::segments::SEGMENT_ROWS;

/// How a file is written. `Options::default()` stores the table and nothing more.
#[derive(Clone, Debug)]
pub struct Options {
    /// The column that models predict, and what it is. Condensed samples are made for it.
    pub target: Option<(String, TargetKind)>,
    /// Columns that are no features.
    pub exclude: Vec<String>,
    /// How many condensed samples there are.
    pub cells: CellLimit,
    /// Cut cells by low-entropy bits instead of high-entropy ones (appendix B of the paper).
    pub low_entropy_cells: bool,
    /// Keep only the cell bits and rebuild the condensed samples from the rows when asked.
    pub recompute_condensed: bool,
    /// Store with every condensed sample how its rows scatter about it: the covariances of the features, as f32.
    pub cell_covariances: bool,
    /// Store an exact coreset: at most (d + 2)(d + 3) / 2 rows, with weights, that have the second moments of all.
    pub coreset: bool,
    /// Base positions tried without a gain before base selection stops (algorithm 1).
    pub tau: usize,
    /// Store rows class by class of this column.
    pub class: Option<String>,
    /// How the records of a table are cut.
    pub layout: Layout,
    /// A part of the coding of tables to do without, to see what it is worth.
    pub without: Option<Part>,
    /// How images are coded.
    pub images: ImageTransform,
    /// Rows a segment, at most.
    pub segment_rows: usize,
    /// Bytes of sums of condensed samples, and as many of their covariances, that are kept in memory; more are spilled to
    /// the file's folder. The bytes of the file do not depend on it.
    pub sums_in_memory: usize,
    /// Threads; 0 for as many as there are processors. The bytes do not depend on it.
    pub threads: usize,
    /// Replace a file that is there.
    pub overwrite: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            target: None,
            exclude: Vec::new(),
            cells: CellLimit::Default,
            low_entropy_cells: false,
            recompute_condensed: false,
            cell_covariances: false,
            coreset: false,
            tau: 40,
            class: None,
            layout: Layout::Compact,
            without: None,
            images: ImageTransform::Auto,
            segment_rows: SEGMENT_ROWS,
            sums_in_memory: SUMS_IN_MEMORY,
            threads: 0,
            overwrite: false,
        }
    }
}

impl Options {
    /// How tables are coded.
    pub(crate) fn coding(&self) -> Coding {
        Coding { layout: self.layout, without: self.without }
    }
}
