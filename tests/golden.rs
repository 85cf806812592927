//! Promise 1: the golden files are read as they were written, and there is one for everything the format
//! has. `spec/check.py` does the same with the second reader.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::dump::{
    dump, dump_condensed, dump_coreset, dump_covariances, dump_key_values, dump_moments, dump_statistics,
};
use common::frame::Frame;
use gede::Reader;
use gede::column::Batch;
use gede::read::{ByteSource, Projection};

fn files() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).unwrap();
    let mut files: Vec<_> = folder.map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "gede"));
    files.sort();
    assert!(files.len() > 30);
    files
}

fn rows<S: ByteSource>(reader: &Reader<S>) -> Batch {
    let all: Vec<u64> = (0..reader.rows()).collect();
    reader.take(&all, &Projection::all(reader.schema())).unwrap()
}

#[test]
fn golden_files_are_read_as_committed() {
    for file in files() {
        let committed = |suffix: &str| std::fs::read_to_string(file.with_extension(suffix));
        let reader = Reader::open(&file).unwrap();
        reader.verify(|_| {}).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let pairs = Some(dump_key_values(&reader.metadata().unwrap())).filter(|dump| !dump.is_empty());
        assert_eq!(pairs, committed("key_values.csv").ok(), "{}", file.display());
        let found = dump(reader.schema(), &rows(&reader));
        assert!(found == committed("csv").unwrap(), "{}", file.display());
        let condensed = reader.condensed().unwrap().map(|c| dump_condensed(&c));
        assert_eq!(condensed, committed("condensed.csv").ok(), "{}", file.display());
        let features = reader.condensed().unwrap().map_or(0, |c| c.features.len());
        let covariances = reader.cell_covariances().unwrap().map(|c| dump_covariances(features, &c));
        assert_eq!(covariances, committed("covariances.csv").ok(), "{}", file.display());
        let coreset = reader.coreset().unwrap().map(|c| dump_coreset(reader.schema(), &c));
        assert_eq!(coreset, committed("coreset.csv").ok(), "{}", file.display());
        let moments = reader.moments().unwrap().map(|m| dump_moments(reader.schema(), &m));
        assert_eq!(moments, committed("moments.csv").ok(), "{}", file.display());
        let statistics = reader.statistics().unwrap().map(|table| dump_statistics(&table));
        assert_eq!(statistics, committed("statistics.csv").ok(), "{}", file.display());
    }
}

#[test]
fn golden_files_are_frozen() {
    let name = |file: &PathBuf| file.file_stem().unwrap().to_string_lossy().into_owned();
    let checksum = |file: &PathBuf| crc32fast::hash(&std::fs::read(file).unwrap());
    let mut found: Vec<_> =
        files().iter().map(|file| format!("{:08x} {}", checksum(file), name(file))).collect();
    let mut known: Vec<_> = include_str!("golden/crc32.txt").lines().map(str::to_owned).collect();
    found.sort();
    known.sort();
    assert_eq!(found, known);
}

/// Little-endian numbers at places that the specification names.
struct Bytes(Vec<u8>);

impl Bytes {
    fn number(&self, at: usize, width: usize) -> u64 {
        self.0[at..at + width].iter().rev().fold(0, |n, &b| n << 8 | u64::from(b))
    }
}

