//! Makes the golden files: `cargo test --workspace --test golden_make -- --ignored`. Run while the format is
//! 0.x; from 1.0 on golden files are never made anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::dump::{dump, dump_condensed, dump_moments};
use common::{read, zoo};
use gede::Reader;
use gede::write::ImageTransform;

#[test]
#[ignore = "writes tests/golden"]
fn make() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    for animal in zoo::all() {
        let bytes = animal.table.file(&animal.options);
        let write = |suffix: &str, content: &[u8]| {
            std::fs::write(format!("{folder}/{}.{suffix}", animal.name), content).unwrap();
        };
        write("gede", &bytes);
        let reader = Reader::new(bytes).unwrap();
        let rows = match animal.options.images {
            ImageTransform::Dct => read::rows(&reader).unwrap(), // not all that went in
            _ => animal.table.rows(),
        };
        write("csv", dump(&animal.table.schema, &rows).as_bytes());
        if let Some(condensed) = reader.condensed().unwrap() {
            write("condensed.csv", dump_condensed(&condensed).as_bytes());
        }
        if let Some(moments) = reader.moments().unwrap() {
            write("moments.csv", dump_moments(reader.schema(), &moments).as_bytes());
        }
    }
}
