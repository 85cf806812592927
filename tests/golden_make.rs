//! Adds golden files for what has none: `cargo test --workspace --test golden_make -- --ignored`. The format is frozen:
//! a golden file that exists is never made anew (`golden.rs` holds all to `tests/golden/crc32.txt`). What the writer
//! writes today is another matter: its checksums in `tests/data/written.txt` are made anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fmt::Write;
use std::fs::{read_to_string, write};
use std::path::Path;

use common::dump::{dump, dump_condensed, dump_moments};
use common::{read, zoo};
use gede::Reader;
use gede::write::ImageTransform;

#[test]
#[ignore = "writes tests/golden and tests/data/written.txt"]
fn make() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let (golden, frozen) = (tests.join("golden"), tests.join("golden/crc32.txt"));
    let mut checksums = read_to_string(&frozen).unwrap_or_default();
    let mut written = String::new();
    for animal in zoo::all() {
        let bytes = animal.table.file(&animal.options);
        let checksum = format!("{:08x} {}", crc32fast::hash(&bytes), animal.name);
        writeln!(written, "{checksum}").unwrap();
        if golden.join(format!("{}.gede", animal.name)).exists() {
            continue;
        }
        writeln!(checksums, "{checksum}").unwrap();
        let add = |suffix: &str, content: &[u8]| {
            write(golden.join(format!("{}.{suffix}", animal.name)), content).unwrap();
        };
        add("gede", &bytes);
        let reader = Reader::new(bytes).unwrap();
        let rows = match animal.options.images {
            ImageTransform::Dct => read::rows(&reader).unwrap(), // not all that went in
            _ => animal.table.rows(),
        };
        add("csv", dump(&animal.table.schema, &rows).as_bytes());
        if let Some(condensed) = reader.condensed().unwrap() {
            add("condensed.csv", dump_condensed(&condensed).as_bytes());
        }
        if let Some(moments) = reader.moments().unwrap() {
            add("moments.csv", dump_moments(reader.schema(), &moments).as_bytes());
        }
    }
    write(frozen, checksums).unwrap();
    write(tests.join("data/written.txt"), written).unwrap();
}
