//! Promise 2: bytes that did harm once, found by fuzzing or by `hostile.rs`, do none now.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::allocation::{Tracked, peak};
use common::read::everything;
use gede::arrow::ArrowTable;
use gede::write::Table;

#[global_allocator]
static ALLOCATOR: Tracked = Tracked;

#[test]
fn finds_do_no_harm() {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/finds")).unwrap();
    let files: Vec<_> = folder.map(|f| f.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let (_, peak) = peak(|| match file.extension().is_some_and(|extension| extension == "gede") {
            true => everything(&bytes, 2000),
            false => ArrowTable::open(&file)?.batches()?.try_for_each(|batch| batch.map(drop)),
        });
        assert!(peak <= 4 * bytes.len() + (16 << 20), "{}: {peak} bytes allocated", file.display());
    }
}
