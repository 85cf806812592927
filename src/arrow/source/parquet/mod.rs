//! Parquet files.

mod column_groups;
mod delta;
mod footer;
mod int96;
mod pages;
mod plan;
mod repeated;
mod thrift;

use super::{BatchSource, Guarded, RecordBatches, guarded, open};
use crate::arrow::expanded::fixed_bytes;
use crate::arrow::parquet_types::Restorer;
use crate::earned::room;
use crate::error::{Error, Result};
use arrow::datatypes::{Schema, SchemaRef};
use column_groups::ColumnGroups;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use plan::Plan;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a batch, about.
const BATCH_BYTES: usize = 4 << 20;
/// Rows of a batch; fewer where there are strings, which may be long and take next to nothing in the file.
const BATCH_ROWS: usize = 65_536;
const STRING_ROWS: usize = 2048;
const LEAST_ROWS: usize = 64;
/// Bytes of the strings of a batch that may all be the same one of a dictionary.
const STRING_BYTES: usize = 16 << 20;

/// A Parquet file. Its metadata is kept between passes, unless there are many files; pages are read one by one.
pub(crate) struct Parquet {
    path: PathBuf,
    schema: SchemaRef,
    rows: Option<u64>,
    batch_rows: usize,
    plan: Option<Arc<Plan>>,
}

impl Parquet {
    /// Reads the metadata of the file.
    pub fn open(path: &Path) -> Result<Self> {
        let plan = Plan::new(path, open(path)?)?;
        Ok(Self {
            path: path.to_owned(),
            schema: plan.schema.clone(),
            rows: u64::try_from(plan.metadata.metadata().file_metadata().num_rows()).ok(),
            batch_rows: batch_rows(&plan.metadata).min(plan.string_rows()),
            plan: Some(Arc::new(plan)),
        })
    }

    /// The batches of some columns, in ascending order, in the types of a schema, which are those of the columns.
    fn pass(&self, columns: &[usize], schema: SchemaRef) -> Result<RecordBatches<'_>> {
        let plan = match &self.plan {
            Some(plan) => plan.clone(),
            None => Arc::new(Plan::new(&self.path, open(&self.path)?)?),
        };
        let reader = self.reader(&plan, columns)?;
        if !plan.restores() {
            return Ok(reader);
        }
        let mut restorer = Restorer::new(schema, plan.hinted);
        let restore = move |batch: Result<_>| restorer.batch(&batch?).map_err(|e| e.at(self.path.display()));
        Ok(Box::new(reader.map(restore)))
    }

    fn reader(&self, plan: &Plan, columns: &[usize]) -> Result<RecordBatches<'_>> {
        let file = open(&self.path)?;
        let metadata = &plan.metadata;
        if let Some(wide) = ColumnGroups::new(&self.path, metadata, columns, plan.string_rows()) {
            return Ok(Box::new(Guarded::new(&self.path, wide)));
        }
        let build = || {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
            Ok(builder.with_batch_size(self.batch_rows).with_projection(mask).build()?)
        };
        let mut batches = Guarded::new(&self.path, guarded(&self.path, build)?);
        let strings = (plan.long_strings * self.batch_rows) as u64;
        let next = move || match room(strings) {
            Ok(()) => batches.next(),
            Err(e) => Some(Err(Error::io(format!("{}: cannot read a batch", self.path.display()), e))),
        };
        Ok(Box::new(std::iter::from_fn(next)))
    }
}

impl Plan {
    /// Most rows of a batch whose strings may be those of a dictionary.
    fn string_rows(&self) -> usize {
        (STRING_BYTES / self.long_strings.max(1)).max(1)
    }
}

