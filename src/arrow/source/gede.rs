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

/// Rows of a gede file, opened for each pass: an input may have more files than a process may have open.
pub(in crate::arrow) struct Gede {
    path: PathBuf,
    schema: SchemaRef,
    projection: Projection,
    rows: Vec<Range<u64>>,
}

impl Gede {
    /// Reads the schema of a file, all of whose rows and columns are read.
    pub fn open(path: &Path) -> Result<Self> {
        let file = Reader::open(path)?;
        Self::new(path, &file, Projection::all(file.schema()), vec![0..file.rows()])
    }

    /// Some rows and columns of a file.
    pub fn part(path: &Path, columns: &Projection, rows: &[Range<u64>]) -> Result<Self> {
        Self::new(path, &Reader::open(path)?, columns.clone(), rows.to_vec())
    }

    fn new(
        path: &Path,
        file: &Reader<FileSource>,
        projection: Projection,
        rows: Vec<Range<u64>>,
    ) -> Result<Self> {
        let reader = ArrowReader::new(file, &projection).map_err(|e| e.at(path.display()))?;
        let schema = reader.schema().clone();
        Ok(Self { path: path.to_owned(), schema, projection, rows })
    }

    fn read(&self, file: &Reader<FileSource>, rows: Range<u64>) -> Result<Vec<RecordBatch>> {
        let reader = ArrowReader::new(file, &self.projection)?;
        let batches = reader.scan(rows, BATCH_ROWS as usize)?.collect::<std::result::Result<_, _>>();
        batches.map_err(|e| wrap(ErrorKind::Corrupt, e))
    }
}

impl Source for Gede {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows.iter().map(|rows| rows.end - rows.start).sum())
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let file = Reader::open(&self.path)?;
        let cut = |rows: &Range<u64>| {
            let Range { start, end } = *rows;
            (start..end).step_by(BATCH_ROWS as usize).map(move |first| first..end.min(first + BATCH_ROWS))
        };
        let read = move |rows| match self.read(&file, rows) {
            Ok(batches) => batches.into_iter().map(Ok).collect(),
            Err(e) => vec![Err(e.at(self.path.display()))],
        };
        Ok(Box::new(self.rows.iter().flat_map(cut).flat_map(read)))
    }
}
