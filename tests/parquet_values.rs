//! Parquet files of others: every value right, or the column refused by name.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/arrow_tables.rs"]
mod arrow_tables;

use arrow::array::*;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use arrow_tables::*;
use gede::arrow::{ArrowReader, ArrowTable};
use gede::read::Projection;
use gede::write::Options;
use gede::{ErrorKind, Reader, Writer};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType as ParquetType, FixedLenByteArray};
use parquet::data_type::{FixedLenByteArrayType, Int96, Int96Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of one row group, of a schema and key-values.
fn parquet(
    path: &Path,
    schema: &str,
    pairs: Option<Vec<KeyValue>>,
    mut columns: impl FnMut(&mut SerializedRowGroupWriter<'_, std::fs::File>),
) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_compression(Compression::UNCOMPRESSED);
    let properties = Arc::new(properties.set_key_value_metadata(pairs).build());
    let file = std::fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    columns(&mut group);
    group.close().unwrap();
    writer.close().unwrap();
}

fn column<T: ParquetType>(
    group: &mut SerializedRowGroupWriter<'_, std::fs::File>,
    values: &[T::T],
    levels: Option<&[i16]>,
) {
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(values, levels, None).unwrap();
    column.close().unwrap();
}

fn interval(months: u32, days: u32, millis: u32) -> FixedLenByteArray {
    let bytes = [months, days, millis].map(u32::to_le_bytes).concat();
    FixedLenByteArray::from(ByteArray::from(bytes))
}

fn int96(day: i64, nanos: u64) -> Int96 {
    let mut value = Int96::new();
    value.set_data(nanos as u32, (nanos >> 32) as u32, (day + 2_440_588) as u32);
    value
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Why a file is refused: when it is opened, or when its batches are read.
    fn refused(&self, name: &str) -> String {
        let read = ArrowTable::open(self.path(name)).and_then(|table| {
            let batches = table.record_batches()?.collect::<gede::Result<Vec<RecordBatch>>>()?;
            Ok(batches.len())
        });
        let message = read.unwrap_err().to_string();
        assert!(message.contains(name) && !message.contains('\n'), "{message}");
        message
    }
}

const INTERVALS: &str = "message m {
    OPTIONAL FIXED_LEN_BYTE_ARRAY(12) i (INTERVAL);
    REQUIRED GROUP g { REQUIRED FIXED_LEN_BYTE_ARRAY(12) j (INTERVAL); }
}";

