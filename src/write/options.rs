//! Options of a writer.

use std::collections::BTreeMap;

use crate::codec::coding::{Coding, ImageTransform, Layout, Part};
use crate::summary::cells::options::{CellLimit, TargetKind};
use crate::summary::options::SummaryOptions;
use crate::summary::statistics::StatisticsPolicy;
use crate::write::groups::StorageGroups;
use crate::write::segments::SEGMENT_ROWS;

/// How a file is written. `Options::default()` stores the table and nothing more.
///
/// ```
/// use gede::write::{Options, TargetKind};
///
/// let options = Options::default().with_target("price", TargetKind::Value).with_coreset(true);
/// assert_eq!(options.summaries.target, Some(("price".to_owned(), TargetKind::Value)));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// How rows become records.
    pub layout: LayoutOptions,
    /// The sections that describe the rows.
    pub summaries: SummaryOptions,
    /// How columns of images are coded.
    pub images: ImageOptions,
    /// Threads; 0 for as many as there are processors. The bytes do not depend on it.
    pub threads: usize,
    /// Replaces a file of the same name.
    pub overwrite: bool,
    /// Key-value pairs of the user: [`crate::Reader::metadata`] gives them back.
    pub metadata: BTreeMap<String, String>,
}

/// How rows become records.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LayoutOptions {
    /// How the records of a table are cut.
    pub records: Layout,
    /// Base positions tried without a gain before base selection stops (algorithm 1).
    pub tau: usize,
    /// A part of the coding of tables to do without, to measure its worth.
    pub without: Option<Part>,
    /// The column whose classes order the rows: each class is stored together.
    pub class: Option<String>,
    /// Most rows of a segment.
    pub segment_rows: usize,
    /// Which columns are stored together.
    pub groups: StorageGroups,
}

/// How columns of images are coded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImageOptions {
    /// The transform of the pixels.
    pub transform: ImageTransform,
}

impl Default for LayoutOptions {
    fn default() -> Self {
        Self {
            records: Layout::Compact,
            tau: 40,
            without: None,
            class: None,
            segment_rows: SEGMENT_ROWS,
            groups: StorageGroups::default(),
        }
    }
}

impl Default for ImageOptions {
    fn default() -> Self {
        Self { transform: ImageTransform::Auto }
    }
}

/// Each method sets one option.
impl Options {
    /// The cut of records: [`LayoutOptions::records`].
    pub fn with_layout(mut self, records: Layout) -> Self {
        self.layout.records = records;
        self
    }

    /// The patience of base selection: [`LayoutOptions::tau`].
    pub fn with_tau(mut self, tau: usize) -> Self {
        self.layout.tau = tau;
        self
    }

    /// A part of the coding to do without: [`LayoutOptions::without`].
    pub fn without(mut self, part: Part) -> Self {
        self.layout.without = Some(part);
        self
    }

    /// The column that orders the rows: [`LayoutOptions::class`].
    pub fn with_class(mut self, column: impl Into<String>) -> Self {
        self.layout.class = Some(column.into());
        self
    }

    /// Most rows of a segment: [`LayoutOptions::segment_rows`].
    pub fn with_segment_rows(mut self, rows: usize) -> Self {
        self.layout.segment_rows = rows;
        self
    }

    /// Which columns are stored together: [`LayoutOptions::groups`].
    pub fn with_groups(mut self, groups: StorageGroups) -> Self {
        self.layout.groups = groups;
        self
    }

    /// The column that models predict: [`SummaryOptions::target`].
    pub fn with_target(mut self, column: impl Into<String>, kind: TargetKind) -> Self {
        self.summaries.target = Some((column.into(), kind));
        self
    }

    /// Columns that are no features: [`SummaryOptions::exclude`].
    pub fn with_excluded<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.summaries.exclude = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The number of condensed samples: [`SummaryOptions::cells`].
    pub fn with_cells(mut self, cells: CellLimit) -> Self {
        self.summaries.cells = cells;
        self
    }

    /// Cells by low-entropy bits: [`SummaryOptions::low_entropy_cells`].
    pub fn with_low_entropy_cells(mut self, low_entropy: bool) -> Self {
        self.summaries.low_entropy_cells = low_entropy;
        self
    }

    /// Condensed samples that readers compute: [`SummaryOptions::recompute_condensed`].
    pub fn with_recomputed_condensed(mut self, recompute: bool) -> Self {
        self.summaries.recompute_condensed = recompute;
        self
    }

    /// Covariances within condensed samples: [`SummaryOptions::cell_covariances`].
    pub fn with_cell_covariances(mut self, stored: bool) -> Self {
        self.summaries.cell_covariances = stored;
        self
    }

    /// An exact coreset: [`SummaryOptions::coreset`].
    pub fn with_coreset(mut self, stored: bool) -> Self {
        self.summaries.coreset = stored;
        self
    }

    /// Statistics of the segments: [`SummaryOptions::statistics`].
    pub fn with_statistics(mut self, policy: StatisticsPolicy) -> Self {
        self.summaries.statistics = policy;
        self
    }

    /// Most bytes of sums in memory: [`SummaryOptions::sums_in_memory`].
    pub fn with_sums_in_memory(mut self, bytes: usize) -> Self {
        self.summaries.sums_in_memory = bytes;
        self
    }

    /// The transform of pixels: [`ImageOptions::transform`].
    pub fn with_image_transform(mut self, transform: ImageTransform) -> Self {
        self.images.transform = transform;
        self
    }

    /// The number of threads: [`Options::threads`].
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Replaces a file of the same name: [`Options::overwrite`].
    pub fn with_overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// A key-value pair of the user, which replaces one of the same key: [`Options::metadata`].
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// The coding of tables.
    pub(crate) fn coding(&self) -> Coding {
        Coding { layout: self.layout.records, without: self.layout.without, in_runs: false, apart: false }
    }
}
