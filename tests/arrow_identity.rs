//! Record batches come back from values as they went in, whatever their types.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/batches.rs"]
mod batches;
#[path = "common/exports.rs"]
mod exports;

use arrow::array::*;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::*;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use exports::*;
use gede::ErrorKind;
use gede::column::{Batch, Values};
use gede::internal::{
    Exporter, arrow_schema, decode_schema, encode_schema, ingest, logical_eq, physical_schema,
};
use gede::read::Projection;
use proptest::prelude::*;
use std::sync::Arc;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn batches_come_back(table in batches::tables()) {
        for batch in &table {
            let values = ingest(batch).unwrap();
            let physical = physical_schema(batch.schema_ref()).unwrap();
            check(&physical, &values);
            let exporter = exporter(batch);
            prop_assert_eq!(exporter.schema(), batch.schema_ref());
            let back = exporter.batch(values.clone()).unwrap();
            back.columns().iter().for_each(|c| c.to_data().validate_full().unwrap());
            prop_assert!(logical_eq(batch, &back), "{:#?}\n{:#?}", batch, back);
            prop_assert_eq!(ingest(&back).unwrap(), values);
        }
    }

    #[test]
    fn projections_come_back(table in batches::tables(), picks in proptest::collection::vec(any::<usize>(), 0..4)) {
        let batch = &table[0];
        let physical = physical_schema(batch.schema_ref()).unwrap();
        let columns: Vec<usize> = physical.columns().collect();
        let picks: Vec<usize> = picks.iter().filter(|_| !columns.is_empty()).map(|p| p % columns.len()).collect();
        let nodes: Vec<usize> = picks.iter().map(|&p| columns[p]).collect();
        let projection = Projection::nodes_of(&physical, &nodes);
        let message = encode_schema(batch.schema_ref()).unwrap();
        let exporter = Exporter::new(&physical, Some(&message), &projection, no_dictionary).unwrap();
        let values = ingest(batch).unwrap();
        let picked = projection.nodes().iter().map(|&n| values.columns[n].clone()).collect();
        let back = exporter.batch(Batch { rows: values.rows, columns: picked }).unwrap();
        prop_assert!(logical_eq(&batch.project(&picks).unwrap(), &back));
    }

    #[test]
    fn schemas_come_back(table in batches::tables()) {
        let schema = table[0].schema();
        let decoded = decode_schema(&encode_schema(&schema).unwrap()).unwrap();
        prop_assert_eq!(&decoded, &schema);
        for (a, b) in decoded.fields().iter().zip(schema.fields()) {
            prop_assert_eq!(a.dict_is_ordered(), b.dict_is_ordered());
        }
        // Without Arrow the plain schema has the same nodes, Null and dictionaries aside.
        let physical = physical_schema(&schema).unwrap();
        prop_assert_eq!(physical_schema(&arrow_schema(&physical).unwrap()).unwrap(), physical);
    }

    #[test]
    fn damaged_schema_messages_are_refused_or_mean_something(
        table in batches::tables(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let physical = physical_schema(table[0].schema_ref()).unwrap();
        let mut message = encode_schema(table[0].schema_ref()).unwrap();
        for (at, byte) in flips {
            *at.get_mut(&mut message[..]) = byte;
        }
        if let Err(e) = Exporter::new(&physical, Some(&message), &Projection::all(&physical), no_dictionary) {
            prop_assert_eq!(e.kind(), ErrorKind::Corrupt);
        }
    }
}

#[test]
fn every_type_survives_alone_with_and_without_nulls() {
    use rand::SeedableRng;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let mut types = [batches::fixed_width(), batches::strings(), vec![DataType::Null]].concat();
    for index in batches::integers() {
        for values in [batches::fixed_width(), batches::strings()].concat() {
            types.push(DataType::Dictionary(Box::new(index.clone()), Box::new(values)));
        }
    }
    for data_type in types {
        for nullable in [false, true] {
            let schema = Arc::new(Schema::new(vec![Field::new("x", data_type.clone(), nullable)]));
            for rows in [0, 1, 200] {
                let batch = batches::batch(&mut rng, &schema, rows);
                assert!(logical_eq(&batch, &round_trip(&batch)), "{data_type} {nullable} {rows}");
            }
        }
    }
}

#[test]
fn batches_without_columns_keep_their_rows() {
    let options = RecordBatchOptions::new().with_row_count(Some(17));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    assert!(logical_eq(&batch, &round_trip(&batch)));
}

#[test]
fn two_thousand_columns_survive() {
    let column = |i: usize| (format!("{i}"), Arc::new(Int32Array::from(vec![i as i32, -1])) as ArrayRef);
    let batch = RecordBatch::try_from_iter((0..2000).map(column)).unwrap();
    assert!(logical_eq(&batch, &round_trip(&batch)));
}

