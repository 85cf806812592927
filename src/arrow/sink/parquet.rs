//! Record batches into Parquet, in types that other readers know.

use super::buffered::{BUFFER, File};
use crate::arrow::guard::quietly;
use crate::arrow::nesting::{item_of, unencoded};
use crate::arrow::parquet_types::{
    Coercion, Dates, annotated, hint_fields, leaf_annotation, notes, refusal, stored_fields, untimed_dates,
    with_leaves,
};
use crate::arrow::source::BatchSource;
use crate::arrow::source::Parquet as ParquetFile;
use crate::arrow::wrap;
use crate::error::{Error, ErrorKind, Result};
use crate::files::new_file::NewFile;
use crate::files::new_file::cannot_write;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowSchemaConverter, ArrowWriter, encode_arrow_schema};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

/// Bytes that a row group may hold in memory.
const GROUP_BYTES: usize = 64 << 20;

/// A Parquet file being written: zstd level 3, the Arrow schema beside it, and the schema's metadata as key-values.
pub(crate) struct Parquet {
    schema: SchemaRef,
    stored: SchemaRef,
    /// The columns of `Date64` that are stored as timestamps.
    timed: Dates,
    coercion: Coercion,
    /// True if the file may replace one.
    overwrite: bool,
    writer: ArrowWriter<File>,
}

impl Parquet {
    pub fn create(file: File, schema: &SchemaRef, overwrite: bool) -> Result<Self> {
        let refused = schema.fields().iter().find_map(|field| refusal(field, field.name()));
        match refused {
            Some(why) => Err(Error::new(ErrorKind::Type, why)),
            None => Self::with_dates(file, schema, Dates::new(), overwrite),
        }
    }

    fn with_dates(file: File, schema: &SchemaRef, timed: Dates, overwrite: bool) -> Result<Self> {
        let stored = Arc::new(Schema::new(stored_fields(schema.fields(), &timed)));
        let writer = guarded(|| Ok(writer(file, schema, &stored)?))?;
        Ok(Self { schema: schema.clone(), stored, timed, coercion: Coercion::default(), overwrite, writer })
    }

    /// Appends a batch. The file is rewritten if a column of dates turns out to have times.
    pub fn write(&mut self, batch: &RecordBatch, target: &Path) -> Result<()> {
        if batch.num_columns() == 0 && batch.num_rows() > 0 {
            return Err(Error::new(
                ErrorKind::Type,
                "Parquet holds no rows without columns; write Arrow IPC",
            ));
        }
        let mut timed = Dates::new();
        for (field, array) in self.schema.fields().iter().zip(batch.columns()) {
            timed.extend(untimed_dates(field, array, &self.timed)?);
        }
        if !timed.is_empty() {
            self.restart(timed, target)?;
        }
        self.append(batch)
    }

    fn append(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut columns = Vec::with_capacity(batch.num_columns());
        let fields = self.schema.fields().iter().zip(self.stored.fields());
        for ((field, stored), array) in fields.zip(batch.columns()) {
            columns.push(self.coercion.column(field, array, stored.data_type())?);
        }
        let writer = &mut self.writer;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        guarded(|| {
            writer.write(&RecordBatch::try_new_with_options(self.stored.clone(), columns, &rows)?)?;
            let full = writer.in_progress_size() + writer.memory_size() / 2 > GROUP_BYTES;
            if full {
                writer.flush()?;
            }
            Ok(())
        })?;
        self.coercion.passed(batch.num_rows());
        Ok(())
    }

    /// Writes what there is into a new file, with more columns of dates stored as timestamps.
    fn restart(&mut self, timed: Dates, target: &Path) -> Result<()> {
        let next = BufWriter::with_capacity(BUFFER, NewFile::create(target, self.overwrite)?);
        let timed = self.timed.iter().cloned().chain(timed).collect();
        let next = Self::with_dates(next, &self.schema, timed, self.overwrite)?;
        let before = std::mem::replace(self, next).finish(target)?;
        let written = ParquetFile::open(before.path())?;
        for batch in written.batches()? {
            self.append(&batch?)?;
        }
        Ok(())
    }

    /// A line for each column that other readers see differently.
    pub fn notes(&self) -> Vec<String> {
        let mut lines = notes(self.schema.fields(), "");
        lines.extend(self.coercion.notes());
        lines
    }

    /// Completes the file.
    pub fn finish(self, target: &Path) -> Result<NewFile<'static>> {
        let file = guarded(|| Ok(self.writer.into_inner()?))?;
        file.into_inner().map_err(|e| cannot_write(target, e.into_error()))
    }
}

/// Calls the `parquet` crate, which panics on some types.
fn guarded<T>(write: impl FnOnce() -> std::result::Result<T, ArrowError>) -> Result<T> {
    match quietly(write) {
        Ok(result) => result.map_err(|e| wrap(ErrorKind::Type, e)),
        Err(panic) => {
            let what = format!("the Arrow/Parquet library cannot write it: {panic}");
            Err(Error::new(ErrorKind::Type, what))
        }
    }
}

fn writer(
    file: File,
    schema: &SchemaRef,
    stored: &SchemaRef,
) -> std::result::Result<ArrowWriter<File>, ParquetError> {
    let mut leaves = Vec::new();
    schema.fields().iter().for_each(|field| push_leaves(field, &mut leaves));
    let parquet = with_leaves(&ArrowSchemaConverter::new().convert(stored)?, |at, leaf| {
        let annotation = leaves.get(at).and_then(|field| leaf_annotation(field));
        annotation.map(|(converted, logical)| annotated(leaf, converted, logical)).transpose()
    })?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_key_value_metadata(Some(key_values(schema)))
        .build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_parquet_schema(parquet)
        .with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(file, stored.clone(), options)
}

/// The fields of the leaves, in the order of Parquet's columns.
fn push_leaves<'a>(field: &'a Field, out: &mut Vec<&'a Field>) {
    match unencoded(field.data_type()) {
        DataType::Struct(fields) => fields.iter().for_each(|field| push_leaves(field, out)),
        data_type => match item_of(data_type) {
            Some(item) => push_leaves(item, out),
            None => out.push(field),
        },
    }
}

/// The schema's metadata in the order of keys, so that the same table is the same file, and the Arrow schema without it.
fn key_values(schema: &Schema) -> Vec<KeyValue> {
    let metadata = schema.metadata().iter().filter(|(key, _)| *key != ARROW_SCHEMA_META_KEY);
    let mut pairs: Vec<_> = metadata.map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    let hint = encode_arrow_schema(&Schema::new(hint_fields(schema.fields())));
    pairs.push(KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), hint));
    pairs
}
