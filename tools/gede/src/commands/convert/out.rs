//! Outputs for the rows of a gede file.

use super::pipes::Stream;
use arrow::record_batch::RecordBatch;
use gede::Result;
use gede::arrow::{ArrowFileWriter, ImageFolderWriter};
use std::path::Path;

/// A file of a table, a folder of images, or standard output.
pub enum Out {
    File(Box<ArrowFileWriter>),
    Folder(Box<ImageFolderWriter>),
    Stream(Stream),
}

impl Out {
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Self::File(sink) => sink.write(batch),
            Self::Folder(sink) => sink.write(batch),
            Self::Stream(stream) => stream.write(batch),
        }
    }

    /// True if dictionaries are written out for every row.
    pub fn is_plain(&self) -> bool {
        match self {
            // Arrow and Parquet files keep dictionaries.
            Self::File(_) => false,
            Self::Folder(_) => true,
            Self::Stream(stream) => stream.is_text(),
        }
    }

    /// A line for each column that other readers see as something else.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::File(sink) => sink.notes(),
            Self::Folder(_) | Self::Stream(_) => Vec::new(),
        }
    }

    pub fn finish(self) -> Result<()> {
        match self {
            Self::File(sink) => sink.finish(),
            Self::Folder(sink) => sink.finish(),
            Self::Stream(stream) => stream.finish(),
        }
    }
}

/// Bytes of a file, or of all files in a folder.
pub fn length(path: &Path) -> u64 {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| length(&entry.path())).sum(),
        Err(_) => std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
    }
}
