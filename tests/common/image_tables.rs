//! Sets of images as tables in memory: read, looked at and written.
#![allow(dead_code)]

use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use gede::arrow::{ArrowFileWriter, ArrowTable, ImageInput, image_shape};

pub fn all(table: &ArrowTable) -> gede::Result<RecordBatch> {
    let batches = table.record_batches()?.collect::<gede::Result<Vec<_>>>()?;
    Ok(concat_batches(table.arrow(), &batches).unwrap())
}

pub fn try_read(path: impl AsRef<Path>, input: &ImageInput) -> gede::Result<RecordBatch> {
    all(&ArrowTable::open_with(path, &input.clone().into())?)
}

pub fn read(path: impl AsRef<Path>) -> RecordBatch {
    try_read(path, &ImageInput::default()).unwrap()
}

/// Why an input is refused, on one line.
pub fn refused(path: impl AsRef<Path>, input: &ImageInput) -> String {
    let error = try_read(path, input).unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
    error.to_string()
}

pub fn shape(batch: &RecordBatch) -> (u8, u32, u32) {
    let field = batch.schema().fields().iter().find_map(|f| image_shape(f)).unwrap();
    assert!(!field.interleaved);
    (field.channels, field.height, field.width)
}

pub fn pixels(batch: &RecordBatch) -> Vec<u8> {
    let schema = batch.schema();
    let column = schema.fields().iter().position(|f| image_shape(f).is_some()).unwrap();
    let list = batch.column(column).as_fixed_size_list();
    list.values().as_primitive::<UInt8Type>().values().to_vec()
}

pub fn numbers(batch: &RecordBatch, column: &str) -> Vec<i64> {
    let column = cast(batch.column_by_name(column).unwrap(), &DataType::Int64).unwrap();
    column.as_primitive::<Int64Type>().values().to_vec()
}

pub fn names(batch: &RecordBatch) -> serde_json::Value {
    let names = batch.schema().metadata().get("class_names").cloned();
    names.map_or(serde_json::Value::Null, |json| serde_json::from_str(&json).unwrap())
}

/// A table in a Parquet file.
pub fn parquet(path: &Path, schema: Schema, columns: Vec<ArrayRef>) {
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let mut sink = ArrowFileWriter::create(path, &batch.schema(), true).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
}
