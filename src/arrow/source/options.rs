//! How inputs are read.

use super::csv::CsvInput;
use super::images::ImageInput;
use super::kinds::InputKind;
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