#[test]
fn equality_is_that_of_bits() {
    let batch = |x: f64| one("x", Arc::new(Float64Array::from(vec![x])));
    assert!(!logical_eq(&batch(0.0), &batch(-0.0)));
    assert!(!logical_eq(&batch(f64::NAN), &batch(-f64::NAN)));
    assert!(logical_eq(&batch(f64::NAN), &batch(f64::NAN)));
    // A null key, and the key of a null.
    let keys = Int8Array::from(vec![Some(0), None]);
    let a = DictionaryArray::new(keys, Arc::new(Int32Array::from(vec![Some(5), None])) as ArrayRef);
    let keys = Int8Array::from(vec![Some(1), Some(0)]);
    let b = DictionaryArray::new(keys, Arc::new(Int32Array::from(vec![None, Some(5)])) as ArrayRef);
    assert!(logical_eq(&one("d", Arc::new(a.clone())), &one("d", Arc::new(b.clone()))));
    let c = DictionaryArray::new(Int8Array::from(vec![Some(1), Some(1)]), b.values().clone());
    assert!(!logical_eq(&one("d", Arc::new(a)), &one("d", Arc::new(c))));
}

#[test]
fn a_file_dictionary_keeps_order_and_index_type_and_serves_plain_columns() {
    let words = StringArray::from(vec!["zebra", "ant", "a word longer than twelve bytes", "unused"]);
    let keys = Int8Array::from(vec![Some(1), None, Some(0), Some(2)]);
    let dictionary = Arc::new(DictionaryArray::new(keys, Arc::new(words.clone()))) as ArrayRef;
    for data_type in batches::strings().into_iter().take(3).chain([dictionary.data_type().clone()]) {
        let batch = one("x", arrow::compute::cast(&dictionary, &data_type).unwrap());
        let mut physical = physical_schema(batch.schema_ref()).unwrap();
        physical.set_dictionary(0, Some(0));
        let message = encode_schema(batch.schema_ref()).unwrap();
        let strings = ingest(&one("x", Arc::new(words.clone()))).unwrap().columns.remove(0).values;
        let exporter =
            Exporter::new(&physical, Some(&message), &Projection::all(&physical), |_| Ok(strings.clone()))
                .unwrap();
        assert!(exporter.projection().codes());
        let mut values = ingest(&batch).unwrap();
        let plain = exporter.batch(values.clone()).unwrap();
        assert!(logical_eq(&plain, &batch));
        values.columns[0].values = Values::U32(vec![1, 0, 0, 2]);
        let back = exporter.batch(values.clone()).unwrap();
        assert!(logical_eq(&back, &batch), "{back:?}");
        if let Some(back) = back.column(0).as_any_dictionary_opt() {
            assert_eq!(back.values().as_string::<i32>(), &words);
        }
        values.columns[0].values = Values::U32(vec![1, 0, 4, 2]);
        assert_eq!(exporter.batch(values).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn every_type_that_is_not_held_is_refused_by_path_and_name() {
    use DataType::*;
    let item = || Arc::new(Field::new("item", Int32, true));
    let entries = Field::new(
        "entries",
        Struct(vec![Field::new("k", Utf8, true), Field::new("v", Int32, true)].into()),
        false,
    );
    let union = UnionFields::try_new([0], [Field::new("u", Int32, true)]).unwrap();
    let union = Union(union, UnionMode::Sparse);
    let deep = (0..65).fold(Int32, |t, _| Struct(vec![Field::new("s", t, true)].into()));
    let refused = [
        (Map(Arc::new(entries), false), "Map"),
        (union.clone(), "Union"),
        (Decimal256(77, 2), "Decimal256(77, 2)"),
        (Decimal128(39, 2), "Decimal128(39, 2)"),
        (Time32(TimeUnit::Nanosecond), "Time32(ns)"),
        (FixedSizeBinary(-1), "FixedSizeBinary(-1)"),
        (FixedSizeList(item(), -1), "FixedSizeList"),
        (List(Arc::new(Field::new("item", union.clone(), true))), "Union"),
        (Dictionary(Box::new(Int32), Box::new(List(item()))), "Dictionary"),
        (deep, "64 levels"),
    ];
    for (data_type, name) in refused {
        let schema =
            Schema::new(vec![Field::new("a", Struct(vec![Field::new("b", data_type, true)].into()), true)]);
        let error = physical_schema(&schema).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Type);
        let message = error.to_string();
        assert!(message.contains("column \"a.b") && message.contains(name), "{message}");
        assert!(!message.contains('\n'));
    }
}

#[test]
fn the_deepest_columns_that_are_held_survive() {
    let leaf = || -> ArrayRef { Arc::new(Int32Array::from(vec![Some(1), None])) };
    let structs = (0..63).fold(leaf(), |array, level| {
        let field = Arc::new(Field::new(format!("level{level}"), array.data_type().clone(), true));
        Arc::new(StructArray::from(vec![(field, array)]))
    });
    let lists = (0..63).fold(leaf(), |array, _| {
        let field = Arc::new(Field::new("item", array.data_type().clone(), true));
        Arc::new(ListArray::new(field, OffsetBuffer::from_lengths([1, 1]), array, None))
    });
    for deep in [structs, lists] {
        let batch = one("deep", deep);
        assert!(logical_eq(&batch, &round_trip(&batch)));
    }
}

#[test]
fn rows_of_too_many_lanes_are_refused() {
    let wide = vec![Field::new("wide", DataType::FixedSizeBinary(1 << 20), true)];
    let error = physical_schema(&Schema::new(wide)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Type);
    assert!(error.to_string().contains("wide"), "{error}");
}

#[test]
fn keys_beyond_a_dictionary_do_no_harm_under_a_null() {
    let keys = ArrayData::builder(DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)))
        .len(3)
        .add_buffer(Buffer::from_vec(vec![0i8, 99, -1]))
        .nulls(Some(NullBuffer::from(vec![true, false, false])))
        .add_child_data(StringArray::from(vec!["x"]).to_data());
    let batch = one("d", make_array(keys.build().unwrap()));
    assert!(logical_eq(&batch, &round_trip(&batch)));
}

