//! Lists of every Arrow type become values and come back, whatever lies under nulls, between lists and behind them.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/exports.rs"]
mod exports;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::*;
use arrow::record_batch::RecordBatch;
use exports::*;
use gede::ErrorKind;
use gede::column::{Kind, Values};
use gede::internal::{ingest, logical_eq, physical_schema};
use std::sync::Arc;

fn kind(data_type: DataType) -> Kind {
    physical_schema(&Schema::new(vec![Field::new("x", data_type, true)])).unwrap().nodes()[0].kind
}

/// The kind of the node that a column of a type is.
#[test]
fn few_items_of_fixed_width_are_columns_of_the_row_and_others_a_table() {
    use DataType::*;
    let list = |item, length| FixedSizeList(Arc::new(Field::new("item", item, true)), length);
    assert_eq!(kind(list(Float32, 16)), Kind::FixedList);
    assert_eq!(kind(list(list(Int8, 4), 4)), Kind::FixedList);
    for data_type in [
        list(Float32, 17),
        list(Float32, 0),
        list(list(Int8, 4), 5),
        list(list(Int8, 20), 2),
        list(Utf8, 2),
        list(Null, 2),
        list(Struct(Fields::empty()), 2),
        list(Dictionary(Box::new(Int8), Box::new(Int32)), 2),
        List(Arc::new(Field::new("item", Int8, true))),
    ] {
        assert_eq!(kind(data_type.clone()), Kind::List, "{data_type}");
    }
}

#[test]
fn lists_of_another_length_than_their_type_are_damage() {
    let items = || Arc::new(Int32Array::from_iter_values(0..60)) as ArrayRef;
    let field = Arc::new(Field::new("item", DataType::Int32, false));
    let nulls = Some(NullBuffer::from(vec![true, false, true]));
    let batch = one("x", Arc::new(FixedSizeListArray::new(field, 20, items(), nulls)));
    let (exporter, good) = (exporter(&batch), ingest(&batch).unwrap());
    assert!(logical_eq(&exporter.batch(good.clone()).unwrap(), &batch));
    let Values::Lists { offsets, .. } = &good.columns[0].values else { panic!() };
    assert_eq!(offsets, &[0, 20, 20, 40]);
    for wrong in
        [vec![0, 19, 19, 40], vec![0, 20, 40, 40], vec![0, 20, 20], vec![20, 20, 20, 40], vec![0, 20, 20, 41]]
    {
        let mut bad = good.clone();
        if let Values::Lists { offsets, .. } = &mut bad.columns[0].values {
            *offsets = wrong;
        }
        assert_eq!(exporter.batch(bad).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn what_lies_under_a_null_means_nothing() {
    let items = Arc::new(Int32Array::from_iter_values(0..40)) as ArrayRef;
    let field = Arc::new(Field::new("item", DataType::Int32, false));
    for nullable in [false, true] {
        let list = Arc::new(FixedSizeListArray::new(field.clone(), 20, items.clone(), None)) as ArrayRef;
        let part = Arc::new(Field::new("l", list.data_type().clone(), nullable));
        let nulls = Some(NullBuffer::from(vec![false, true]));
        let batch = one("s", Arc::new(StructArray::new(vec![part].into(), vec![list], nulls)));
        let (exporter, mut values) = (exporter(&batch), ingest(&batch).unwrap());
        // Another writer leaves three items there, and says that the list is none.
        let Values::Lists { offsets, items } = &mut values.columns[1].values else { panic!() };
        assert_eq!(offsets, &[0, 0, 20]);
        *offsets = vec![0, 3, 23];
        items.rows = 23;
        let Values::U32(numbers) = &mut items.columns[0].values else { panic!() };
        numbers.splice(0..0, [7, 7, 7]);
        values.columns[1].validity.iter_mut().for_each(|valid| valid[0] = 1);
        assert!(logical_eq(&exporter.batch(values).unwrap(), &batch), "{nullable}");
    }
}

#[test]
fn items_that_no_list_has_do_not_count() {
    // A null where none should be lies between the lists, and one in a null list.
    let items = Int32Array::from(vec![Some(1), None, Some(2), None, Some(3), Some(4)]);
    let inner = StructArray::from(vec![(
        Arc::new(Field::new("n", DataType::Int32, true)),
        Arc::new(items) as ArrayRef,
    )]);
    let list = ListViewArray::new(
        Arc::new(Field::new("item", inner.data_type().clone(), false)),
        vec![4, 2, 0, 4].into(),
        vec![2, 2, 1, 2].into(),
        Arc::new(inner),
        Some(NullBuffer::from(vec![true, false, true, true])),
    );
    let batch = one("x", Arc::new(list));
    let values = ingest(&batch).unwrap();
    let Values::Lists { offsets, items } = &values.columns[0].values else { panic!() };
    assert_eq!(offsets, &[0, 2, 2, 3, 5]);
    assert_eq!(items.columns[1].values, Values::U32(vec![3, 4, 1, 3, 4]));
    assert!(logical_eq(&batch, &round_trip(&batch)));
}

#[test]
fn nulls_in_lists_are_named_with_their_row() {
    // Arrow itself looks no further than the items: nulls of a dictionary are hidden in its values.
    let keys = Int8Array::from(vec![0, 0, 1, 0]);
    let items = DictionaryArray::new(keys, Arc::new(Int32Array::from(vec![Some(5), None])) as ArrayRef);
    let field = Arc::new(Field::new("n", items.data_type().clone(), false));
    let whole = ArrayData::builder(DataType::Struct(vec![field].into())).len(4);
    let parts = StructArray::from(whole.add_child_data(items.to_data()).build().unwrap());
    let field = Arc::new(Field::new("item", parts.data_type().clone(), false));
    let list = ListArray::new(field, OffsetBuffer::from_lengths([1, 0, 2, 1]), Arc::new(parts), None);
    let error = ingest(&one("l", Arc::new(list))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("row 2: column \"l.item.n\""), "{error}");
}

#[test]
fn hidden_nulls_are_named() {
    let keys = Int8Array::from(vec![0, 1]);
    let array = DictionaryArray::new(keys, Arc::new(Int32Array::from(vec![Some(5), None])) as ArrayRef);
    let field = Field::new("d", array.data_type().clone(), false);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(array)]).unwrap();
    let error = ingest(&batch).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains("\"d\""), "{error}");
}
