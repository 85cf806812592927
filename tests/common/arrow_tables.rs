//! Tables in files and in memory: written, read, and taken through values.
#![allow(dead_code, clippy::panic)]

use std::path::Path;

use arrow::compute::concat_batches;
use arrow::datatypes::*;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use gede::arrow::{ArrowFileWriter, ArrowTable};
use gede::column::Values;
use gede::internal::Exporter;
use gede::read::Projection;
use gede::write::Table;

pub fn write(path: &Path, table: &[RecordBatch]) -> gede::Result<()> {
    let mut sink = ArrowFileWriter::create(path, &table[0].schema(), false)?;
    table.iter().try_for_each(|batch| sink.write(batch))?;
    sink.finish()
}

pub fn all(schema: &SchemaRef, batches: impl IntoIterator<Item = gede::Result<RecordBatch>>) -> RecordBatch {
    let batches: Vec<RecordBatch> = batches.into_iter().collect::<Result<_, _>>().unwrap();
    if schema.fields().is_empty() {
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        return RecordBatch::try_new_with_options(schema.clone(), vec![], &options).unwrap();
    }
    concat_batches(schema, &batches).unwrap()
}

pub fn read(path: &Path) -> RecordBatch {
    let table = ArrowTable::open(path).unwrap();
    all(table.arrow(), table.record_batches().unwrap())
}

/// What a file of the table would give back: its batches through values and dictionaries.
pub fn through_values(table: &ArrowTable) -> RecordBatch {
    let mut schema = table.schema().clone();
    for (number, (node, _)) in table.dictionaries().iter().enumerate() {
        schema.set_dictionary(*node, Some(number as u32));
    }
    let dictionary = |node| Ok(table.dictionaries().iter().find(|(n, _)| *n == node).unwrap().1.clone());
    let exporter =
        Exporter::new(&schema, table.arrow_schema(), &Projection::all(&schema), dictionary).unwrap();
    let strings = |values: &Values| {
        let Values::Bytes { offsets, data } = values else { panic!() };
        offsets.windows(2).map(|w| data[w[0] as usize..w[1] as usize].to_vec()).collect::<Vec<_>>()
    };
    let batches = table.batches().unwrap().map(|batch| {
        let mut batch = batch?;
        assert!(batch.rows > 0);
        for (node, values) in table.dictionaries() {
            let known = strings(values);
            let column = &mut batch.columns[*node];
            let codes = strings(&column.values).into_iter().map(|s| {
                // Only what is under a null may be missing.
                known.iter().position(|k| *k == s).unwrap_or_else(|| if s.is_empty() { 0 } else { panic!() })
            });
            column.values = Values::U32(codes.map(|code| code as u32).collect());
        }
        exporter.batch(batch)
    });
    all(exporter.schema(), batches)
}
