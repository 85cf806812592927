//! gede: a columnar file format with O(1) rows out of compressed data, and training straight from it.

#[cfg(not(target_endian = "little"))]
compile_error!("gede reads and writes little-endian values in place; this machine is big-endian");

#[cfg(feature = "arrow")]
pub mod arrow;
pub mod column;
mod earned;
pub mod entrogede;
pub mod error;
mod format;
pub mod image;
mod processor;
pub mod read;
pub mod sample;
#[cfg(feature = "train")]
pub mod train;
pub mod write;

pub use error::{Error, ErrorKind, Result};
pub use format::VERSION as FORMAT_VERSION;
pub use read::Reader;
