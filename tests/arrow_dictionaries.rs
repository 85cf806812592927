//! Dictionaries of batches become one, keep their order, and are refused where they outgrow their keys.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/arrow_tables.rs"]
mod arrow_tables;

use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use arrow_tables::*;
use gede::ErrorKind;
use gede::arrow::ArrowTable;
use gede::column::Values;
use gede::internal::logical_eq;
use gede::write::Table;
use std::sync::Arc;

fn dictionary(index: &DataType, words: &[&str], keys: &[u8]) -> ArrayRef {
    let keys = cast(&UInt8Array::from(keys.to_vec()), index).unwrap();
    let data_type = DataType::Dictionary(Box::new(index.clone()), Box::new(DataType::Utf8));
    let data = keys.to_data().into_builder().data_type(data_type);
    make_array(data.add_child_data(StringArray::from(words.to_vec()).to_data()).build().unwrap())
}

#[test]
fn dictionaries_are_united_in_order() {
    let part = |words: &[&str], keys: &[u8]| {
        let column = dictionary(&DataType::Int16, words, keys);
        let inner = Arc::new(Field::new("d", column.data_type().clone(), true));
        let nested = Arc::new(StructArray::from(vec![(inner, column.clone())])) as ArrayRef;
        RecordBatch::try_from_iter_with_nullable([("plain", column, true), ("nested", nested, true)]).unwrap()
    };
    let batches = vec![part(&["z", "unused", "a"], &[2, 0]), part(&["m", "a", "m"], &[0, 1, 2])];
    let table = ArrowTable::from_batches(batches[0].schema(), batches).unwrap();
    let expected = Values::Bytes { offsets: vec![0, 1, 7, 8, 9], data: b"zunusedam".to_vec() };
    assert_eq!(table.dictionaries(), [(0, expected.clone()), (2, expected)]);
    let back = through_values(&table);
    let words = back.column(0).as_any_dictionary().values().as_string::<i32>().clone();
    assert_eq!(words, StringArray::from(vec!["z", "unused", "a", "m"]));
}

#[test]
fn dictionaries_too_large_to_keep_are_rebuilt_batch_by_batch() {
    let words: Vec<String> = (0..3000).map(|i| format!("{i:0>500}")).collect();
    let words = Arc::new(StringArray::from(words)) as ArrayRef;
    let column = DictionaryArray::new(Int32Array::from(vec![7, 2999, 7]), words);
    let batch = RecordBatch::try_from_iter([("d", Arc::new(column) as ArrayRef)]).unwrap();
    let table = ArrowTable::from_batches(batch.schema(), vec![batch.clone()]).unwrap();
    assert!(table.dictionaries().is_empty());
    let back = through_values(&table);
    assert!(logical_eq(&back, &batch));
    assert_eq!(back.column(0).as_any_dictionary().values().len(), 2);
}

#[test]
fn dictionaries_that_outgrow_their_keys_are_refused() {
    let part = |start: i32| {
        let values = Arc::new(Int32Array::from_iter_values(start..start + 100)) as ArrayRef;
        let column = DictionaryArray::new(Int8Array::from_iter_values(0..100), values);
        RecordBatch::try_from_iter([("d", Arc::new(column) as ArrayRef)]).unwrap()
    };
    let table = |starts: &[i32]| {
        ArrowTable::from_batches(part(0).schema(), starts.iter().map(|&s| part(s)).collect())
    };
    assert!(table(&[0, 28, 0]).is_ok());
    let error = table(&[0, 29]).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("\"d\"") && error.to_string().contains("Int8"), "{error}");
}