#[test]
fn values_that_no_batch_of_the_type_can_have_are_errors() {
    let batch = one("x", Arc::new(StringArray::from(vec!["ab", "c"])));
    let exporter = exporter(&batch);
    let spoil = |values: Values| {
        let mut batch = ingest(&batch).unwrap();
        batch.columns[0].values = values;
        exporter.batch(batch).unwrap_err()
    };
    let bytes =
        |offsets: &[u64], data: &[u8]| Values::Bytes { offsets: offsets.to_vec(), data: data.to_vec() };
    assert!(spoil(bytes(&[0, 2, 3], b"a\xFFc")).to_string().contains("\"x\""));
    for values in [
        bytes(&[0, 2, 4], b"abc"),
        bytes(&[0, 3, 2], b"abc"),
        bytes(&[1, 2, 3], b"abc"),
        bytes(&[0, 2, u64::MAX], b"abc"),
        bytes(&[0, 2], b"abc"),
        bytes(&[], b"abc"),
        bytes(&[0, 1, 2], "é".as_bytes()),
        Values::U32(vec![0, 0]),
        Values::None,
    ] {
        assert_eq!(spoil(values).kind(), ErrorKind::Corrupt);
    }
    let mut short = ingest(&batch).unwrap();
    short.columns[0].validity = Some(vec![1]);
    assert_eq!(exporter.batch(short).unwrap_err().kind(), ErrorKind::Corrupt);
    let empty = Batch { rows: 2, columns: vec![] };
    assert_eq!(exporter.batch(empty).unwrap_err().kind(), ErrorKind::Argument);
}

#[test]
fn decimals_beyond_their_precision_keep_their_bits() {
    let array = Decimal128Array::from(vec![i128::MAX, i128::MIN, 7]).with_precision_and_scale(3, 1).unwrap();
    let batch = one("x", Arc::new(array));
    let back = round_trip(&batch);
    assert!(logical_eq(&batch, &back));
    let _ = format!("{back:?}");
}

#[test]
fn an_arrow_schema_of_another_table_is_refused() {
    let schema = |fields: Vec<Field>| Schema::new(fields);
    let int = |name: &str, nullable| Field::new(name, DataType::Int32, nullable);
    let physical = physical_schema(&schema(vec![int("a", true), int("b", false)])).unwrap();
    for other in [
        vec![int("a", true)],
        vec![int("a", true), int("c", false)],
        vec![int("a", true), int("b", true)],
        vec![int("a", true), Field::new("b", DataType::UInt32, false)],
        vec![int("a", true), Field::new("b", DataType::Date32, false)],
        vec![int("a", true), Field::new("b", DataType::Struct(vec![int("x", true)].into()), false)],
    ] {
        let message = encode_schema(&schema(other)).unwrap();
        let error =
            Exporter::new(&physical, Some(&message), &Projection::all(&physical), no_dictionary).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn an_index_that_cannot_name_a_batch_says_so() {
    let values = Int32Array::from_iter_values(0..100);
    let half = |start: i32| {
        let keys = Int8Array::from_iter_values(0..100);
        let values = arrow::compute::kernels::numeric::add(&values, &Int32Array::new_scalar(start)).unwrap();
        one("x", Arc::new(DictionaryArray::new(keys, values)))
    };
    let (mut a, b) = (ingest(&half(0)).unwrap(), ingest(&half(100)).unwrap());
    let (Values::U32(x), Values::U32(y)) = (&mut a.columns[0].values, &b.columns[0].values) else { panic!() };
    x.extend(y);
    a.columns[0].validity.as_mut().unwrap().extend([1; 100]);
    a.rows = 200;
    let error = exporter(&half(0)).batch(a).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.to_string().contains("Int8"), "{error}");
}
