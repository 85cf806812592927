//! Limits on the size of the rows that a command reads, relative to the file. Equal rows take no bytes, so that a file of a
//! kilobyte may hold more rows than any disk has room for.

use super::{misuse, row_bytes_of};
use arrow::array::{Array, AsArray};
use arrow::record_batch::RecordBatch;
use gede::column::{Batch, Schema, Values};
use gede::internal::plain_bytes;
use gede::read::ByteSource;
use gede::write::{Batches, Table};
use gede::{Reader, Result};

/// Times its own bytes that a file may become without being asked for.
const TIMES: u128 = 1000;
/// Or so many bytes written to a file of another format.
const OUTPUT: u128 = 1_000_000_000;
/// Or so many bytes decoded to be trained on or sampled: all of it may be kept in memory.
const WORK: u128 = 32 << 20;
/// Or so many bytes encoded again, which takes several times their memory.
const ENCODED: u128 = 8 << 20;

#[derive(clap::Args, Clone, Copy, Debug, Default, PartialEq)]
pub struct Large {
    /// Accept a file whose rows take more than 1,000 times its bytes
    #[arg(long)]
    large: bool,
}

/// Bytes that may come of a file, and how many have.
pub struct Measure {
    most: u128,
    file: u128,
    bytes: u128,
}

impl Large {
    /// The measure of an output of a file of so many bytes.
    pub fn output(self, file: u64) -> Measure {
        self.measure(file, OUTPUT)
    }

    /// The measure of other work on it.
    pub fn work(self, file: u64) -> Measure {
        self.measure(file, WORK)
    }

    /// Holds all rows of a file against the measure of work.
    ///
    /// # Errors
    /// As `Measure::add`.
    pub fn whole<S: ByteSource>(self, reader: &Reader<S>) -> Result<()> {
        self.work(reader.file_length()).rows(reader, &all(reader.schema()), reader.rows()).map(drop)
    }

    fn measure(self, file: u64, free: u128) -> Measure {
        let file = u128::from(file);
        let most = if self.large { u128::MAX } else { free.max(TIMES * file) };
        Measure { most, file, bytes: 0 }
    }
}

impl Measure {
    /// Adds bytes.
    ///
    /// # Errors
    /// `Argument` for more than may be.
    pub fn add(&mut self, bytes: u128) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= self.most {
            return Ok(());
        }
        let Self { file, bytes, .. } = self;
        Err(misuse(format!(
            "its rows take {bytes} bytes or more, out of proportion to the {file} bytes that hold them; --large goes on \
             all the same"
        )))
    }

    /// Holds so many rows of some columns against the measure, before any is read.
    ///
    /// # Errors
    /// As `add`.
    pub fn rows<S: ByteSource>(mut self, reader: &Reader<S>, nodes: &[usize], rows: u64) -> Result<Self> {
        // A row without a value is work all the same.
        let schema = reader.schema();
        let row = nodes.iter().map(|&n| row_bytes_of(&schema.nodes()[n]) as u128).sum::<u128>().max(1);
        // Of the items of some rows the mean is known.
        let items: u128 = nodes.iter().map(|&node| reader.list_bytes(node)).sum();
        let items = items / u128::from(reader.rows().max(1)) * u128::from(rows);
        let before = self.bytes;
        self.add((u128::from(rows) * row).saturating_add(items))?;
        self.bytes = before;
        Ok(self)
    }
}

/// All columns.
pub fn all(schema: &Schema) -> Vec<usize> {
    (0..schema.nodes().len()).collect()
}

/// Bytes of a batch as it is written; `plain` if dictionaries are written out for every row.
pub fn batch_bytes(batch: &RecordBatch, plain: bool) -> u128 {
    let bytes = if plain {
        plain_bytes(batch)
    } else {
        batch.columns().iter().map(|column| kept_bytes(column.as_ref())).sum()
    };
    bytes.max(1)
}

fn kept_bytes(array: &dyn Array) -> u128 {
    match array.as_any_dictionary_opt() {
        Some(dictionary) => dictionary.keys().to_data().get_slice_memory_size().unwrap_or(0) as u128,
        None => array.to_data().get_slice_memory_size().unwrap_or(0) as u128,
    }
}

/// A table whose batches are measured as they are read.
pub struct Measured<'a> {
    pub table: &'a dyn Table,
    pub large: Large,
    pub file: u64,
}

impl Table for Measured<'_> {
    fn schema(&self) -> &Schema {
        self.table.schema()
    }

    fn arrow_schema(&self) -> Option<&[u8]> {
        self.table.arrow_schema()
    }

    fn dictionaries(&self) -> &[(usize, Values)] {
        self.table.dictionaries()
    }

    fn rows(&self) -> Option<u64> {
        self.table.rows()
    }

    fn batches(&self) -> Result<Batches<'_>> {
        let mut measure = self.large.measure(self.file, ENCODED);
        let bytes = |batch: &Batch| batch.columns.iter().map(|c| c.values.bytes() as u128).sum::<u128>();
        Ok(Box::new(self.table.batches()?.map(move |batch| {
            let batch = batch?;
            measure.add(bytes(&batch))?;
            Ok(batch)
        })))
    }
}
