//! Arrow, Parquet, CSV, LIBSVM and sets of images, both ways.
//!
//! [`ArrowTable`] opens an input for a [`Writer`](crate::Writer), [`ArrowWriter`] takes record batches that come once,
//! [`ArrowReader`] gives the rows of a file as record batches, and [`ArrowFileWriter`] and [`ImageFolderWriter`] write those to files of
//! other formats.

mod bits;
pub(crate) mod class_names;
mod dictionary;
pub(crate) mod equal;
pub(crate) mod expanded;
pub(crate) mod export;
mod export_leaf;
mod export_lists;
mod guard;
mod images;
pub(crate) mod ingest;
mod ipc_types;
mod kept_dictionaries;
mod lists;
pub(crate) mod message;
mod nesting;
mod parquet_types;
mod pieces;
mod read;
mod runs;
pub(crate) mod schema;
mod sink;
mod source;
mod table;
mod unify;
mod union;
mod writer;

pub use images::{image_field, image_shape};
pub use read::{ArrowReader, ArrowScan};
pub use sink::{ArrowFileWriter, ImageFolderWriter, ImageFormat};
pub use source::{
    CsvInput, CsvType, HEADER_NAME, ImageInput, InputKind, InputOptions, LabelFile, LibsvmInput,
    PictureStorage, PixelColumn, TextEncoding,
};
pub use table::ArrowTable;
pub use writer::ArrowWriter;

use crate::error::{Error, ErrorKind};
use ::parquet::errors::ParquetError;
use arrow::error::ArrowError;

/// A Parquet error as one of ours, in the words that Arrow has for it.
fn wrap_parquet(kind: ErrorKind, error: ParquetError) -> Error {
    let words = ArrowError::ParquetError(error.to_string()).to_string();
    Error::new(kind, words).with_source(error)
}

/// An Arrow error as one of ours: operating system errors stay such, others are of `kind`.
fn wrap(kind: ErrorKind, error: ArrowError) -> Error {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error {
        // A damaged file sends its reader to places that do not exist.
        ArrowError::IoError(_, error)
            if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) =>
        {
            Error::new(kind, format!("it is damaged: {error}")).with_source(error)
        }
        ArrowError::IoError(message, error) if error.to_string() == message => {
            Error::io("cannot read", error)
        }
        ArrowError::IoError(message, error) => Error::io(message, error),
        error => Error::new(kind, error.to_string()).with_source(error),
    }
}