#[test]
fn intervals_keep_their_months() {
    let folder = Folder::new();
    let path = folder.path("t.parquet");
    parquet(&path, INTERVALS, None, |group| {
        column::<FixedLenByteArrayType>(
            group,
            &[interval(14, 3, 2_500), interval(0, 0, 1)],
            Some(&[1, 0, 1]),
        );
        let three = [interval(1, 0, 0), interval(0, 2, 0), interval(7, 5, u32::MAX)];
        column::<FixedLenByteArrayType>(group, &three, None);
    });
    let batch = read(&path);
    let whole = |months, days, millis: i64| Some(IntervalMonthDayNano::new(months, days, millis * 1_000_000));
    let outer = batch.column(0).as_primitive::<IntervalMonthDayNanoType>();
    assert_eq!(outer.iter().collect::<Vec<_>>(), [whole(14, 3, 2_500), None, whole(0, 0, 1)]);
    let inner = batch.column(1).as_struct().column(0).as_primitive::<IntervalMonthDayNanoType>();
    let expected = [whole(1, 0, 0), whole(0, 2, 0), whole(7, 5, i64::from(u32::MAX))];
    assert_eq!(inner.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn intervals_that_arrow_does_not_hold_are_refused_with_column_and_row() {
    let folder = Folder::new();
    parquet(&folder.path("t.parquet"), INTERVALS, None, |group| {
        column::<FixedLenByteArrayType>(group, &[interval(1, 0, 0)], Some(&[1, 0]));
        column::<FixedLenByteArrayType>(group, &[interval(2, 0, 0), interval(0, 1 << 31, 0)], None);
    });
    let message = folder.refused("t.parquet");
    assert!(message.contains("\"g.j\", row 1"), "{message}");
}

#[test]
fn int96_timestamps_are_read_in_a_unit_that_holds_them() {
    let folder = Folder::new();
    let path = folder.path("t.parquet");
    let schema = "message m {
        REQUIRED INT96 near; OPTIONAL INT96 far; REQUIRED GROUP g { REQUIRED INT96 farther; } REQUIRED INT96 days;
    }";
    let far = 3_000_000; // days after 1970: the year 10183
    parquet(&path, schema, None, |group| {
        column::<Int96Type>(group, &[int96(1, 1), int96(-3, 7)], None);
        column::<Int96Type>(group, &[int96(far, 5_000)], Some(&[0, 1]));
        column::<Int96Type>(group, &[int96(200_000_000, 2_000_000), int96(0, 0)], None);
        column::<Int96Type>(group, &[int96(2_000_000_000, 0), int96(0, 1_000_000_000)], None);
    });
    let batch = read(&path);
    let near = batch.column(0).as_primitive::<TimestampNanosecondType>();
    assert_eq!(near.values(), &[86_400_000_000_001, -3 * 86_400_000_000_000 + 7]);
    let expected = far * 86_400_000_000 + 5;
    let far = batch.column(1).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(far.iter().collect::<Vec<_>>(), [None, Some(expected)]);
    let farther = batch.column(2).as_struct().column(0).as_primitive::<TimestampMillisecondType>();
    assert_eq!(farther.values(), &[200_000_000 * 86_400_000 + 2, 0]);
    let days = batch.column(3).as_primitive::<TimestampMillisecondType>();
    assert_eq!(days.values(), &[2_000_000_000 * 86_400_000, 1_000]);
}

#[test]
fn int96_timestamps_that_no_unit_holds_are_refused_by_name() {
    let folder = Folder::new();
    parquet(&folder.path("t.parquet"), "message m { REQUIRED INT96 when; }", None, |group| {
        column::<Int96Type>(group, &[int96(3_000_000, 1), int96(0, 0)], None);
    });
    let message = folder.refused("t.parquet");
    assert!(message.contains("\"when\"") && message.contains("INT96"), "{message}");
}

#[test]
fn an_arrow_schema_of_unknown_types_is_refused_by_name() {
    let folder = Folder::new();
    let encoded = |data_type| {
        let schema = Schema::new(vec![Field::new("wide", data_type, false)]);
        use base64::Engine;
        base64::prelude::BASE64_STANDARD.decode(parquet::arrow::encode_arrow_schema(&schema)).unwrap()
    };
    // The one byte that tells 32 bits from 64 is made to say 128.
    let (mut bytes, other) = (encoded(DataType::Int32), encoded(DataType::Int64));
    let differing: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i] != other[i]).collect();
    assert_eq!(differing.len(), 1);
    bytes[differing[0]] = 128;
    use base64::Engine;
    let hint = base64::prelude::BASE64_STANDARD.encode(&bytes);
    let pairs = vec![KeyValue::new("ARROW:schema".to_owned(), hint)];
    let schema = "message m { REQUIRED FIXED_LEN_BYTE_ARRAY(12) wide; }";
    parquet(&folder.path("t.parquet"), schema, Some(pairs), |group| {
        column::<FixedLenByteArrayType>(group, &[interval(1, 2, 3)], None);
    });
    let error = ArrowTable::open(folder.path("t.parquet")).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Type);
    let message = error.to_string();
    assert!(message.contains("column \"wide\": type Int128 is not held"), "{message}");
}

#[test]
fn logical_types_and_key_values_become_arrow_s() {
    let folder = Folder::new();
    let path = folder.path("t.parquet");
    let schema = "message m {
        REQUIRED FIXED_LEN_BYTE_ARRAY(16) id (UUID); REQUIRED BYTE_ARRAY doc (JSON); REQUIRED BYTE_ARRAY text (STRING);
    }";
    let pair = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let pairs = vec![pair("geo", "{\"columns\": {}}"), pair("pandas", "{}")];
    parquet(&path, schema, Some(pairs), |group| {
        column::<FixedLenByteArrayType>(
            group,
            &[FixedLenByteArray::from(ByteArray::from(vec![5; 16]))],
            None,
        );
        column::<ByteArrayType>(group, &[ByteArray::from("[1]")], None);
        column::<ByteArrayType>(group, &[ByteArray::from("x")], None);
    });
    let schema = ArrowTable::open(&path).unwrap().arrow().clone();
    let extensions: Vec<_> = schema.fields().iter().map(|f| f.extension_type_name()).collect();
    assert_eq!(extensions, [Some("arrow.uuid"), Some("arrow.json"), None]);
    assert_eq!(schema.field(0).data_type(), &DataType::FixedSizeBinary(16));
    let metadata: Vec<_> = ["geo", "pandas"].iter().map(|&key| schema.metadata()[key].as_str()).collect();
    assert_eq!(metadata, ["{\"columns\": {}}", "{}"]);
    assert_eq!(schema.metadata().len(), 2);
    // The file keeps them in its Arrow schema, and not a second time.
    let file = folder.path("t.gede");
    Writer::new(Options::default()).write(&file, &ArrowTable::open(&path).unwrap()).unwrap();
    let reader = Reader::open(&file).unwrap();
    let back = ArrowReader::new(&reader, &Projection::all(reader.schema())).unwrap();
    assert_eq!(back.schema().metadata(), schema.metadata());
    assert!(reader.metadata().unwrap().is_empty());
}

#[test]
fn encrypted_and_old_files_are_refused_by_name() {
    let folder = Folder::new();
    for (bytes, what) in [(&b"PARE and more"[..], "encrypted"), (b"FEA1 and more", "Feather version 1")] {
        std::fs::write(folder.path("t.dat"), bytes).unwrap();
        let message = folder.refused("t.dat");
        assert!(message.contains(what), "{message}");
    }
}
