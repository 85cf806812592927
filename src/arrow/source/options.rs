//! How inputs are read.

use super::images::ImageInput;

/// How an input is read: one part for each kind of input.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct InputOptions {
    /// Sets of images, and images in tables.
    pub images: ImageInput,
}

impl From<ImageInput> for InputOptions {
    fn from(images: ImageInput) -> Self {
        Self { images }
    }
}
