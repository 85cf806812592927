//! gede files.

use crate::bounds::{ROWS, bounded, within};
use crate::read;
use gede::arrow::ArrowTable;
use gede::write::{Disk, Options, merge_condensed};
use gede::{Reader, Writer};

/// Opens a file, verifies it, and asks for all that is beside its rows.
pub fn open(data: &[u8]) {
    bounded(data, || {
        if let Ok(reader) = Reader::new(data) {
            let _ = reader.verify(|_| {});
            let _ = read::others(&reader);
        }
    });
}

/// Takes rows in any order, with and without checksums.
pub fn take(data: &[u8]) {
    bounded(data, || {
        for reader in [Reader::new(data), Reader::new_unchecked(data)].into_iter().flatten() {
            let _ = read::take(&reader, ROWS);
        }
    });
}

/// Scans the first rows. A file that verifies is scanned without an error.
pub fn scan(data: &[u8]) {
    bounded(data, || {
        if let Ok(reader) = Reader::new(data) {
            let scanned = read::scan(&reader, ROWS);
            if let Err(error) = scanned {
                assert!(reader.verify(|_| {}).is_err(), "verify is content with a file that gives: {error}");
            }
        }
    });
}

/// Asks for what models are fitted on, and merges a file's with themselves.
pub fn condensed(data: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let (file, merged) = (folder.path().join("a.gede"), folder.path().join("b.gede"));
    std::fs::write(&file, data).unwrap();
    bounded(data, || {
        let Ok(reader) = Reader::new(data) else { return };
        let (condensed, moments) = (reader.condensed(), reader.moments());
        let whole = reader.verify(|_| {}).is_ok();
        assert!(!whole || condensed.is_ok() && moments.is_ok(), "verify is content with what cannot be read");
    });
    within(4 * data.len() + (64 << 20), data, || {
        if merge_condensed(&Disk, &merged, &[&file, &file], false).is_ok() {
            Reader::open(&merged).unwrap().verify(|_| {}).unwrap();
        }
    });
}

/// Merges the rows of a small file with themselves; what can be read comes twice.
pub fn merge(data: &[u8]) {
    let Ok(reader) = Reader::new(data) else { return };
    let rows = reader.rows();
    if rows > ROWS {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (file, merged) = (folder.path().join("a.gede"), folder.path().join("b.gede"));
    std::fs::write(&file, data).unwrap();
    within(4 * data.len() + (256 << 20), data, || {
        let Ok(table) = ArrowTable::from_files(&[&file, &file]) else { return };
        let options = Options::default().with_threads(1);
        if Writer::new(options.clone()).write(&merged, &table).is_ok() {
            let merged = Reader::open(&merged).unwrap();
            assert_eq!(merged.rows(), 2 * rows);
            merged.verify(|_| {}).unwrap();
        }
    });
}
