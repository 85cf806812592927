//! Promise 6 for wide tables: what is written is read, however many columns there are and however little each of them
//! takes in the Arrow schema.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StructArray, UInt32Array, new_null_array};
use arrow::compute::{cast, concat, take_record_batch};
use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, Schema, TimeUnit};
use gede::arrow::{ArrowReader, ArrowTable};
use gede::internal::{decode_schema, encode_schema, logical_eq};
use gede::read::Projection;
use gede::write::Options;
use gede::{Reader, Writer};

/// A type of each kind that a field can have.
fn types() -> Vec<DataType> {
    use DataType::*;
    let item = |t| Arc::new(Field::new("item", t, true));
    vec![
        Null,
        Boolean,
        Int8,
        Int64,
        UInt16,
        Float16,
        Float32,
        Float64,
        Date32,
        Date64,
        Time32(TimeUnit::Second),
        Time64(TimeUnit::Nanosecond),
        Timestamp(TimeUnit::Microsecond, None),
        Timestamp(TimeUnit::Second, Some("UTC".into())),
        Duration(TimeUnit::Millisecond),
        Interval(IntervalUnit::YearMonth),
        Interval(IntervalUnit::MonthDayNano),
        Decimal32(5, 2),
        Decimal128(20, 3),
        FixedSizeBinary(3),
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        LargeBinary,
        BinaryView,
        Dictionary(Box::new(Int8), Box::new(Utf8)),
        FixedSizeList(item(Int8), 2),
        Struct(Fields::from(vec![Field::new("a", Boolean, true)])),
    ]
}

/// Two rows of a column: a value where a number or a string casts to one, and a null.
fn column(data_type: &DataType) -> ArrayRef {
    let null = new_null_array(data_type, 1);
    let number: ArrayRef = Arc::new(arrow::array::Int32Array::from(vec![1]));
    let text: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["1"]));
    let value = cast(&number, data_type).or_else(|_| cast(&text, data_type)).unwrap_or_else(|_| null.clone());
    concat(&[&value, &null]).unwrap()
}

fn table(columns: usize, data_type: &DataType, name: impl Fn(usize) -> String, nested: bool) -> RecordBatch {
    let array = column(data_type);
    let fields: Fields = (0..columns).map(|i| Field::new(name(i), data_type.clone(), true)).collect();
    let arrays = vec![array; columns];
    if nested {
        let whole: ArrayRef = Arc::new(StructArray::new(fields, arrays, None));
        return RecordBatch::try_from_iter([("s", whole)]).unwrap();
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn schema_comes_back(batch: &RecordBatch) {
    let message = encode_schema(batch.schema_ref()).unwrap();
    let back = decode_schema(&message).unwrap_or_else(|e| {
        let first = batch.schema_ref().field(0);
        panic!("{} columns like {first}: {e}", batch.num_columns())
    });
    assert_eq!(back, batch.schema());
}

fn comes_back(batch: &RecordBatch) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.gede");
    let table = ArrowTable::from_batches(batch.schema(), vec![batch.clone()]).unwrap();
    Writer::new(Options::default().with_threads(1)).write(&path, &table).unwrap();
    let file = Reader::open(&path).unwrap();
    file.verify(|_| {}).unwrap();
    let rows = ArrowReader::new(&file, &Projection::all(file.schema())).unwrap();
    assert_eq!(rows.schema(), &batch.schema());
    let wanted = take_record_batch(batch, &UInt32Array::from(vec![1, 0, 1])).unwrap();
    let found = rows.take(&[1, 0, 1]).unwrap();
    assert!(logical_eq(&wanted, &found), "{} columns like {}", batch.num_columns(), batch.schema().field(0));
}

#[test]
fn the_schema_of_any_number_of_columns_comes_back() {
    let counts = (1..=70).chain([100, 255, 256, 1000, 2000]);
    for (count, data_type) in counts.flat_map(|count| types().into_iter().map(move |t| (count, t))) {
        for nested in [false, true] {
            schema_comes_back(&table(count, &data_type, |i| i.to_string(), nested));
            schema_comes_back(&table(count, &data_type, |_| String::new(), nested));
            schema_comes_back(&table(count, &data_type, |i| format!("{i:0>40}"), nested));
        }
    }
}

#[test]
fn rows_of_wide_tables_come_back() {
    for data_type in types() {
        for (count, nested) in [(1, false), (34, false), (41, true), (58, false), (300, false), (300, true)] {
            comes_back(&table(count, &data_type, |i| i.to_string(), nested));
        }
        comes_back(&table(40, &data_type, |i| format!("column number {i:0>60}"), false));
    }
    comes_back(&table(2000, &DataType::Utf8, |i| format!("w{i}"), false));
    comes_back(&table(2000, &DataType::Boolean, |i| format!("w{i}"), true));
}

#[test]
fn metadata_of_many_fields_comes_back() {
    let pairs = [("k".to_owned(), String::new()), (String::new(), "v".to_owned())];
    let field =
        |i: usize| Field::new(i.to_string(), DataType::Boolean, true).with_metadata(pairs.clone().into());
    let schema = Schema::new((0..300).map(field).collect::<Fields>());
    let schema = schema.with_metadata((0..300).map(|i| (i.to_string(), String::new())).collect());
    assert_eq!(*decode_schema(&encode_schema(&schema).unwrap()).unwrap(), schema);
}

/// Its 60 text columns were refused once: their fields take fewer bytes than readers charged for them.
#[test]
fn a_schema_of_many_small_fields_written_by_an_earlier_version_is_read() {
    let file = Reader::open(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/wide_schema.gede")).unwrap();
    let rows = ArrowReader::new(&file, &Projection::all(file.schema())).unwrap();
    assert_eq!(rows.schema().fields().len(), 60);
    assert!(rows.schema().fields().iter().all(|field| *field.data_type() == DataType::Utf8));
    assert_eq!(rows.take(&[2, 0]).unwrap().num_rows(), 2);
}
