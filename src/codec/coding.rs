//! Choices of codings.

use crate::format::image_shape::ImageShape;

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

impl Layout {
    /// True if fields that are near others, or frequent, take fewer bits than their lane is wide.
    pub(crate) fn has_narrow_fields(self) -> bool {
        self == Self::Compact
    }
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
    /// Items of lists are compressed some at a time (compact layout).
    Chunks,
    /// Lanes that repeat together are stored once a tuple (compact layout).
    Tuples,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Decimals,
        Self::Dictionaries,
        Self::Steps,
        Self::Frames,
        Self::Bins,
        Self::CodeGroups,
        Self::Symbols,
        Self::Chunks,
        Self::Tuples,
    ];
}

/// How tables are coded.
#[derive(Clone, Copy)]
pub(crate) struct Coding {
    pub layout: Layout,
    pub without: Option<Part>,
    /// True for tables whose rows are read many at a time: items of lists.
    pub in_runs: bool,
    /// True for tables of several storage groups, whose columns are read without others.
    pub apart: bool,
}

impl Coding {
    /// True if a part is used where it pays.
    pub fn has(self, part: Part) -> bool {
        self.without != Some(part)
    }

    /// True if rows may be compressed some at a time.
    pub fn is_chunked(self) -> bool {
        self.in_runs && self.layout == Layout::Compact && self.has(Part::Chunks)
    }

    /// True if lanes that repeat together may be stored once a tuple.
    pub fn has_tuples(self) -> bool {
        !self.in_runs && self.layout == Layout::Compact && self.has(Part::Tuples)
    }

    /// True if strings may be put into symbols.
    pub fn has_symbols(self) -> bool {
        self.layout == Layout::Compact && self.has(Part::Symbols)
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
    pub(crate) fn of(self, shape: ImageShape, layout: Layout) -> Self {
        match (self, layout, shape.channels) {
            (Self::Auto, Layout::Paper, channels) if channels != 3 => Self::None,
            (Self::Auto, ..) => Self::Lossless,
            (chosen, ..) => chosen,
        }
    }
}
