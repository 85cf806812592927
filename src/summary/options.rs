//! Options of the sections that describe the rows.

use crate::summary::cells::options::{CellLimit, TargetKind};
use crate::summary::cells::spill::SUMS_IN_MEMORY;
use crate::summary::statistics::StatisticsPolicy;

/// The sections that describe the rows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SummaryOptions {
    /// The column that models predict, and its kind. Condensed samples are made for it.
    pub target: Option<(String, TargetKind)>,
    /// Columns that are no features.
    pub exclude: Vec<String>,
    /// The number of condensed samples.
    pub cells: CellLimit,
    /// Cuts cells by low-entropy bits instead of high-entropy ones (appendix B of the paper).
    pub low_entropy_cells: bool,
    /// Keeps only the cell bits; readers compute the condensed samples from the rows.
    pub recompute_condensed: bool,
    /// Stores the covariances of the features within each condensed sample, as f32.
    pub cell_covariances: bool,
    /// Stores an exact coreset: at most (d + 2)(d + 3) / 2 rows, with weights, that have the second moments of all.
    pub coreset: bool,
    /// Whether the file has statistics: the least and greatest values of each segment, by which filters pass rows over.
    pub statistics: StatisticsPolicy,
    /// Most bytes of sums of condensed samples in memory, and as many of their covariances; more are spilled to the
    /// file's folder. The bytes of the file do not depend on it.
    pub sums_in_memory: usize,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        Self {
            target: None,
            exclude: Vec::new(),
            cells: CellLimit::Default,
            low_entropy_cells: false,
            recompute_condensed: false,
            cell_covariances: false,
            coreset: false,
            statistics: StatisticsPolicy::Auto,
            sums_in_memory: SUMS_IN_MEMORY,
        }
    }
}
