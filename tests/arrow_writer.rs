//! Record batches that come once give the file of the same table; the errors of other crates are kept.
#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used)]

use std::error::Error as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Float64Array, Int8Array, RecordBatch, StringArray};
use arrow::datatypes::Int8Type;
use arrow::error::ArrowError;
use gede::arrow::{ArrowFileWriter, ArrowReader, ArrowTable, ArrowWriter};
use gede::read::Projection;
use gede::write::{Options, TargetKind};
use gede::{ErrorKind, Reader, Writer};

fn batch(rows: std::ops::Range<usize>) -> RecordBatch {
    let words = StringArray::from_iter_values(rows.clone().map(|i| format!("word {}", i % 50)));
    let numbers = Float64Array::from_iter(rows.clone().map(|i| (i % 7 > 0).then_some(i as f64 / 4.0)));
    let others = Float64Array::from_iter_values(rows.map(|i| (i * i % 91) as f64));
    let columns: [(&str, ArrayRef); 3] =
        [("t", Arc::new(words)), ("x", Arc::new(numbers)), ("y", Arc::new(others))];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

#[test]
fn record_batches_one_by_one_give_the_file_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    let whole = batch(0..200_000);
    let table = ArrowTable::from_batches(whole.schema(), vec![whole.clone()]).unwrap();
    let plain = Options::default().with_overwrite(true);
    for options in [plain.clone(), plain.with_target("x", TargetKind::Value).with_class("t")] {
        Writer::new(options.clone()).write(&one, &table).unwrap();
        let mut writer = ArrowWriter::new(&other, &whole.schema(), options).unwrap();
        for (start, rows) in [(0, 1), (1, 0), (1, 150_000), (150_001, 49_999)] {
            writer.push(&whole.slice(start, rows)).unwrap();
        }
        assert_eq!(writer.finish().unwrap().rows, 200_000);
        assert!(std::fs::read(&one).unwrap() == std::fs::read(&other).unwrap());
    }
}

#[test]
fn values_of_dictionaries_are_kept_and_too_many_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let words = |first: i8, count: i8| -> RecordBatch {
        let values = StringArray::from_iter_values((first..first + count).map(|i| format!("word {i}")));
        let keys = Int8Array::from_iter_values((0..count).rev());
        let column = DictionaryArray::<Int8Type>::new(keys, Arc::new(values));
        RecordBatch::try_from_iter([("d", Arc::new(column) as ArrayRef)]).unwrap()
    };
    let batches = [words(0, 40), words(20, 40)];
    let mut writer = ArrowWriter::new(&path, &batches[0].schema(), Options::default()).unwrap();
    batches.iter().for_each(|batch| writer.push(batch).unwrap());
    let error = writer.push(&words(-120, 110)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    assert_eq!(writer.push(&batch(0..3)).unwrap_err().kind(), ErrorKind::Argument);
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let mut writer = ArrowWriter::new(&path, &batches[0].schema(), Options::default()).unwrap();
    batches.iter().for_each(|batch| writer.push(batch).unwrap());
    writer.finish().unwrap();
    let reader = Reader::open(&path).unwrap();
    reader.verify(|_| {}).unwrap();
    let rows = ArrowReader::new(&reader, &Projection::all(reader.schema())).unwrap();
    let back = rows.take(&(0..80).collect::<Vec<_>>()).unwrap();
    let wanted = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
    assert!(gede::internal::logical_eq(&back, &wanted));
}

#[test]
fn errors_of_other_crates_are_kept_as_their_source() {
    let folder = tempfile::tempdir().unwrap();
    let missing = ArrowTable::open(folder.path().join("t.parquet")).err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(missing.source().unwrap().is::<std::io::Error>());
    // The length of the metadata is larger than the file.
    let path = folder.path().join("t.parquet");
    let mut sink = ArrowFileWriter::create(&path, &batch(0..10).schema(), false).unwrap();
    sink.write(&batch(0..10)).unwrap();
    sink.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len() - 8;
    bytes[end..end + 4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let damaged = ArrowTable::open(&path).err().unwrap();
    assert_eq!(damaged.kind(), ErrorKind::Input, "{damaged}");
    assert!(damaged.source().unwrap().is::<ArrowError>(), "{damaged}");
}
