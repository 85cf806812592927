//! gede: a columnar file format with O(1) rows out of compressed data, and training straight from it.

pub mod column;
pub mod error;
pub mod read;
#[cfg(feature = "train")]
pub mod train;
pub mod write;

pub use error::{Error, ErrorKind, Result};
