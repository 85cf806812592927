//! Parquet files as others see them: logical types that all readers know, and the original types for us.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/arrow_tables.rs"]
mod arrow_tables;

use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use arrow_tables::*;
use gede::arrow::ArrowFileWriter;
use gede::internal::logical_eq;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{ConvertedType, LogicalType};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// What a reader sees that does not know of the Arrow schema.
fn others(path: &Path) -> RecordBatch {
    let file = std::fs::File::open(path).unwrap();
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).unwrap();
    let schema = reader.schema().clone();
    all(&schema, reader.build().unwrap().map(|batch| Ok(batch.unwrap())))
}

fn metadata(path: &Path) -> ParquetMetaData {
    ParquetMetaDataReader::new().parse_and_finish(&std::fs::File::open(path).unwrap()).unwrap()
}

/// Writes batches; the notes that are given, and what reading gives back.
fn written(path: &Path, batches: &[RecordBatch]) -> Vec<String> {
    let mut sink = ArrowFileWriter::create(path, &batches[0].schema(), true).unwrap();
    batches.iter().for_each(|batch| sink.write(batch).unwrap());
    let notes = sink.notes();
    sink.finish().unwrap();
    let expected = all(&batches[0].schema(), batches.iter().cloned().map(Ok));
    let back = read(path);
    assert!(logical_eq(&back, &expected), "{back:#?}\n{expected:#?}");
    notes
}

/// Why a batch is refused.
fn refused(path: &Path, batches: &[RecordBatch]) -> String {
    let mut sink = ArrowFileWriter::create(path, &batches[0].schema(), true).unwrap();
    let error = batches.iter().find_map(|batch| sink.write(batch).err()).unwrap();
    drop(sink);
    assert!(!path.exists());
    error.to_string()
}

#[test]
fn seconds_are_milliseconds_for_others_and_seconds_again_for_us() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let seconds = TimestampSecondArray::from(vec![Some(-7), None, Some(1_700_000_000)]);
    let zoned = seconds.clone().with_timezone("Europe/Berlin");
    let times = Time32SecondArray::from(vec![Some(3), Some(86_399), None]);
    let table = batch(vec![("t", Arc::new(seconds)), ("z", Arc::new(zoned)), ("c", Arc::new(times))]);
    let notes = written(&path, &[table.clone(), table.slice(1, 2)]);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("\"z\"") && notes[0].contains("Europe/Berlin"), "{notes:?}");
    let seen = others(&path);
    assert_eq!(seen.schema().field(0).data_type(), &DataType::Timestamp(TimeUnit::Millisecond, None));
    assert_eq!(
        seen.schema().field(1).data_type(),
        &DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
    );
    let seen_times = seen.column(2).as_primitive::<Time32MillisecondType>();
    let millis = seen.column(0).as_primitive::<TimestampMillisecondType>();
    assert_eq!(millis.iter().take(3).collect::<Vec<_>>(), [Some(-7_000), None, Some(1_700_000_000_000)]);
    assert_eq!(seen_times.iter().take(3).collect::<Vec<_>>(), [Some(3_000), Some(86_399_000), None]);
}

#[test]
fn seconds_beyond_milliseconds_are_refused_with_column_and_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let of = |values: Vec<Option<i64>>| {
        batch(vec![("late", Arc::new(TimestampSecondArray::from(values)) as ArrayRef)])
    };
    let message = refused(&path, &[of(vec![Some(1), None]), of(vec![None, Some(i64::MAX / 999)])]);
    assert!(message.contains("\"late\", row 3") && message.contains("t.parquet"), "{message}");
}

#[test]
fn dates_of_64_bits_are_dates_unless_one_has_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let day = 86_400_000;
    let of = |values: Vec<Option<i64>>| {
        let dates: ArrayRef = Arc::new(Date64Array::from(values));
        let rest: ArrayRef = Arc::new(StringArray::from_iter_values((0..dates.len()).map(|i| i.to_string())));
        batch(vec![("d", dates.clone()), ("e", dates), ("s", rest)])
    };
    let whole = of(vec![Some(-day), None, Some(19_000 * day)]);
    assert!(written(&path, std::slice::from_ref(&whole)).is_empty());
    let seen = others(&path);
    assert_eq!(
        seen.column(0).as_primitive::<Date32Type>().iter().collect::<Vec<_>>(),
        [Some(-1), None, Some(19_000)]
    );

    // The third batch has a time in one of two columns, and the last a day that 32 bits do not reach in the other.
    let timed = of(vec![Some(5), Some(day)]);
    let timed = RecordBatch::try_new(
        timed.schema(),
        vec![timed.column(0).clone(), whole.column(0).slice(0, 2), timed.column(2).clone()],
    );
    let far = of(vec![Some(day << 31)]);
    let batches = [whole.clone(), whole.clone(), timed.unwrap()];
    written(&path, &batches);
    let types = |path: &Path| {
        others(path).schema().fields().iter().map(|f| f.data_type().clone()).collect::<Vec<_>>()
    };
    let time = DataType::Timestamp(TimeUnit::Millisecond, None);
    assert_eq!(types(&path)[..2], [time.clone(), DataType::Date32]);
    written(&path, &[batches.to_vec(), vec![far]].concat());
    assert_eq!(types(&path)[..2], [time.clone(), time]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn intervals_of_whole_milliseconds_are_intervals() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let of = |intervals: Vec<Option<IntervalMonthDayNano>>| {
        batch(vec![("i", Arc::new(IntervalMonthDayNanoArray::from(intervals)) as ArrayRef)])
    };
    let interval = IntervalMonthDayNano::new;
    let notes = written(&path, &[of(vec![Some(interval(13, 2, 3_000_000)), None])]);
    assert_eq!(notes.len(), 1, "{notes:?}");
    let leaf = metadata(&path).file_metadata().schema_descr().column(0);
    assert_eq!((leaf.converted_type(), leaf.type_length()), (ConvertedType::INTERVAL, 12));
    let notes = written(&path, &[of(vec![Some(interval(-1, 0, 0))])]);
    assert!(notes[1].contains("negative"), "{notes:?}");
    std::fs::remove_file(&path).unwrap();
    let message = refused(&path, &[of(vec![None, Some(interval(0, 0, 999))])]);
    assert!(message.contains("\"i\", row 1"), "{message}");
}

