//! Parquet files.

use super::{Guarded, RecordBatches, Source, guarded, open};
use crate::error::Result;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use std::path::{Path, PathBuf};

/// Bytes of a batch, about.
const BATCH_BYTES: i64 = 4 << 20;

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
        let groups = metadata.metadata().row_groups();
        let rows: i64 = groups.iter().map(|g| g.num_rows().max(0)).fold(0, i64::saturating_add);
        let bytes: i64 = groups.iter().map(|g| g.total_byte_size().max(0)).fold(0, i64::saturating_add);
        let row_bytes = bytes.checked_div(rows).unwrap_or(1).max(1);
        let batch_rows = (BATCH_BYTES / row_bytes).clamp(64, 65_536) as usize;
        Ok(Self { path: path.to_owned(), metadata, batch_rows })
    }

    fn reader(&self, columns: Option<Vec<usize>>) -> Result<Guarded<ParquetRecordBatchReader>> {
        let file = open(&self.path)?;
        let build = || {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
            let mask = match columns {
                Some(columns) => ProjectionMask::roots(builder.parquet_schema(), columns),
                None => ProjectionMask::all(),
            };
            Ok(builder.with_batch_size(self.batch_rows).with_projection(mask).build()?)
        };
        Ok(Guarded::new(&self.path, guarded(&self.path, build)?))
    }
}

impl Source for Parquet {
    fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    fn rows(&self) -> Option<u64> {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).ok()
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        Ok(Box::new(self.reader(None)?))
    }

    fn project(&self, columns: Vec<usize>) -> Result<RecordBatches<'_>> {
        Ok(Box::new(self.reader(Some(columns))?))
    }
}
