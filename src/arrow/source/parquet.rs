//! Parquet files.

use super::column_groups::{ColumnGroups, fixed_bytes};
use super::{Guarded, RecordBatches, Source, guarded, open};
use crate::error::Result;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use std::path::{Path, PathBuf};

/// Bytes of a batch, about.
const BATCH_BYTES: usize = 4 << 20;
/// Rows of a batch; fewer where there are strings, which may be long and take next to nothing in the file.
const BATCH_ROWS: usize = 65_536;
const STRING_ROWS: usize = 2048;
const LEAST_ROWS: usize = 64;

/// A Parquet file. Its metadata is kept between passes; pages are read one by one.
pub(in crate::arrow) struct Parquet {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    batch_rows: usize,
}

impl Parquet {
    /// Reads the metadata of the file.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open(path)?;
        let load = || Ok(ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?);
        let metadata = guarded(path, load)?;
        let batch_rows = batch_rows(&metadata);
        Ok(Self { path: path.to_owned(), metadata, batch_rows })
    }

    fn reader(&self, columns: Option<Vec<usize>>) -> Result<RecordBatches<'_>> {
        let file = open(&self.path)?;
        let columns = columns.unwrap_or_else(|| (0..self.metadata.schema().fields().len()).collect());
        if let Some(wide) = ColumnGroups::new(&self.path, &self.metadata, &columns) {
            return Ok(Box::new(Guarded::new(&self.path, wide)));
        }
        let build = || {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
            Ok(builder.with_batch_size(self.batch_rows).with_projection(mask).build()?)
        };
        Ok(Box::new(Guarded::new(&self.path, guarded(&self.path, build)?)))
    }
}

/// Rows of a batch: by the bytes that they take in memory, not in the file, where values that repeat take none.
fn batch_rows(metadata: &ArrowReaderMetadata) -> usize {
    let groups = metadata.metadata().row_groups();
    let rows: i64 = groups.iter().map(|g| g.num_rows().max(0)).fold(0, i64::saturating_add);
    let bytes: i64 = groups.iter().map(|g| g.total_byte_size().max(0)).fold(0, i64::saturating_add);
    let encoded = usize::try_from(bytes.checked_div(rows).unwrap_or(1)).unwrap_or(usize::MAX);
    let fixed = metadata.schema().fields().iter().map(|f| fixed_bytes(f.data_type()));
    let decoded: usize = fixed.clone().flatten().sum();
    let most = if fixed.clone().any(|bytes| bytes.is_none()) { STRING_ROWS } else { BATCH_ROWS };
    (BATCH_BYTES / encoded.max(decoded).max(1)).clamp(LEAST_ROWS, most)
}

impl Source for Parquet {
    fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    fn rows(&self) -> Option<u64> {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).ok()
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        self.reader(None)
    }

    fn project(&self, columns: Vec<usize>) -> Result<RecordBatches<'_>> {
        self.reader(Some(columns))
    }
}
