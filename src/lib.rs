#![cfg_attr(feature = "arrow", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "arrow"),
    doc = "gede: a columnar file format. Feature `arrow` has the introduction."
)]
//!
//! # The modules
//!
//! | module | is for | its public names, at most |
//! |---|---|---|
//! | the crate | both ways in, errors | [`Reader`], [`Writer`], [`Error`], [`ErrorKind`], [`Result`], [`FORMAT_VERSION`]: 6 |
//! | [`mod@write`] | tables and batches into files: options, progress, reports, file systems | 25 |
//! | [`read`] | columns and rows out of files, and where a file's bytes go | 18 |
//! | [`mod@column`] | schemas and values as files hold them, without Arrow | 7 |
//! | [`image`] | the shape of images, and the errors of near-lossless ones | 2 |
//! | [`arrow`] | Arrow, Parquet, CSV, LIBSVM and images, both ways (feature `arrow`) | 20 |
//! | [`sample`] | condensed samples, moments, and epochs of random rows | 26 |
//! | [`train`] | linear and logistic regression and networks (feature `train`) | its own page |
//!
//! Each main job has an example where its type is: [`Writer`] writes batches, [`arrow::ArrowWriter`] record batches,
//! [`Reader`] opens files, [`arrow::ArrowReader`] reads rows, [`sample::Loader`] decodes epochs.
//!
//! A file is written from anything that implements [`write::Table`], to anything that implements
//! [`write::FileSystem`], and read from anything that implements [`read::ByteSource`]; the crate's own do nothing more.

#![warn(missing_debug_implementations)]

#[cfg(not(target_endian = "little"))]
compile_error!("gede reads and writes little-endian values in place; this machine is big-endian");

#[macro_use]
mod debug;

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
pub use read::reader::Reader;
pub use write::writer::Writer;

/// Images of a column.
pub mod image {
    pub use crate::codec::dct::errors::ImageErrors;
    pub use crate::format::image_shape::ImageShape;
}

/// Parts that this repository's tools, tests and benches share. They may change with any version: use nothing of it.
#[doc(hidden)]
pub mod internal {
    #[cfg(feature = "arrow")]
    pub use crate::arrow::{
        class_names::stored_class_names,
        equal::logical_eq,
        expanded::plain_bytes,
        export::Exporter,
        ingest::ingest,
        message::{decode_schema, encode_schema},
        schema::{arrow_schema, physical_schema},
    };
    pub use crate::files::new_file::NewFile;
    pub use crate::files::temporary::TemporaryFolder;
}
