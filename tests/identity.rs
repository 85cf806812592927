//! The identity of a file, the name of its writer, and key-values of the user.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;

use common::draft::{Draft, Part, feature};
use common::frame::Frame;
use common::memory::{Builder, Memory};
use common::repair::{repair, repair_checksums};
use gede::read::Identity;
use gede::write::{Disk, Options, TargetKind, merge_condensed};
use gede::{ErrorKind, Reader};

const KEY_VALUES: u16 = 36;
const IDENTITY: u16 = 37;
const CREATED_BY: u16 = 38;

fn table(changed: usize) -> Memory {
    let value = move |i| (i % 100) as f64 / 4.0 + if i == changed { 0.25 } else { 0.0 };
    Builder::new(3000).f64("a", value).f64("y", |i| (i % 7) as f64).finish()
}

fn options() -> Options {
    Options::default().with_target("y", TargetKind::Value)
}

fn draft() -> Draft {
    Draft::new(&table(0).file(&options()))
}

fn identity(bytes: &[u8]) -> Identity {
    let reader = Reader::new(bytes).unwrap();
    reader.verify(|_| {}).unwrap();
    reader.identity()
}

/// The reason why a file is refused, by an open or by `verify`.
fn refused(bytes: &[u8]) -> String {
    let error = Reader::new(bytes).and_then(|reader| reader.verify(|_| {})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    error.to_string()
}

#[test]
fn versions_of_the_writer_that_write_the_same_give_one_identity() {
    let original = draft();
    let bytes = original.finish();
    assert_eq!(
        Reader::new(bytes.as_slice()).unwrap().created_by(),
        concat!("gede ", env!("CARGO_PKG_VERSION"))
    );
    for name in
        ["gede 9.10.11", "another writer, whose name is longer than one piece of 64 bytes, 2.0 of May", "x"]
    {
        let mut other = original.clone();
        other.section(CREATED_BY).bytes = name.into();
        let other = other.finish();
        assert_eq!(identity(&other), identity(&bytes));
        assert_eq!(Reader::new(other.as_slice()).unwrap().created_by(), name);
    }
}

#[test]
fn files_that_differ_have_other_identities() {
    let rows = [0, 1, 2999].map(|changed| identity(&table(changed).file(&options())));
    let pairs = ["1", "2"].map(|value| identity(&table(0).file(&options().with_metadata("run", value))));
    let mut listed = draft();
    listed.features.push(feature(300, false, (0, 0, 0), "later"));
    let mut moved = draft();
    moved.tables[0][16..24].fill(0); // as if segments were cut otherwise
    let drafts = [listed, moved].map(|draft| identity(&draft.finish()));
    let mut all = [&rows[..], &pairs, &drafts].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 7);
    assert_eq!(rows[0].to_string().len(), 64);
    assert_eq!(rows[0], identity(&table(0).file(&options())));
}

#[test]
fn a_file_that_is_not_what_its_identity_says_is_refused_though_its_checksums_are_right() {
    let bytes = draft().finish();
    let frame = Frame::new(&bytes);
    let place = |kind: u16| frame.section(kind.into()).unwrap().bytes.clone();
    let last_level = frame.sections.iter().rfind(|section| section.kind == 16).unwrap().bytes.end;
    // In the identity itself, and in padding, which no checksum covers.
    for at in [place(IDENTITY).start, place(IDENTITY).end - 1, last_level] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        repair_checksums(&mut changed);
        assert!(Reader::new(changed.as_slice()).is_ok());
        refused(&changed);
    }
    let mut changed = bytes.clone();
    changed[place(IDENTITY).start] ^= 1;
    repair_checksums(&mut changed);
    assert!(refused(&changed).contains("identity"), "{}", refused(&changed));
    repair(&mut changed);
    assert!(changed == bytes);
}

#[test]
fn every_file_ends_in_its_identity_and_the_name_of_its_writer() {
    let refused = |change: &dyn Fn(&mut Draft), words: &str| {
        let mut draft = draft();
        change(&mut draft);
        let found = refused(&draft.finish());
        assert!(found.contains(words), "{found}");
    };
    let without = |kind: u16| move |draft: &mut Draft| draft.sections.retain(|part| part.kind != kind);
    refused(&without(IDENTITY), "last sections");
    refused(&without(CREATED_BY), "last sections");
    refused(&|d| d.sections.rotate_right(1), "last sections");
    refused(&|d| d.sections.push(Part { number: 1, ..Part::new(CREATED_BY, 2, b"x") }), "of no table");
    refused(&|d| d.section(CREATED_BY).bytes = vec![b'x'; 256], "255");
    refused(&|d| d.section(CREATED_BY).bytes = vec![0xFF], "UTF-8");
    // Later versions may have more behind them; both are there all the same.
    let later = feature(300, false, (0, 0, 0), "later");
    let mut more = draft();
    more.features.push(later.clone());
    more.sections.push(Part::new(400, 2, b"later"));
    identity(&more.finish());
    for kind in [IDENTITY, CREATED_BY] {
        let mut draft = more.clone();
        without(kind)(&mut draft);
        let found = self::refused(&draft.finish());
        assert!(found.contains("last sections"), "{found}");
    }
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[test]
fn key_values_come_back() {
    let plain = table(0).file(&options());
    assert_eq!(Reader::new(plain.as_slice()).unwrap().metadata().unwrap(), BTreeMap::new());
    // More than an open reads at once.
    let long = "long ".repeat(50_000);
    let options =
        options().with_metadata("site", "Zürich").with_metadata("empty", "").with_metadata("a", &long);
    let bytes = table(0).file(&options.with_metadata("site", "Bern"));
    let reader = Reader::new(bytes.as_slice()).unwrap();
    reader.verify(|_| {}).unwrap();
    assert_eq!(reader.metadata().unwrap(), pairs(&[("a", &long), ("empty", ""), ("site", "Bern")]));
    assert_eq!(reader.rows(), 3000);
}

#[test]
fn key_values_that_break_a_rule_are_refused() {
    let original = Draft::new(&table(0).file(&options().with_metadata("a", "1").with_metadata("b", "2")));
    for (at, byte, words) in
        [(20, b'b', "order"), (20, b'c', "order"), (21, 0xFF, "UTF-8"), (4, 0, "fit"), (0, 9, "cut")]
    {
        let mut changed = original.clone();
        changed.section(KEY_VALUES).bytes[at] = byte;
        let bytes = changed.finish();
        let reader = Reader::new(bytes.as_slice()).unwrap();
        let error = reader.metadata().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(words), "{error}");
        assert!(refused(&bytes).contains(words), "{}", refused(&bytes));
    }
}

#[test]
fn merged_samples_keep_the_key_values_that_all_files_have() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, site) in [("1", "Bern"), ("2", "Basel")] {
        let options =
            options().with_metadata("unit", "m").with_metadata("site", site).with_metadata(name, "own");
        std::fs::write(path(name), table(0).file(&options)).unwrap();
    }
    let report = merge_condensed(&Disk, &path("m"), &[path("1"), path("2")], false).unwrap();
    assert_eq!(report.left_out.len(), 3, "{:?}", report.left_out);
    assert!(report.left_out.iter().any(|note| note.contains("\"site\"")), "{:?}", report.left_out);
    assert_eq!(Reader::open(path("m")).unwrap().metadata().unwrap(), pairs(&[("unit", "m")]));
}
