//! Tables in memory.

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use gede::arrow::ArrowTable;
use gede::train::permutation;
use gede::write::Table;
use gede::{Error, ErrorKind, Result};

use crate::storage::places::Place;

/// Random rows taken at a time.
const TAKEN: usize = 1000;

/// A table.
pub struct TableSet {
    pub name: String,
    pub batch: RecordBatch,
    /// As `TableRow::raw_bytes`.
    pub raw_bytes: u64,
    /// Different rows, in random order.
    pub some: Vec<u64>,
}

impl TableSet {
    /// Reads a table, or its first rows.
    ///
    /// # Errors
    /// `Type` for columns that are neither numbers nor strings; whatever keeps it from being read.
    pub fn load(place: &Place, first: Option<usize>) -> Result<Self> {
        let batches = place.batches(first)?;
        let wrong = |e: ArrowError| Error::new(ErrorKind::Type, format!("{}: {e}", place.path.display()));
        let batch = concat_batches(&place.schema(), &batches).map_err(wrong)?;
        let mut raw_bytes = 0;
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            raw_bytes += match (field.data_type(), field.data_type().primitive_width()) {
                (_, Some(width)) if place.is_generated() => width * batch.num_rows(),
                (DataType::Boolean, _) | (_, Some(_)) => 8 * batch.num_rows(),
                _ => {
                    let strings = cast(column, &DataType::LargeUtf8).map_err(wrong)?;
                    strings.as_string::<i64>().iter().flatten().map(str::len).sum::<usize>()
                        + 4 * batch.num_rows()
                }
            } as u64;
        }
        let some = permutation(batch.num_rows(), 0).into_iter().take(TAKEN).map(|row| row as u64).collect();
        Ok(Self { name: place.name.clone(), batch, raw_bytes, some })
    }

    /// Its schema.
    pub fn schema(&self) -> SchemaRef {
        self.batch.schema()
    }

    /// The source of a gede file.
    ///
    /// # Errors
    /// As [`ArrowTable::from_batches`].
    pub fn table(&self) -> Result<impl Table + use<>> {
        ArrowTable::from_batches(self.schema(), vec![self.batch.clone()])
    }
}
