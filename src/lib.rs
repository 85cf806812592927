//! gede: a columnar file format with O(1) rows out of compressed data, and training straight from it.

#[cfg(feature = "arrow")]
pub mod arrow;
pub mod column;
pub mod error;
pub mod read;
pub mod write;

pub use error::{Error, ErrorKind, Result};
