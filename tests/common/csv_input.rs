//! CSV text as it is read, and as it is refused.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use gede::ErrorKind;
use gede::arrow::{ArrowTable, CsvInput, InputOptions};

use super::input_folder::Folder;

pub fn open(path: &Path, set: impl Fn(&mut CsvInput)) -> gede::Result<ArrowTable> {
    let mut options = InputOptions::default();
    set(&mut options.csv);
    ArrowTable::open_with(path, &options)
}

pub fn batch(table: &ArrowTable) -> RecordBatch {
    let batches: Vec<RecordBatch> = table.record_batches().unwrap().collect::<gede::Result<_>>().unwrap();
    arrow::compute::concat_batches(table.arrow(), &batches).unwrap()
}

/// What a text is read as, and what is said of it.
pub fn read(text: impl AsRef<[u8]>, set: impl Fn(&mut CsvInput)) -> (RecordBatch, Vec<String>) {
    let folder = Folder::new();
    let table = open(&folder.file("t.csv", text), set).unwrap();
    (batch(&table), table.notes())
}

/// What is wrong with a text.
pub fn refused(text: impl AsRef<[u8]>, set: impl Fn(&mut CsvInput)) -> String {
    let folder = Folder::new();
    let error = open(&folder.file("t.csv", text), set).err().unwrap();
    let message = error.to_string();
    assert!(message.contains("t.csv") && !message.contains('\n'), "{message}");
    assert_eq!(error.kind(), ErrorKind::Input, "{message}");
    message
}

/// A column as text, `∅` for null.
pub fn cells(batch: &RecordBatch, column: usize) -> Vec<String> {
    let options = FormatOptions::new().with_null("∅");
    let format = ArrayFormatter::try_new(batch.column(column).as_ref(), &options).unwrap();
    (0..batch.num_rows()).map(|row| format.value(row).to_string()).collect()
}

pub fn says(text: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(text.contains(part), "\"{part}\" is not in: {text}"));
}

pub fn said(notes: &[String], parts: &[&str]) {
    let found = notes.iter().any(|note| parts.iter().all(|part| note.contains(part)));
    assert!(found, "{parts:?} is not in {notes:?}");
}
