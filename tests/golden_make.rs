//! Adds golden files for what has none: `cargo test --workspace --test golden_make -- --ignored`. The format is frozen:
//! a golden file that exists is never made anew (`golden.rs` holds all to `tests/golden/crc32.txt`). What the writer
//! writes today is another matter: its identities in `tests/data/written.txt` are made anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fmt::Write;
use std::fs::{read, read_to_string, write};
use std::path::Path;

use common::dump::{
    dump, dump_condensed, dump_coreset, dump_covariances, dump_key_values, dump_moments, dump_statistics,
};
use common::read::rows as rows_of;
use common::zoo;
use gede::column::Batch;
use gede::write::{Disk, ImageTransform, StatisticsPolicy, merge_condensed};
use gede::{Reader, Writer};

#[test]
#[ignore = "writes tests/golden and tests/data/written.txt"]
fn make() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let (golden, frozen) = (tests.join("golden"), tests.join("golden/crc32.txt"));
    let mut checksums = read_to_string(&frozen).unwrap_or_default();
    let mut written = String::new();
    for animal in zoo::all() {
        let bytes = animal.table.file(&animal.options);
        let identity = Reader::new(bytes.as_slice()).unwrap().identity();
        writeln!(written, "{identity} {}", animal.name).unwrap();
        if golden.join(format!("{}.gede", animal.name)).exists() {
            continue;
        }
        let rows = match animal.options.images.transform {
            ImageTransform::Dct => None, // not all that went in
            _ => Some(animal.table.rows()),
        };
        writeln!(checksums, "{:08x} {}", crc32fast::hash(&bytes), animal.name).unwrap();
        add(&golden, animal.name, bytes, rows);
    }
    for (name, files) in MERGED {
        let path = golden.join(format!("{name}.gede"));
        if !path.exists() {
            let files = files.map(|file| golden.join(format!("{file}.gede")));
            merge_condensed(&Disk, &path, &files, false).unwrap();
            let bytes = read(&path).unwrap();
            writeln!(checksums, "{:08x} {name}", crc32fast::hash(&bytes)).unwrap();
            add(&golden, name, bytes, None);
        }
    }
    for (name, animal) in APPENDED {
        let path = golden.join(format!("{name}.gede"));
        if !path.exists() {
            let animal = zoo::one(animal);
            let writer = Writer::new(animal.options.with_statistics(StatisticsPolicy::Always));
            let mut all = animal.table.clone();
            all.batches = all.batches.iter().cycle().take(4 * all.batches.len()).cloned().collect();
            writer.write(&path, &all).unwrap();
            for _ in 0..2 {
                writer.append(&path, &animal.table).unwrap();
            }
            let bytes = read(&path).unwrap();
            writeln!(checksums, "{:08x} {name}", crc32fast::hash(&bytes)).unwrap();
            add(&golden, name, bytes, None);
        }
    }
    write(frozen, checksums).unwrap();
    write(tests.join("data/written.txt"), written).unwrap();
}

/// Files of condensed samples alone, and the golden files that they are of.
const MERGED: [(&str, [&str; 2]); 2] = [
    ("merged_value", ["condensed_value", "condensed_value"]),
    ("merged_class", ["condensed_class", "recomputed_class"]),
];

/// Files of the rows of an animal four times, which were appended twice more: the second time, the part of the first is taken
/// over.
const APPENDED: [(&str, &str); 5] = [
    ("appended_numbers", "grouped_log"),
    ("appended_text", "text_dictionary"),
    ("appended_condensed", "condensed_class"),
    ("appended_lists", "lists"),
    ("appended_statistics", "statistics"),
];

/// Adds a file and the dumps of what it holds; its rows where they are known.
fn add(golden: &Path, name: &str, bytes: Vec<u8>, rows: Option<Batch>) {
    let add = |suffix: &str, content: &[u8]| write(golden.join(format!("{name}.{suffix}")), content).unwrap();
    add("gede", &bytes);
    let reader = Reader::new(bytes).unwrap();
    let rows = rows.unwrap_or_else(|| rows_of(&reader).unwrap());
    add("csv", dump(reader.schema(), &rows).as_bytes());
    let pairs = reader.metadata().unwrap();
    if !pairs.is_empty() {
        add("key_values.csv", dump_key_values(&pairs).as_bytes());
    }
    if let Some(condensed) = reader.condensed().unwrap() {
        add("condensed.csv", dump_condensed(&condensed).as_bytes());
        if let Some(covariances) = reader.cell_covariances().unwrap() {
            add("covariances.csv", dump_covariances(condensed.features.len(), &covariances).as_bytes());
        }
    }
    if let Some(coreset) = reader.coreset().unwrap() {
        add("coreset.csv", dump_coreset(reader.schema(), &coreset).as_bytes());
    }
    if let Some(table) = reader.statistics().unwrap() {
        add("statistics.csv", dump_statistics(&table).as_bytes());
    }
    if let Some(moments) = reader.moments().unwrap() {
        add("moments.csv", dump_moments(reader.schema(), &moments).as_bytes());
    }
}
