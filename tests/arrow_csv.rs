//! CSV keeps the values of record batches, and refuses what it cannot say.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/arrow_tables.rs"]
mod arrow_tables;
#[path = "common/input_folder.rs"]
mod input_folder;

use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use arrow_tables::*;
use gede::ErrorKind;
use gede::arrow::ArrowTable;
use gede::write::Table;
use input_folder::Folder;
use proptest::prelude::*;
use std::sync::Arc;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn csv_keeps_values(
        rows in proptest::collection::vec(
            (any::<Option<i64>>(), any::<Option<u64>>(), "[ -~é\n]{0,8}", any::<Option<bool>>(), any::<Option<i32>>()),
            0..50,
        ),
        unit in 0..4usize,
    ) {
        let floats = rows.iter().map(|r| r.1.map(f64::from_bits)).collect::<Float64Array>();
        let text = rows.iter().map(|r| Some(format!("x{}", r.2))).collect::<StringArray>();
        let dates = rows.iter().map(|r| r.4.map(|d| d % 200_000)).collect::<Date32Array>();
        let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
        let times = rows.iter().map(|r| r.0.map(|t| t % 4_000_000_000)).collect::<Int64Array>();
        let times = |zone| cast(&times, &DataType::Timestamp(units[unit], zone)).unwrap();
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("int, \"quoted\"", Arc::new(rows.iter().map(|r| r.0).collect::<Int64Array>()) as ArrayRef, true),
            ("float", Arc::new(floats.clone()), true),
            ("text", Arc::new(text), true),
            ("bool", Arc::new(rows.iter().map(|r| r.3).collect::<BooleanArray>()), true),
            ("date", Arc::new(dates), true),
            ("time", times(None), true),
            ("zoned", times(Some("UTC".into())), true),
        ]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        write(&path, std::slice::from_ref(&batch)).unwrap();
        let back = read(&path);
        prop_assert_eq!(back.num_rows(), batch.num_rows());
        for (a, b) in back.columns().iter().zip(batch.columns()) {
            let again = cast(a, b.data_type()).unwrap();
            if b.data_type() == &DataType::Float64 {
                for (x, y) in again.as_primitive::<Float64Type>().iter().zip(&floats) {
                    let same = |x: f64, y: f64| x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan();
                    prop_assert!(x.is_some() == y.is_some() && x.zip(y).is_none_or(|(x, y)| same(x, y)));
                }
            } else {
                prop_assert_eq!(&again.to_data(), &b.to_data());
            }
        }
    }
}

#[test]
fn bad_csv_is_refused_with_file_and_line() {
    let folder = Folder::new();
    for (content, expected) in
        [("", "line 1"), ("a,b\n1,2\n3\n", "line 3"), ("a,b\n1,2\n3,4\n5,6,7\n", "line 4")]
    {
        let message = folder.refused("bad.csv", content);
        assert!(message.contains(expected), "{message}");
    }
    let message = folder.refused("bad.csv", b"a,b\n1,2\n3,\xFF\xFE\n");
    assert!(message.contains("line 3"), "{message}");
    let late = "a,b\n".to_owned() + &"1,2\n".repeat(100_000) + "3\n";
    assert!(folder.refused("late.csv", late).contains("line 100002"));
}

#[test]
fn csv_without_rows_without_end_and_with_a_byte_order_mark() {
    let folder = Folder::new();
    let empty = ArrowTable::open(folder.file("empty.csv", "a,b\n")).unwrap();
    assert_eq!((empty.rows(), empty.schema().nodes().len()), (Some(0), 2));
    assert_eq!(empty.batches().unwrap().count(), 0);
    let batch = read(&folder.file("bom.csv", "\u{FEFF}a,b\r\n1,x\r\n,y"));
    assert_eq!(batch.schema().field(0).name(), "a");
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(1), None]);
    let batch = read(&folder.file("tab.tsv", "a\tb\n1\t2,5\n"));
    assert_eq!(batch.column(1).as_string::<i32>().value(0), "2,5");
    // A type that only the last of many rows decides.
    let late = "a\n".to_owned() + &"1\n".repeat(20_000) + "1.5\n";
    assert_eq!(read(&folder.file("late.csv", late)).schema().field(0).data_type(), &DataType::Float64);
}

#[test]
fn csv_has_no_lists() {
    let folder = Folder::new();
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1)]);
    let batch = RecordBatch::try_from_iter([("lists", Arc::new(lists.finish()) as ArrayRef)]).unwrap();
    let error = write(&folder.0.path().join("t.csv"), &[batch]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Type);
    assert!(error.to_string().contains("\"lists\""), "{error}");
}