#[test]
fn logical_types_and_key_values_survive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let extension = |name: &str| HashMap::from([("ARROW:extension:name".to_owned(), name.to_owned())]);
    let field = |name: &str, data_type, extension| Field::new(name, data_type, true).with_metadata(extension);
    let fields = vec![
        field("id", DataType::FixedSizeBinary(16), extension("arrow.uuid")),
        field("doc", DataType::Utf8View, extension("arrow.json")),
        field("plain", DataType::FixedSizeBinary(16), HashMap::new()),
    ];
    let pairs = [("geo", "{\"version\": \"1.1.0\"}"), ("b", "2"), ("ARROW:schema", "not one")];
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let schema = Arc::new(Schema::new_with_metadata(fields, pairs.into()));
    let bytes: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter([[9u8; 16]].iter()).unwrap());
    let doc: ArrayRef = Arc::new(StringViewArray::from(vec!["{}"]));
    let table = RecordBatch::try_new(schema.clone(), vec![bytes.clone(), doc, bytes]).unwrap();
    write(&path, std::slice::from_ref(&table)).unwrap();
    let back = read(&path);
    assert_eq!(back.schema().fields(), schema.fields());
    assert_eq!(back.schema().metadata()["geo"], "{\"version\": \"1.1.0\"}");

    let metadata = metadata(&path);
    let leaves = metadata.file_metadata().schema_descr();
    let logical: Vec<_> = (0..3).map(|i| leaves.column(i).logical_type_ref().cloned()).collect();
    assert_eq!(logical, [Some(LogicalType::Uuid), Some(LogicalType::Json), None]);
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    let keys: Vec<&str> = pairs.iter().map(|pair| pair.key.as_str()).collect();
    assert_eq!(keys, ["b", "geo", "ARROW:schema"]);
}

#[test]
fn dictionaries_of_any_values_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let keys = UInt32Array::from(vec![Some(1), None, Some(0), Some(1)]);
    let dictionary =
        |values: ArrayRef| -> ArrayRef { Arc::new(UInt32DictionaryArray::new(keys.clone(), values)) };
    let strings: ArrayRef =
        Arc::new(StringArray::from(vec!["käse", "a string that is longer than a view holds"]));
    let views = dictionary(cast(&strings, &DataType::Utf8View).unwrap());
    let bytes = dictionary(cast(&strings, &DataType::BinaryView).unwrap());
    written(&path, &[batch(vec![("text", views), ("bytes", bytes)])]);
    assert_eq!(others(&path).schema().field(0).data_type(), &DataType::Utf8);

    // Values that the library cannot read back as a dictionary come back plain.
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
    let seconds: ArrayRef = Arc::new(TimestampSecondArray::from(vec![7, -7]));
    let table = batch(vec![("flag", dictionary(flags)), ("when", dictionary(seconds))]);
    write(&folder.path().join("p.parquet"), &[table]).unwrap();
    let back = read(&folder.path().join("p.parquet"));
    let flags = back.column(0).as_boolean().iter().collect::<Vec<_>>();
    assert_eq!(flags, [Some(false), None, Some(true), Some(false)]);
    let seconds = back.column(1).as_primitive::<TimestampSecondType>().iter().collect::<Vec<_>>();
    assert_eq!(seconds, [Some(-7), None, Some(7), Some(-7)]);
}

#[test]
fn what_parquet_does_not_hold_is_refused_by_name_and_what_it_cannot_say_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let inner = Fields::from(vec![Field::new("none", DataType::Struct(Fields::empty()), true)]);
    for (data_type, name) in [(DataType::Struct(inner), "x.none"), (DataType::Decimal128(7, -2), "x")] {
        let schema = Arc::new(Schema::new(vec![Field::new("x", data_type, true)]));
        let message = ArrowFileWriter::create(&path, &schema, false).err().unwrap().to_string();
        assert!(message.contains(&format!("\"{name}\"")) && message.contains("Arrow IPC"), "{message}");
    }
    let table =
        batch(vec![("took", Arc::new(DurationMicrosecondArray::from(vec![Some(3), None])) as ArrayRef)]);
    let notes = written(&path, &[table]);
    assert!(
        notes.len() == 1 && notes[0].contains("\"took\"") && notes[0].contains("microseconds"),
        "{notes:?}"
    );
}
