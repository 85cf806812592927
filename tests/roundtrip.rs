//! Lossless means bit for bit: whatever goes into a file comes out, whole or row by row.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used)]

#[path = "common/batches.rs"]
mod batches;
#[path = "common/groups.rs"]
mod groups;

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use batches::tables;
use gede::arrow::{ArrowReader, ArrowTable};
use gede::internal::logical_eq;

use gede::read::{FileSource, Projection};
use gede::write::{Layout, Options};
use gede::{Reader, Result, Writer};
use groups::drawn_groups;
use proptest::prelude::*;

/// Writes batches with small segments and opens the file.
fn written(batches: &[RecordBatch], options: &Options) -> Result<(tempfile::TempDir, Reader<FileSource>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.gede");
    let table = ArrowTable::from_batches(batches[0].schema(), batches.to_vec())?;
    Writer::new(options.clone()).write(&path, &table)?;
    let reader = Reader::open(&path)?;
    Ok((folder, reader))
}

/// True if a scan has these rows, a few at a time: the dictionaries of all together may have more values than their keys
/// can number.
fn are_scanned(reader: &Reader<FileSource>, batch_rows: usize, all: &RecordBatch) -> bool {
    let rows = ArrowReader::new(reader, &Projection::all(reader.schema())).unwrap();
    let mut done = 0;
    for batch in rows.scan(0..reader.rows(), batch_rows).unwrap().map(|batch| batch.unwrap()) {
        if !logical_eq(&batch, &all.slice(done, batch.num_rows())) {
            return false;
        }
        done += batch.num_rows();
    }
    done == all.num_rows()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_table_comes_back(batches in tables(), segment_rows in 1usize..60, paper: bool, groups: u64, picks in proptest::collection::vec(any::<u64>(), 0..20)) {
        let all = concat_batches(&batches[0].schema(), &batches).unwrap();
        let layout = if paper { Layout::Paper } else { Layout::Compact };
        let schema = all.schema();
        let groups = drawn_groups(schema.fields().iter().map(|field| field.name().as_str()), groups);
        let options = Options::default().with_segment_rows(segment_rows).with_layout(layout).with_groups(groups);
        let (_folder, reader) = written(&batches, &options).unwrap();
        reader.verify(|_| {}).unwrap();
        prop_assert_eq!(reader.rows(), all.num_rows() as u64);
        prop_assert!(are_scanned(&reader, 7, &all));
        if all.num_rows() > 0 {
            let picks: Vec<u64> = picks.iter().map(|p| p % all.num_rows() as u64).collect();
            let rows = ArrowReader::new(&reader, &Projection::all(reader.schema())).unwrap();
            let taken = rows.take(&picks).unwrap();
            prop_assert_eq!(taken.num_rows(), picks.len());
            if all.num_columns() > 0 {
                let expected = batches::take(&all, &picks);
                prop_assert!(logical_eq(&taken, &expected));
            }
        }
        let account = reader.account().unwrap();
        prop_assert_eq!(account.parts.values().sum::<u64>(), reader.file_length());
    }
}
