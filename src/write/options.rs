//! Options of a writer.

use super::roles::ColumnRoles;
use super::segments::SEGMENT_ROWS;
use crate::image::ImageShape;

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
            sums_in_memory: 64 << 20,
            threads: 0,
            overwrite: false,
        }
    }
}

/// How the records of a table are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// The paper's: one base a row, records of fixed width.
    Paper,
    /// Code groups of columns, each with its own base table; deviations are as wide as the bases say. Strings are
    /// put into symbols where that makes them smaller.
    #[default]
    Compact,
}

/// A part of the coding of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Floats that are decimals become integers.
    Decimals,
    /// Values that repeat become codes of a dictionary: numbers and strings.
    Dictionaries,
    /// Divides a lane's fields by their greatest common divisor (compact layout).
    Steps,
    /// Rows near a line, or near each other, become what is left of it (compact layout).
    Frames,
    /// The base says how wide a row's deviation is (compact layout; no code groups either without it).
    Bins,
    /// Lanes that go together share a base (compact layout).
    CodeGroups,
    /// Strings become codes of common pieces (compact layout).
    Symbols,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Decimals,
        Self::Dictionaries,
        Self::Steps,
        Self::Frames,
        Self::Bins,
        Self::CodeGroups,
        Self::Symbols,
    ];
}

/// How tables are coded.
#[derive(Clone, Copy)]
pub(super) struct Coding {
    pub layout: Layout,
    without: Option<Part>,
}

impl Coding {
    /// True if a part is used where it pays.
    pub fn has(self, part: Part) -> bool {
        self.without != Some(part)
    }

    /// True if strings may be put into symbols.
    pub fn has_symbols(self) -> bool {
        self.layout == Layout::Compact && self.has(Part::Symbols)
    }
}

impl Options {
    /// How tables are coded.
    pub(super) fn coding(&self) -> Coding {
        Coding { layout: self.layout, without: self.without }
    }
}

/// Transform of images before their bits are deduplicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageTransform {
    /// `Lossless`; in the paper's layout `None` for images that are not of three channels.
    Auto,
    /// Nothing: fixed records of pixels.
    None,
    /// The paper's: YCbCr and the discrete cosine transform, rounded. Near-lossless.
    Dct,
    /// Reversible colours, prediction, tiles of residuals.
    Lossless,
}

impl ImageTransform {
    /// The transform that `Auto` stands for, by shape and layout.
    pub(super) fn of(self, shape: ImageShape, layout: Layout) -> Self {
        match (self, layout, shape.channels) {
            (Self::Auto, Layout::Paper, channels) if channels != 3 => Self::None,
            (Self::Auto, ..) => Self::Lossless,
            (chosen, ..) => chosen,
        }
    }
}

/// Kind of a target column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A class, if an integer, a bool or a string of at most 1,000 values, or a float of at most 2;
    /// else a value.
    Auto,
    /// A class: condensed samples count the rows of each.
    Class,
    /// A value: condensed samples have its mean.
    Value,
}

/// How many cells the rows are put into.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellLimit {
    /// None without a target, else as `Most(max(100, rows / 100))`.
    Default,
    /// No cells.
    None,
    /// A number of bits.
    Beta(usize),
    /// By as many bits as leave at most so many cells.
    Most(u64),
    /// By as many bits as leave at most this share of the rows.
    Share(f64),
}

/// Summary of a written file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows of the table.
    pub rows: u64,
    /// Segments of the table.
    pub segments: u64,
    /// Length of the file in bytes.
    pub file_length: u64,
    /// Bits that the cells were cut by, `beta`.
    pub beta: usize,
    /// Condensed samples, `m`.
    pub cells: u64,
    /// Classes that rows are stored by; 0 if they are not.
    pub classes: u64,
    /// The part each column plays for a model, if a target was named.
    pub columns: Option<ColumnRoles>,
    /// Parts of merged files that the new one does not have, and why, a line each.
    pub left_out: Vec<String>,
}
