//! Makes the golden files: `cargo test --test golden_make -- --ignored`. Run while the format is 0.x; from
//! 1.0 on golden files are never made anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{dump::dump, zoo};

#[test]
#[ignore = "writes tests/golden"]
fn make() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    for animal in zoo::all() {
        let bytes = animal.table.file(&animal.options);
        std::fs::write(format!("{folder}/{}.gede", animal.name), &bytes).unwrap();
        let csv = dump(&animal.table.schema, &animal.table.rows());
        std::fs::write(format!("{folder}/{}.csv", animal.name), csv).unwrap();
    }
}
