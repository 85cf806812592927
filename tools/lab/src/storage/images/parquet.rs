//! A whole set as one Parquet file: images as bytes of fixed length, one a row.

use std::fs::File;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeBinaryArray};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use cpu_time::ProcessTime;
use gede::{Error, ErrorKind, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::peers::Coded;
use super::sets::ImageSet;
use crate::storage::speed::passes;

pub const WHAT: &str = "one file in order, zstd level 9 (images as bytes of fixed length)";

const LEVEL: i32 = 9;

/// Rows read at a time.
const BATCH: usize = 1024;

fn failed(error: ParquetError) -> Error {
    Error::new(ErrorKind::Argument, format!("Parquet: {error}"))
}

/// Writes and reads a set, and compares.
pub fn measure(set: &ImageSet, path: &Path) -> Result<Coded> {
    let batch = batch(set).map_err(|e| failed(e.into()))?;
    let begun = ProcessTime::now();
    write(&batch, path).map_err(failed)?;
    let encode_seconds = begun.elapsed().as_secs_f64();
    let mut row = 0;
    scan(path, &mut |part| {
        let same = part.columns() == batch.slice(row, part.num_rows()).columns();
        row += part.num_rows();
        if same { Ok(()) } else { Err(failed(ParquetError::General("a row came back otherwise".to_owned()))) }
    })?;
    let decode = passes(|| {
        scan(path, &mut |part| {
            black_box(part);
            Ok(())
        })
    })?;
    let bytes = std::fs::metadata(path).map_err(|e| Error::io(path.display(), e))?.len();
    Ok(Coded { images: set.len(), bytes, encode_seconds, decode })
}

/// The set's images as plain bytes, and its labels.
fn batch(set: &ImageSet) -> std::result::Result<RecordBatch, ArrowError> {
    let length = set.shape.values() as i32;
    let images = FixedSizeBinaryArray::try_new(length, Buffer::from(set.pixels.clone()), None)?;
    let field = Arc::new(Field::new(set.field().name(), DataType::FixedSizeBinary(length), false));
    let fields: Vec<Arc<Field>> =
        [field].into_iter().chain(set.labels.schema_ref().fields().iter().cloned()).collect();
    let images: ArrayRef = Arc::new(images);
    let columns = [images].into_iter().chain(set.labels.columns().iter().cloned()).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn write(batch: &RecordBatch, path: &Path) -> std::result::Result<(), ParquetError> {
    let image = batch.schema_ref().field(0).name().as_str();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_column_dictionary_enabled(image.into(), false)
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.close().map(drop)
}

fn scan(path: &Path, take: &mut dyn FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
    let file = File::open(path).map_err(|e| Error::io(path.display(), e))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
    for batch in reader.with_batch_size(BATCH).build().map_err(failed)? {
        let batch = batch.map_err(|e| failed(e.into()))?;
        take(&batch)?;
    }
    Ok(())
}
