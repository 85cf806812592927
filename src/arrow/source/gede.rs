//! gede files.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{BatchSource, RecordBatches};
use crate::arrow::expanded::slice_bytes;
use crate::arrow::{ArrowReader, wrap};
use crate::error::{ErrorKind, Result};
use crate::files::byte_source::FileSource;
use crate::read::Projection;
use crate::read::reader::Reader;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

/// Rows, and bytes about, that are read at a time.
const BATCH_ROWS: u64 = 1 << 14;
const BATCH_BYTES: usize = 8 << 20;

/// Rows of a gede file, opened for each pass: an input may have more files than a process may have open.
pub(crate) struct Gede {
    path: PathBuf,
    schema: SchemaRef,
    projection: Projection,
    rows: Vec<Range<u64>>,
}

impl Gede {
    /// Reads the schema of a file, all of whose rows and columns are read.
    pub fn open(path: &Path) -> Result<Self> {
        let file = Reader::open(path)?;
        let rows = 0..file.rows();
        Self::new(path, &file, Projection::all(file.schema()).with_large_lists(), std::slice::from_ref(&rows))
    }

    /// Some rows and columns of a file.
    pub fn part(path: &Path, columns: &Projection, rows: &[Range<u64>]) -> Result<Self> {
        Self::new(path, &Reader::open(path)?, columns.clone(), rows)
    }

    fn new(
        path: &Path,
        file: &Reader<FileSource>,
        projection: Projection,
        rows: &[Range<u64>],
    ) -> Result<Self> {
        let reader = ArrowReader::new(file, &projection).map_err(|e| e.at(path.display()))?;
        let schema = reader.schema().clone();
        Ok(Self { path: path.to_owned(), schema, projection, rows: rows.to_vec() })
    }

    /// The batches that begin with a range of rows, fewer rows if their strings are long, and the row after them.
    fn read(&self, file: &Reader<FileSource>, rows: &Range<u64>) -> Result<(Vec<RecordBatch>, u64)> {
        let reader = ArrowReader::new(file, &self.projection)?;
        let (mut batches, mut next, mut bytes) = (Vec::new(), rows.start, 0);
        let end = rows.end.min(rows.start + BATCH_ROWS);
        for batch in reader.scan(rows.start..end, BATCH_ROWS as usize)? {
            let batch = batch.map_err(|e| wrap(ErrorKind::Corrupt, e))?;
            next += batch.num_rows() as u64;
            bytes += batch.columns().iter().map(slice_bytes).sum::<usize>();
            batches.push(batch);
            if bytes > BATCH_BYTES {
                break;
            }
        }
        Ok((batches, next))
    }
}

impl BatchSource for Gede {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows.iter().map(|rows| rows.end - rows.start).sum())
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let file = Reader::open(&self.path)?;
        let mut rest: VecDeque<Range<u64>> =
            self.rows.iter().filter(|rows| !rows.is_empty()).cloned().collect();
        let read = move || {
            let rows = rest.pop_front()?;
            Some(match self.read(&file, &rows) {
                Ok((batches, next)) => {
                    if next < rows.end {
                        rest.push_front(next..rows.end);
                    }
                    batches.into_iter().map(Ok).collect::<Vec<_>>()
                }
                Err(e) => {
                    rest.clear();
                    vec![Err(e.at(self.path.display()))]
                }
            })
        };
        Ok(Box::new(std::iter::from_fn(read).flatten()))
    }
}
