//! How inputs are read.

use super::csv::CsvInput;
use super::images::ImageInput;
use super::libsvm::LibsvmInput;

/// How an input is read: one part for each kind of input.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct InputOptions {
    /// Sets of images, and images in tables.
    pub images: ImageInput,
    /// CSV text.
    pub csv: CsvInput,
    /// LIBSVM text.
    pub libsvm: LibsvmInput,
    /// The kind of a file; by default its first bytes decide, then its name.
    pub kind: Option<InputKind>,
}

impl From<ImageInput> for InputOptions {
    fn from(images: ImageInput) -> Self {
        Self { images, ..Self::default() }
    }
}

/// A kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputKind {
    /// Parquet.
    Parquet,
    /// An Arrow IPC file or stream.
    Arrow,
    /// Text with commas.
    Csv,
    /// Text with tabs.
    Tsv,
    /// LIBSVM text.
    Libsvm,
}

impl InputKind {
    /// The end of such a file's name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Libsvm => "libsvm",
        }
    }
}
