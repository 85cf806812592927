//! Record batches that come once, into a file.

use super::kept_dictionaries::{Collected, add, without_order};
use super::message::lasting_message;
use super::pieces::Pieces;
use super::schema::physical_schema;
use crate::error::{Error, Result};
use crate::write::writer::Writer;
use crate::write::{BatchWriter, Options, Report};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use std::fmt;
use std::path::Path;

/// Writes record batches that come one by one and once. The file appears with [`finish`](Self::finish); dropped before,
/// it leaves nothing.
///
/// Values of dictionary columns are kept, the order of their dictionaries is not: an [`ArrowTable`](super::ArrowTable)
/// keeps it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use gede::{Writer, arrow::ArrowWriter, write::Options};
/// # let folder = gede::internal::TemporaryFolder::new(&std::env::temp_dir())?;
/// # let path = folder.path().join("t.gede");
/// # let column = std::sync::Arc::new(arrow::array::Int32Array::from(vec![1, 2, 3]));
/// # let batches = [arrow::array::RecordBatch::try_from_iter([("x", column as arrow::array::ArrayRef)])?];
/// # let schema = batches[0].schema();
/// let mut writer = ArrowWriter::new(&path, &schema, Options::default())?;
/// for batch in &batches {
///     writer.push(batch)?;
/// }
/// assert_eq!(writer.finish()?.rows, 3);
/// # Ok(())
/// # }
/// ```
pub struct ArrowWriter {
    schema: SchemaRef,
    pieces: Pieces,
    dictionaries: Vec<Collected>,
    stream: BatchWriter,
}

impl ArrowWriter {
    /// Starts a file of batches of a schema.
    ///
    /// # Errors
    /// `Type` for a column of a type that the format does not hold; those of [`Writer::stream`].
    pub fn new(path: impl AsRef<Path>, schema: &SchemaRef, options: Options) -> Result<Self> {
        Self::with_writer(path, schema, Writer::new(options))
    }

    /// As `new`, by a writer with a progress callback.
    ///
    /// # Errors
    /// As `new`.
    pub fn with_writer(path: impl AsRef<Path>, schema: &SchemaRef, writer: Writer<'static>) -> Result<Self> {
        let physical = physical_schema(schema)?;
        let message = lasting_message(schema, &physical)?;
        let (pieces, dictionaries) = (Pieces::new(&physical), without_order(schema.fields(), &physical));
        let stream = writer.stream_with(path.as_ref(), physical, message)?;
        Ok(Self { schema: schema.clone(), pieces, dictionaries, stream })
    }

    /// Appends the rows of a batch.
    ///
    /// # Errors
    /// `Argument` for a batch of another schema, and `Input` for dictionaries that together have more values than their
    /// keys can name: such batches are not written. After other errors the file is given up.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.schema_ref().fields() != self.schema.fields() {
            return Err(Error::argument("a batch has another schema than the file it is written to"));
        }
        let mut dictionaries = self.dictionaries.iter_mut();
        batch.columns().iter().try_for_each(|column| add(column.as_ref(), &mut dictionaries))?;
        self.pieces.put(batch.clone());
        let stream = &mut self.stream;
        let pushed = self.pieces.try_for_each(|piece| stream.push(piece?));
        // Some pieces of the batch may be written already.
        pushed.inspect_err(|_| stream.give_up())
    }

    /// The schema of the batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Ends the rows and gives the file its name.
    ///
    /// # Errors
    /// As [`BatchWriter::finish`].
    pub fn finish(self) -> Result<Report> {
        self.stream.finish()
    }
}

impl fmt::Debug for ArrowWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrowWriter").field("schema", &self.schema).finish_non_exhaustive()
    }
}
