//! A table as a Parquet file in memory.

use std::hint::black_box;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use gede::{Error, ErrorKind, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::WriterProperties;

use super::formats::Stored;
use super::rows::TableRow;
use super::set::TableSet;
use crate::storage::speed::passes;

/// Rows of a batch in a scan.
const BATCH: usize = 8192;

/// How the file is written.
#[derive(Clone, Copy)]
pub struct Way {
    pub what: &'static str,
    /// Not compressed if none.
    zstd: Option<i32>,
    /// Bytes of floats by place instead of dictionaries.
    split: bool,
    /// Rows of a page, if not as many as the writer likes.
    page_rows: Option<usize>,
}

/// The ways that are measured.
pub const WAYS: [Way; 5] = [
    Way { what: "zstd level 9", zstd: Some(9), split: false, page_rows: None },
    Way { what: "zstd level 9, byte stream split", zstd: Some(9), split: true, page_rows: None },
    Way { what: "zstd level 1", zstd: Some(1), split: false, page_rows: None },
    Way { what: "zstd level 1, pages of 1,024 rows", zstd: Some(1), split: false, page_rows: Some(1024) },
    Way { what: "plain, pages of 1,024 rows", zstd: None, split: false, page_rows: Some(1024) },
];

fn failed(error: impl Into<ParquetError>) -> Error {
    Error::new(ErrorKind::Argument, format!("Parquet: {}", error.into()))
}

/// Writes and reads a table, and compares.
pub fn measure(set: &TableSet, way: Way, blank: &TableRow) -> Result<TableRow> {
    let mut bytes = Vec::new();
    let stored = Stored::timed(|| {
        write(&set.batch, way, &mut bytes).map_err(failed)?;
        Ok(bytes.len() as u64)
    })?;
    let file = File::open(bytes.into()).map_err(failed)?;
    let mut row = 0;
    file.scan(&mut |part| {
        let same = part.columns() == set.batch.slice(row, part.num_rows()).columns();
        row += part.num_rows();
        if same { Ok(()) } else { Err(failed(ParquetError::General("a row came back otherwise".to_owned()))) }
    })?;
    let mut measured = stored.row(set, blank, "Parquet", way.what);
    let scan = passes(|| file.scan(&mut |part| black_box(Ok(part)).map(drop)))?;
    let take = passes(|| file.take(&set.some).map(|batch| drop(black_box(batch))).map_err(failed))?;
    measured.scan_ms = Some(scan.processor * 1e3);
    measured.random_row_us = Some(take.processor * 1e6 / set.some.len() as f64);
    Ok(measured)
}

fn write(batch: &RecordBatch, way: Way, out: &mut Vec<u8>) -> std::result::Result<(), ParquetError> {
    let compression = match way.zstd {
        Some(level) => Compression::ZSTD(ZstdLevel::try_new(level)?),
        None => Compression::UNCOMPRESSED,
    };
    let mut properties = WriterProperties::builder().set_compression(compression);
    if let Some(rows) = way.page_rows {
        // The limit is looked at after each batch of the writer.
        properties = properties.set_data_page_row_count_limit(rows).set_write_batch_size(rows);
    }
    for field in batch.schema_ref().fields().iter().filter(|_| way.split) {
        if field.data_type().is_numeric() {
            let column: parquet::schema::types::ColumnPath = field.name().as_str().into();
            properties = properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::BYTE_STREAM_SPLIT);
        }
    }
    let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties.build()))?;
    writer.write(batch)?;
    writer.close().map(drop)
}

/// A file whose metadata and page index were read.
struct File {
    bytes: bytes::Bytes,
    metadata: ArrowReaderMetadata,
}

impl File {
    fn open(bytes: bytes::Bytes) -> std::result::Result<Self, ParquetError> {
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        Ok(Self { metadata: ArrowReaderMetadata::load(&bytes, options)?, bytes })
    }

    fn reader(&self) -> ParquetRecordBatchReaderBuilder<bytes::Bytes> {
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.metadata.clone())
    }

    fn scan(&self, take: &mut dyn FnMut(RecordBatch) -> Result<()>) -> Result<()> {
        for batch in self.reader().with_batch_size(BATCH).build().map_err(failed)? {
            take(batch.map_err(failed)?)?;
        }
        Ok(())
    }

    /// Rows in any order: pages without one are not decoded.
    fn take(&self, rows: &[u64]) -> std::result::Result<RecordBatch, ParquetError> {
        let mut sorted: Vec<(usize, u32)> = rows.iter().map(|&row| row as usize).zip(0..).collect();
        sorted.sort_unstable();
        let all = self.metadata.metadata().file_metadata().num_rows() as usize;
        let ranges = sorted.iter().map(|&(row, _)| row..row + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, all);
        let reader = self.reader().with_row_selection(selection).with_batch_size(rows.len()).build()?;
        let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
        let batch = concat_batches(self.metadata.schema(), &batches)?;
        let mut places: Vec<(u32, u32)> = sorted.iter().map(|&(_, i)| i).zip(0..).collect();
        places.sort_unstable();
        let places: UInt32Array = places.into_iter().map(|(_, place)| place).collect();
        Ok(take_record_batch(&batch, &places)?)
    }
}
