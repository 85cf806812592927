//! gede files.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{RecordBatches, Source};
use crate::arrow::{ArrowReader, wrap};
use crate::error::{ErrorKind, Result};
use crate::read::{FileSource, Projection, Reader};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

/// Rows of a batch.
const BATCH_ROWS: u64 = 1 << 14;

/// A gede file, opened for each pass: an input may have more files than a process may have open.
pub(in crate::arrow) struct Gede {
    path: PathBuf,
    schema: SchemaRef,
    rows: u64,
}

impl Gede {
    /// Reads the schema of a file.
    pub fn open(path: &Path) -> Result<Self> {
        let reader = Reader::open(path)?;
        let schema = all(&reader).map_err(|e| e.at(path.display()))?.schema().clone();
        Ok(Self { path: path.to_owned(), schema, rows: reader.rows() })
    }
}

fn all(reader: &Reader<FileSource>) -> Result<ArrowReader<'_, FileSource>> {
    ArrowReader::new(reader, &Projection::all(reader.schema()))
}

fn read(file: &Reader<FileSource>, rows: Range<u64>) -> Result<Vec<RecordBatch>> {
    let reader = all(file)?;
    let batches = reader.scan(rows, BATCH_ROWS as usize)?.collect::<std::result::Result<_, _>>();
    batches.map_err(|e| wrap(ErrorKind::Corrupt, e))
}

impl Source for Gede {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let file = Reader::open(&self.path)?;
        let rows = file.rows();
        let ranges =
            (0..rows).step_by(BATCH_ROWS as usize).map(move |first| first..rows.min(first + BATCH_ROWS));
        let read = move |rows| match read(&file, rows) {
            Ok(batches) => batches.into_iter().map(Ok).collect(),
            Err(e) => vec![Err(e.at(self.path.display()))],
        };
        Ok(Box::new(ranges.flat_map(read)))
    }
}
