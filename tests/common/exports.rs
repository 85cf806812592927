//! Record batches to values and back.

#![allow(dead_code, clippy::unwrap_used)]

use arrow::array::*;
use arrow::record_batch::RecordBatch;
use gede::column::{Batch, Kind, Schema as Physical, Values};
use gede::internal::{Exporter, encode_schema, ingest, physical_schema};
use gede::read::Projection;
use gede::{Error, ErrorKind};

pub fn no_dictionary(_: usize) -> gede::Result<Values> {
    Err(Error::new(ErrorKind::Argument, "there are no dictionaries"))
}

pub fn exporter(batch: &RecordBatch) -> Exporter {
    let physical = physical_schema(batch.schema_ref()).unwrap();
    let message = encode_schema(batch.schema_ref()).unwrap();
    Exporter::new(&physical, Some(&message), &Projection::all(&physical), no_dictionary).unwrap()
}

pub fn round_trip(batch: &RecordBatch) -> RecordBatch {
    exporter(batch).batch(ingest(batch).unwrap()).unwrap()
}

pub fn one(name: &str, array: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([(name, array, true)]).unwrap()
}

/// The lengths that the physical schema promises of a batch, and zeros under nulls.
pub fn check(physical: &Physical, batch: &Batch) {
    assert_eq!(batch.columns.len(), physical.nodes().len());
    for (node, column) in physical.nodes().iter().zip(&batch.columns) {
        let count = batch.rows * node.instances as usize;
        assert_eq!(column.validity.is_some(), node.nullable);
        let width = if node.kind == Kind::FixedBytes { node.length as usize } else { 1 };
        let none = matches!(node.kind, Kind::Struct | Kind::FixedList);
        assert_eq!(column.values.len(), if none { 0 } else { count * width });
        if let (Values::Lists { items, .. }, Some(schema)) = (&column.values, &node.items) {
            check(schema, items);
        }
        let Some(validity) = &column.validity else { continue };
        assert_eq!(validity.len(), count);
        assert!(validity.iter().all(|&v| v <= 1));
        let under_null = (0..count).filter(|&i| validity[i] == 0);
        for i in under_null {
            match &column.values {
                Values::None => {}
                Values::U8(v) => assert!(v[i * width..(i + 1) * width].iter().all(|&b| b == 0)),
                Values::U16(v) => assert_eq!(v[i], 0),
                Values::U32(v) => assert_eq!(v[i], 0),
                Values::U64(v) => assert_eq!(v[i], 0),
                Values::U128(v) => assert_eq!(v[i], 0),
                Values::Bytes { offsets, .. } | Values::Lists { offsets, .. } => {
                    assert_eq!(offsets[i], offsets[i + 1]);
                }
            }
        }
    }
}
