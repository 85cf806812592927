//! Promise: a file whose stored numbers leave their type, whose transforms do not fit their columns, or that says of its
//! rows what is not so, is refused by name. The files in `tests/refused` break one rule each, of the frame or of what it
//! holds (`make.py` there makes them); `spec/check.py` holds the second reader to the same files and reasons.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::read;
use gede::read::Projection;
use gede::{ErrorKind, Reader, Result};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused")
}

/// A file, when it is refused, and words of the reason.
struct Refused {
    name: String,
    when: String,
    reason: String,
    bytes: Vec<u8>,
}

fn refused() -> Vec<Refused> {
    let reasons = std::fs::read_to_string(folder().join("reasons.txt")).unwrap();
    let line = |line: &str| {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let (name, when, reason) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let bytes = std::fs::read(folder().join(format!("{name}.gede"))).unwrap();
        Refused { name, when, reason, bytes }
    };
    reasons.lines().map(line).collect()
}

impl Refused {
    /// Checks that a result is the refusal of this file.
    fn expect<T>(&self, doing: &str, result: Result<T>) {
        let Self { name, reason, .. } = self;
        let error = result.err().unwrap_or_else(|| panic!("{name}: {doing} finds nothing wrong"));
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{name}: {doing}: {error}");
        assert!(error.to_string().contains(reason), "{name}: {doing}: \"{error}\", not \"{reason}\"");
    }
}

#[test]
fn every_broken_rule_is_refused_by_name() {
    for file in refused() {
        if file.when == "open" {
            file.expect("open", Reader::new(file.bytes.as_slice()).map(drop));
            continue;
        }
        let reader = Reader::new(file.bytes.as_slice()).unwrap();
        file.expect("verify", reader.verify(|_| {}));
        if file.when == "rows" {
            file.expect("take", read::rows(&reader));
            let all = Projection::all(reader.schema());
            let scanned =
                reader.scan(&all, 0..reader.rows(), 7).unwrap().try_for_each(|batch| batch.map(drop));
            file.expect("scan", scanned);
            // Without page checksums it is no different.
            let unchecked = Reader::new_unchecked(file.bytes.as_slice()).unwrap();
            file.expect("take without checksums", read::rows(&unchecked));
        } else {
            assert_eq!(file.when, "whole");
        }
    }
}

/// Rows by themselves are the rows of a whole read, or refused with it: never a number that has been cut.
#[test]
fn single_rows_are_refused_or_right() {
    for file in refused().into_iter().filter(|f| f.when == "rows") {
        let reader = Reader::new(file.bytes.as_slice()).unwrap();
        let all = Projection::all(reader.schema());
        let refusals = (0..reader.rows()).filter(|&row| reader.take(&[row], &all).is_err()).count();
        assert!(refusals > 0, "{}: every single row is read", file.name);
    }
}

#[test]
fn every_file_of_the_folder_has_its_reason() {
    let listed: BTreeSet<String> = refused().into_iter().map(|f| f.name).collect();
    let files = std::fs::read_dir(folder()).unwrap().map(|f| f.unwrap().path());
    let files = files.filter(|f| f.extension().is_some_and(|e| e == "gede"));
    let found: BTreeSet<String> =
        files.map(|f| f.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(found, listed);
    assert!(listed.len() > 100);
}

/// An Arrow schema of other columns is found by a check of the whole file, not by the first export.
#[cfg(feature = "arrow")]
#[test]
fn arrow_schemas_of_other_columns_are_refused() {
    use arrow::datatypes::{DataType, Field, Schema};
    use common::memory::Builder;
    use common::repair::repair;
    use gede::column::Kind;
    let schema = Schema::new(vec![Field::new("height", DataType::UInt16, false)]);
    let mut table = Builder::new(20).number("height", Kind::Unsigned, 16, |i| i as u128 * 7).finish();
    table.arrow_schema = Some(gede::internal::encode_schema(&schema).unwrap());
    let mut bytes = table.file(&Default::default());
    Reader::new(bytes.as_slice()).unwrap().verify(|_| {}).unwrap();
    // The physical schema has the name first, the message last.
    let at = bytes.windows(6).rposition(|w| w == b"height").unwrap();
    bytes[at] = b'w';
    repair(&mut bytes);
    let error = Reader::new(bytes.as_slice()).unwrap().verify(|_| {}).unwrap_err();
    assert!(error.to_string().contains("the Arrow schema is not of this file"), "{error}");
}