/// Rows of a batch: by the bytes that they take in memory, not in the file, where values that repeat take none.
fn batch_rows(metadata: &ArrowReaderMetadata) -> usize {
    let groups = metadata.metadata().row_groups();
    let rows: i64 = groups.iter().map(|g| g.num_rows().max(0)).fold(0, i64::saturating_add);
    let bytes: i64 = groups.iter().map(|g| g.total_byte_size().max(0)).fold(0, i64::saturating_add);
    let encoded = usize::try_from(bytes.checked_div(rows).unwrap_or(1)).unwrap_or(usize::MAX);
    let fixed: Vec<_> = metadata.schema().fields().iter().map(|f| fixed_bytes(f.data_type())).collect();
    let decoded: usize = fixed.iter().flatten().sum();
    let most = if fixed.contains(&None) { STRING_ROWS } else { BATCH_ROWS };
    (BATCH_BYTES / encoded.max(decoded).max(1)).clamp(LEAST_ROWS, most)
}

impl BatchSource for Parquet {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        self.rows
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let columns: Vec<usize> = (0..self.schema.fields().len()).collect();
        self.pass(&columns, self.schema.clone())
    }

    fn project(&self, mut columns: Vec<usize>) -> Result<RecordBatches<'_>> {
        columns.sort_unstable();
        let fields: Vec<_> = columns.iter().map(|&column| self.schema.fields()[column].clone()).collect();
        let schema = Schema::new_with_metadata(fields, self.schema.metadata().clone());
        self.pass(&columns, Arc::new(schema))
    }

    fn forget(&mut self) {
        self.plan = None;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int8Array, ListArray, RecordBatch, StringArray};
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::Field;
    use parquet::arrow::ArrowWriter;
    use parquet::file::metadata::ParquetMetaDataReader;
    use parquet::file::properties::{WriterProperties, WriterVersion};

    /// Bytes of the longest row of a file of lists of so many items each.
    fn longest(items: ArrayRef, lengths: &[usize], version: WriterVersion) -> usize {
        let item = Arc::new(Field::new_list_field(items.data_type().clone(), true));
        let lists = ListArray::new(item, OffsetBuffer::from_lengths(lengths.iter().copied()), items, None);
        let batch = RecordBatch::try_from_iter([("l", Arc::new(lists) as ArrayRef)]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let properties = WriterProperties::builder().set_writer_version(version).build();
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        Plan::new(&path, open(&path).unwrap()).unwrap().long_strings
    }

    #[test]
    fn rows_are_those_of_the_row_groups() {
        let numbers: ArrayRef = Arc::new(Int8Array::from(vec![1, 2, 3]));
        let batch = RecordBatch::try_from_iter([("x", numbers)]).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let rows = |bytes: &[u8]| -> usize {
            std::fs::write(&path, bytes).unwrap();
            let file = Parquet::open(&path).unwrap();
            assert_eq!(file.rows(), Some(3));
            file.batches().unwrap().map(|batch| batch.unwrap().num_rows()).sum()
        };
        assert_eq!(rows(&bytes), 3);
        // The footer says 3 more than once, as an i64 behind a header of its field.
        let mut lies = (0..bytes.len() - 1).filter(|&at| bytes[at..at + 2] == [0x16, 6]).filter_map(|at| {
            let mut lie = bytes.clone();
            lie[at + 1] = 0;
            std::fs::write(&path, &lie).unwrap();
            let metadata = ParquetMetaDataReader::new().parse_and_finish(&open(&path).unwrap()).ok()?;
            let said = (metadata.file_metadata().num_rows(), metadata.row_group(0).num_rows());
            (said == (0, 3)).then_some(lie)
        });
        let lie = lies.next_back().unwrap();
        assert_eq!(rows(&lie), 3);
    }

    #[test]
    fn the_longest_list_bounds_the_rows_that_are_read_at_once() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let many = 6_000_000;
            let numbers: ArrayRef = Arc::new(Int8Array::from(vec![7; many]));
            assert_eq!(longest(numbers.clone(), &[3, many - 10, 0, 7], version), 12 * (many - 10));
            // Few lists are of their average length; an empty one has a level, too.
            assert_eq!(longest(numbers.slice(0, 8), &[0, 8], version), 9 * 12 / 2);
            let word = "a word of some length ".repeat(1000);
            let words: ArrayRef = Arc::new(StringArray::from(vec![word.as_str(); 9]));
            assert_eq!(longest(words, &[1, 5, 3], version), 5 * (16 + word.len()));
        }
    }
}
