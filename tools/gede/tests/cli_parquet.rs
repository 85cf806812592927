//! Parquet in and out by the tool: one clear line for what is not read, notes for what Parquet cannot say, JSON always.
#![allow(clippy::unwrap_used)]

mod common;

use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use common::Folder;
use gede::arrow::ArrowFileWriter;
use std::sync::Arc;

const FAILED: i32 = 1;

/// Puts a table into a gede file, by way of Arrow IPC.
fn gede(folder: &Folder, name: &str, columns: Vec<(&str, ArrayRef)>) {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut sink = ArrowFileWriter::create(folder.path("in.arrow"), &batch.schema(), true).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
    folder.fine(&format!("convert in.arrow {name} --overwrite"));
}

#[test]
fn rows_are_json_whatever_the_values() {
    let folder = Folder::new();
    let far = [i64::MAX, i64::MIN, 0];
    let seconds = TimestampSecondArray::from(far.to_vec());
    let values = StringArray::from(vec!["say \"no\"\u{1}", "\\"]);
    let keys = Int8Array::from(vec![Some(1), None, Some(0)]);
    let floats = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("zoned \"t\"", Arc::new(seconds.clone().with_timezone("Europe/Berlin"))),
        ("t", Arc::new(seconds)),
        ("date32", Arc::new(Date32Array::from(vec![i32::MAX, i32::MIN, 1]))),
        ("date64", Arc::new(Date64Array::from(far.to_vec()))),
        ("time", Arc::new(Time32SecondArray::from(vec![i32::MAX, -1, 86_399]))),
        ("time_ns", Arc::new(Time64NanosecondArray::from(far.to_vec()))),
        ("took", Arc::new(DurationSecondArray::from(far.to_vec()))),
        ("f64", Arc::new(Float64Array::from(floats.clone()))),
        ("f32", Arc::new(Float32Array::from(floats.iter().map(|&v| v as f32).collect::<Vec<_>>()))),
        ("f16", cast(&Float64Array::from(floats), &DataType::Float16).unwrap()),
        ("bytes", Arc::new(BinaryArray::from_vec(vec![b"\xff\"", b"", b"\\"]))),
        ("dictionary", Arc::new(Int8DictionaryArray::new(keys, Arc::new(values)))),
        ("months", Arc::new(IntervalYearMonthArray::from(vec![i32::MAX, i32::MIN, 14]))),
        (
            "interval",
            Arc::new(IntervalMonthDayNanoArray::from(vec![
                IntervalMonthDayNano::new(i32::MIN, i32::MAX, i64::MIN),
                IntervalMonthDayNano::new(0, 0, i64::MAX),
                IntervalMonthDayNano::new(1, 2, 3),
            ])),
        ),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![i128::MAX, i128::MIN, 5])
                    .with_data_type(DataType::Decimal128(38, 3)),
            ),
        ),
        ("coarse", Arc::new(Decimal32Array::from(vec![7, -7, 0]).with_data_type(DataType::Decimal32(9, -3)))),
    ];
    gede(&folder, "t.gede", columns);
    let rows = folder.json("head t.gede");
    let again = folder.json("take t.gede --rows 0,1,2");
    assert_eq!(rows, again);
    assert_eq!(rows[0]["zoned \"t\""], "9223372036854775807 s");
    assert_eq!(rows[1]["t"], "-9223372036854775808 s");
    assert_eq!(rows[2]["t"], "1970-01-01T00:00:00");
    assert_eq!(rows[2]["zoned \"t\""], "1970-01-01T01:00:00+01:00");
    for float in ["f64", "f32", "f16"] {
        assert_eq!([&rows[0][float], &rows[1][float], &rows[2][float]], ["NaN", "Infinity", "-Infinity"]);
    }
    assert_eq!(rows[0]["bytes"], "ff22");
    assert_eq!([&rows[0]["coarse"], &rows[1]["coarse"], &rows[2]["coarse"]], [7000, -7000, 0]);
    assert_eq!(rows[2]["dictionary"], "say \"no\"\u{1}");
    assert!(rows[1]["dictionary"].is_null());
    let text = folder.fine("head t.gede --columns t,date64");
    assert!(text.contains("9223372036854775807 s") && !text.contains("ERROR"), "{text}");
}

#[test]
fn what_parquet_cannot_say_is_noted() {
    let folder = Folder::new();
    let took: ArrayRef = Arc::new(DurationMillisecondArray::from(vec![5]));
    gede(&folder, "t.gede", vec![("took", took), ("n", Arc::new(Int64Array::from(vec![1])))]);
    let summary = folder.fine("convert t.gede t.parquet");
    assert_eq!(summary.lines().count(), 2, "{summary}");
    assert!(summary.lines().nth(1).unwrap().starts_with("  column \"took\": "), "{summary}");
    let report = folder.json("convert t.gede t.parquet --overwrite");
    assert_eq!(report["notes"].as_array().unwrap().len(), 1);
    assert_eq!(folder.json("convert t.gede t.csv")["notes"].as_array().unwrap().len(), 0);
}

#[test]
fn a_panic_of_the_parquet_library_is_one_line() {
    let folder = Folder::new();
    folder.california();
    folder.fine("convert c.gede whole.parquet");
    let whole = folder.read("whole.parquet");
    // Whatever one wrong byte of the footer leads to, the tool says it in a line of its own.
    for at in (whole.len() - 2_000..whole.len() - 8).step_by(127) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x15;
        folder.write("t.parquet", bytes);
        let output = folder.run("convert t.parquet t.gede --overwrite");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!complaint.contains("panicked"), "byte {at}: {complaint}");
        match output.status.code() {
            Some(0) => assert_eq!(complaint, ""),
            code => assert!(code == Some(FAILED) && complaint.lines().count() == 1, "byte {at}: {complaint}"),
        }
    }
}
