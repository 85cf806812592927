//! gede: a columnar file format with O(1) rows out of compressed data, and training straight from it.

#[cfg(not(target_endian = "little"))]
compile_error!("gede reads and writes little-endian values in place; this machine is big-endian");

#[cfg(feature = "arrow")]
pub mod arrow;
mod bits;
mod codec;
pub mod column;
mod earned;
pub mod error;
mod files;
mod format;
mod processor;
pub mod read;
pub mod sample;
mod summary;
#[cfg(feature = "train")]
pub mod train;
mod verify;
pub mod write;

pub use error::{Error, ErrorKind, Result};
pub use format::VERSION as FORMAT_VERSION;
pub use read::Reader;
pub use write::Writer;

/// Images of a column.
pub mod image {
    pub use crate::codec::dct::errors::ImageErrors;
    pub use crate::format::image_shape::ImageShape;
}
