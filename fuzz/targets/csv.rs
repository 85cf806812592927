//! Reads bytes as CSV; what can be read is written and comes back the same.

#![no_main]

use gede::Reader;
use gede::arrow::ArrowTable;
use gede::write::{Options, Table, write};
use gede_fuzz::memory::Memory;
use gede_fuzz::read::rows;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, data).unwrap();
    let Ok(table) = ArrowTable::open(&path) else { return };
    let batches: gede::Result<Vec<_>> = table.batches().unwrap().collect();
    let Ok(batches) = batches else { return };
    let written = Memory { schema: table.schema().clone(), batches, ..Memory::default() }.rows();
    let file = folder.path().join("t.gede");
    write(&file, &table, &Options { threads: 1, ..Options::default() }).unwrap();
    let reader = Reader::open(&file).unwrap();
    reader.verify(|_| {}).unwrap();
    assert!(rows(&reader).unwrap() == written);
});