/// What some golden file has, as `word number`.
fn found() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files() {
        let reader = Reader::open(&file).unwrap();
        for node in reader.schema().nodes() {
            found.insert(format!("kind {} {}", node.kind as u8, node.bits));
            if node.nullable {
                found.insert(format!("kind {} null", node.kind as u8));
            }
            found.insert(format!("unit {}", node.unit));
        }
        let bytes = Bytes(std::fs::read(&file).unwrap());
        let Frame { features, tables, sections, .. } = Frame::new(&bytes.0);
        found.extend(tables.iter().map(|&t| format!("table {}", bytes.number(t, 2))));
        let groups = reader.schema().groups() as usize;
        found.extend(features.iter().map(|&f| format!("feature {}", bytes.number(f, 2))));
        found.extend(sections.iter().map(|s| format!("section {}", s.kind)));
        for section in &sections {
            let (kind, at, length) = (section.kind, section.bytes.start, section.bytes.len());
            let entries = (at..at + length).step_by(144).filter(|_| kind == 2);
            found.extend(entries.map(|entry| format!("record {}", bytes.number(entry + 104, 1))));
            let kind = if kind == 2 && section.number > 0 { 0 } else { kind };
            for (i, entry) in (at..at + length).step_by(144).filter(|_| kind == 2).enumerate() {
                let record = bytes.number(entry + 104, 1);
                found.insert(format!("image transform {}", bytes.number(entry + 106, 1)));
                if record == 2 {
                    let layout = bytes.number(entry + 24, 8) as usize;
                    let parts = ["colour", "predictor", "group width", "group channels", "flags"];
                    for (at, part) in parts.iter().enumerate() {
                        found.insert(format!("{part} {}", bytes.number(layout + at, 1)));
                    }
                    continue;
                }
                if record == 3 {
                    found.insert(format!("anchors {}", u8::from(bytes.number(entry + 105, 1) > 0)));
                    found.insert(format!("frame shift {}", bytes.number(entry + 107, 1)));
                    found.insert(format!("minima {}", u8::from(bytes.number(entry + 108, 4) > 0)));
                }
                let group = (i % groups) as u32;
                if group > 0 && reader.schema().group_nodes(group).all(|(_, node)| node.image.is_none()) {
                    found.insert(format!("record {record} apart"));
                    let parts = [(56, "exceptions"), (72, "heap"), (136, "lists")];
                    let own = parts.into_iter().filter(|(at, _)| bytes.number(entry + at, 8) > 0);
                    found.extend(own.map(|(_, part)| format!("{part} apart")));
                }
                found.insert(format!("bases {}", u8::from(bytes.number(entry + 80, 8) > 1)));
                found.insert(format!("heap {}", u8::from(bytes.number(entry + 72, 8) > 0)));
                found.insert(format!("exceptions {}", u8::from(bytes.number(entry + 56, 8) > 0)));
                let lists = bytes.number(entry + 136, 8);
                found.insert(format!("lists {}", u8::from(lists > 0)));
                if lists > 0 {
                    let anchors = bytes.number(bytes.number(entry + 128, 8) as usize + 4, 4);
                    found.insert(format!("anchors of lists {}", anchors.min(2)));
                }
                let transforms = bytes.number(entry + 16, 8) as usize;
                let lanes = reader.schema().group_lanes((i % groups) as u32) as usize;
                found.extend(
                    (0..lanes).map(|l| format!("transform {}", bytes.number(transforms + 16 * l, 1))),
                );
            }
            for entry in (at..at + length).step_by(32).filter(|_| kind == 3) {
                let (kind, width) = (bytes.number(entry + 24, 4), bytes.number(entry + 28, 4));
                found.insert(format!("dictionary {kind}"));
                found.insert(format!("lengths {kind} {width}"));
            }
            if kind == 2 && length > 144 {
                found.insert("segments".to_owned());
            }
            if kind == 5 {
                found.insert(format!("moments exact {}", bytes.number(at + 4, 1)));
            }
            if kind == 10 {
                let (target, stored) = (bytes.number(at + 12, 1), bytes.number(at + 13, 1));
                found.insert(format!("condensed {target} stored {stored}"));
                found.insert(format!("cell bits {}", bytes.number(at + 14, 1)));
            }
        }
        let own = reader.schema().nodes().iter().filter(|n| n.dictionary.is_none() && n.kind.is_bytes());
        let dictionaries = sections.iter().any(|s| s.kind == 3);
        if own.count() > 0 && dictionaries {
            found.insert("segment dictionary".to_owned());
        }
    }
    found
}

#[test]
fn everything_is_in_a_golden_file() {
    let mut wanted: Vec<String> = Vec::new();
    let kinds: [(u8, &[u16]); 13] = [
        (0, &[0]),
        (1, &[0]),
        (2, &[1]),
        (3, &[8, 16, 32, 64]),
        (4, &[8, 16, 32, 64]),
        (5, &[16, 32, 64]),
        (6, &[32, 64, 128]),
        (7, &[64, 128]),
        (8, &[8]),
        (9, &[0]),
        (10, &[0]),
        (11, &[8]),
        (12, &[64]),
    ];
    for (kind, bits) in kinds {
        wanted.extend(bits.iter().map(|b| format!("kind {kind} {b}")));
        if kind != 11 {
            wanted.push(format!("kind {kind} null"));
        }
    }
    wanted.extend((0..=16).filter(|&u| u != 3).map(|u| format!("unit {u}")));
    wanted.extend(
        [0, 1, 2, 3, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 32, 33, 34, 35, 36, 37]
            .map(|f| format!("feature {f}")),
    );
    wanted.extend((1..=10).chain([16, 32, 34, 35, 36, 37, 38]).map(|s| format!("section {s}")));
    wanted.extend(["record 1", "record 2", "record 3", "record 4"].map(str::to_owned));
    wanted
        .extend(["record 1", "record 3", "exceptions", "heap", "lists"].map(|part| format!("{part} apart")));
    wanted.extend(["segments", "segment dictionary"].map(str::to_owned));
    wanted.extend([0, 1, 2, 3, 4].map(|t| format!("transform {t}")));
    wanted.extend([0, 1].map(|t| format!("image transform {t}")));
    wanted.extend([1, 2, 3, 4].map(|t| format!("table {t}")));
    wanted.extend([0, 1].map(|l| format!("lists {l}")));
    wanted.extend([0, 1, 2].map(|a| format!("anchors of lists {a}")));
    wanted.extend([0, 1, 2].map(|c| format!("colour {c}")));
    wanted.extend(["predictor", "flags"].into_iter().flat_map(|w| [0, 1].map(|p| format!("{w} {p}"))));
    wanted.extend([1, 2, 3, 4].map(|d| format!("dictionary {d}")));
    wanted.extend(["2 1", "2 2", "4 1"].map(|l| format!("lengths {l}")));
    wanted.extend(["anchors", "minima"].into_iter().flat_map(|w| [0, 1].map(|p| format!("{w} {p}"))));
    wanted.extend([3, 4].map(|s| format!("frame shift {s}")));
    wanted.extend(["bases", "heap", "exceptions", "moments exact", "cell bits"].map(|w| format!("{w} 0")));
    wanted.extend(["bases", "heap", "exceptions", "moments exact", "cell bits"].map(|w| format!("{w} 1")));
    for target in 0..3 {
        wanted.extend([0, 1].map(|stored| format!("condensed {target} stored {stored}")));
    }
    let found = found();
    let missing: Vec<_> = wanted.into_iter().filter(|w| !found.contains(w)).collect();
    assert!(missing.is_empty(), "no golden file has: {missing:?}");
}
