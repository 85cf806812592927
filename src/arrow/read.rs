//! Record batches out of a file.

use std::ops::Range;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchReader};

use super::export::Exporter;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::read::Predicate;
use crate::read::Projection;
use crate::read::Scan;
use crate::read::reader::Reader;

/// Some columns of a file as record batches of their original types.
///
/// ```no_run
/// use gede::{Reader, arrow::ArrowReader, read::Projection};
///
/// let file = Reader::open("t.gede")?;
/// let rows = ArrowReader::new(&file, &Projection::columns(file.schema(), &["x", "y"])?)?;
/// let batch = rows.take(&[5, 3, 3])?;
/// assert_eq!(batch.num_rows(), 3);
/// # Ok::<(), gede::Error>(())
/// ```
pub struct ArrowReader<'a, S> {
    reader: &'a Reader<S>,
    exporter: Exporter,
}

debug_fields!(['a, S] ArrowReader { reader });

impl<'a, S: ByteSource> ArrowReader<'a, S> {
    /// Reads the columns of a projection.
    ///
    /// # Errors
    /// `Corrupt` if the stored Arrow schema or a dictionary is damaged.
    pub fn new(reader: &'a Reader<S>, projection: &Projection) -> Result<Self> {
        let missing = || Error::corrupt("a column names a dictionary that it does not have");
        let mut bytes = 0;
        let dictionary = |node| {
            // Many columns may name the same bytes.
            bytes += u128::from(reader.dictionary_bytes(node)?);
            earned::check("the dictionaries of its columns", bytes, reader.file_length())?;
            reader.dictionary(node)?.ok_or_else(missing)
        };
        let exporter = Exporter::new(reader.schema(), reader.arrow_schema(), projection, dictionary)?;
        Ok(Self { reader, exporter })
    }

    /// The schema of the record batches.
    pub fn schema(&self) -> &SchemaRef {
        self.exporter.schema()
    }

    /// Rows in any order, repeated as often as asked.
    ///
    /// # Errors
    /// As `Reader::take`.
    pub fn take(&self, rows: &[u64]) -> Result<RecordBatch> {
        self.exporter.batch(self.reader.take(rows, self.exporter.projection())?)
    }

    /// Rows in table order, a batch at a time.
    ///
    /// # Errors
    /// As `Reader::scan`.
    pub fn scan(&self, rows: Range<u64>, batch_rows: usize) -> Result<ArrowScan<'_, S>> {
        let scan = self.reader.scan(self.exporter.projection(), rows, batch_rows)?;
        Ok(ArrowScan { exporter: &self.exporter, scan })
    }
}

/// The record batches of a range of rows.
pub struct ArrowScan<'a, S> {
    exporter: &'a Exporter,
    scan: Scan<'a, S>,
}

debug_fields!(['a, S] ArrowScan { scan });

impl<S: ByteSource> ArrowScan<'_, S> {
    /// The same rows as far as they pass a condition.
    ///
    /// # Errors
    /// As [`Scan::filter`].
    pub fn filter(self, predicate: &Predicate) -> Result<Self> {
        Ok(Self { scan: self.scan.filter(predicate)?, ..self })
    }
}

impl<S: ByteSource> Iterator for ArrowScan<'_, S> {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.scan.next()?.and_then(|b| self.exporter.batch(b));
        Some(batch.map_err(|e| ArrowError::ExternalError(Box::new(e))))
    }
}

impl<S: ByteSource> RecordBatchReader for ArrowScan<'_, S> {
    fn schema(&self) -> SchemaRef {
        self.exporter.schema().clone()
    }
}
