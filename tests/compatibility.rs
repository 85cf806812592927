//! Promise 1, from the other side: what a reader of 1.0 does with files of a later version. It refuses them, or the part
//! that it cannot read, by name and version, or passes over what it does not know, and never misreads.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::draft::{Draft, Part, feature, rich};
use common::read::rows;
use common::repair::repair;
use common::zoo;
use gede::read::Projection;
use gede::{Error, ErrorKind, Reader};
use std::path::Path;

const FILE: (u8, u32, u32) = (0, 0, 0);
const LATER: u16 = 300;
const PRIVATE: u16 = 40_000;

fn file() -> Vec<u8> {
    let animal = zoo::one("integers");
    animal.table.file(&animal.options)
}

fn draft() -> Draft {
    Draft::new(&file())
}

fn refused(bytes: &[u8]) -> Error {
    Reader::new(bytes).expect_err("it should be refused")
}

/// The file is refused as corrupt, for a reason with these words.
fn is_corrupt(draft: &Draft, words: &str) {
    let error = refused(&draft.finish());
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

/// The file is whole, and has the rows that the draft was made of.
fn is_read(changed: &Draft, original: &Draft) {
    let (bytes, original) = (changed.finish(), original.finish());
    let reader = Reader::new(bytes.as_slice()).unwrap();
    reader.verify(|_| {}).unwrap();
    let original = Reader::new(original.as_slice()).unwrap();
    assert_eq!(rows(&reader).unwrap(), rows(&original).unwrap());
    assert_eq!(reader.condensed().unwrap(), original.condensed().unwrap());
}

/// A change is refused in a file of 1.0, and passed over where a later version's feature, which may be ignored, is listed.
fn needs_a_feature(original: &Draft, change: impl Fn(&mut Draft), words: &str) {
    let mut changed = original.clone();
    change(&mut changed);
    is_corrupt(&changed, words);
    changed.features.push(feature(LATER, false, FILE, "later"));
    is_read(&changed, original);
}

/// The files of `tests/later` (made by `tests/refused/make.py`), which `spec/check.py` holds the second reader to as well.
#[test]
fn files_of_later_versions_are_read_as_the_page_says() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let golden = |name: &str| std::fs::read(tests.join(format!("golden/{name}.gede"))).unwrap();
    let expected = std::fs::read_to_string(tests.join("later/expected.txt")).unwrap();
    let files = std::fs::read_dir(tests.join("later")).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "gede")).count();
    assert!(files == expected.lines().count() && files >= 30, "{files} files");
    for line in expected.lines() {
        let (name, rest) = line.split_once(' ').unwrap();
        let (what, words) = rest.split_once(' ').unwrap();
        let bytes = std::fs::read(tests.join(format!("later/{name}.gede"))).unwrap();
        if what == "refused" {
            let error = refused(&bytes);
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}: {error}");
            assert!(error.to_string().contains(words), "{name}: {error}");
            continue;
        }
        let (reader, original) = (Reader::new(bytes.as_slice()).unwrap(), golden(words));
        let original = Reader::new(original.as_slice()).unwrap();
        if what == "read" {
            reader.verify(|_| {}).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(rows(&reader).unwrap(), rows(&original).unwrap(), "{name}");
            continue;
        }
        assert_eq!(what, "part");
        let all: Vec<u64> = (0..reader.rows()).collect();
        let mut refused = Vec::new();
        for column in original.schema().columns() {
            let own = Projection::nodes_of(reader.schema(), &[column]);
            match reader.take(&all, &own) {
                Ok(taken) => {
                    let wanted = Projection::nodes_of(original.schema(), &[column]);
                    assert_eq!(taken, original.take(&all, &wanted).unwrap(), "{name}");
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}: {error}");
                    refused.push(column);
                }
            }
        }
        let schema = original.schema();
        let together = |&column: &usize| schema.nodes()[column].group == schema.nodes()[refused[0]].group;
        let is_one = refused.len() == 1 || schema.columns().filter(together).eq(refused.iter().copied());
        assert!(is_one, "{name}: {refused:?}");
        assert_eq!(reader.verify(|_| {}).unwrap_err().kind(), ErrorKind::Unsupported, "{name}");
    }
}

#[test]
fn drafts_put_together_are_the_files_they_were() {
    for original in [file(), rich().finish()] {
        assert!(Draft::new(&original).finish() == original);
    }
}

#[test]
fn an_unknown_required_feature_is_refused_by_name_and_version() {
    for (id, scope, name) in [
        (900, FILE, "delta records"),
        (900, (1, 0, 0), "delta records"),
        (PRIVATE, FILE, "acme/secret"),
        (200, FILE, "core of 1.7"),
    ] {
        let mut draft = draft();
        draft.features.push(feature(id, true, scope, name));
        draft.features.sort_by_key(|entry| u16::from_le_bytes([entry[0], entry[1]]));
        let error = refused(&draft.finish());
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let message = error.to_string();
        assert!(message.contains(name) && message.contains("1.7"), "{message}");
    }
}

/// Whatever else the file has that this reader would call corrupt, the name of the feature comes first.
#[test]
fn the_feature_is_named_before_anything_else_is_judged() {
    let mut draft = draft();
    draft.features.push(feature(LATER, true, FILE, "another world"));
    draft.header[20] = 7;
    draft.header[40] = 7;
    draft.footer[24] = 64;
    draft.footer[45] = 7;
    draft.head[40] = 7;
    draft.head.extend([7; 64]);
    draft.features.iter_mut().for_each(|entry| entry.extend([7; 8]));
    draft.tables.iter_mut().for_each(|entry| entry.extend([7; 32]));
    draft.longer_sections = vec![7; 16];
    draft.tables[0][0] = 9;
    draft.section(2).stride = 100;
    draft.section(32).bytes[12] = 200;
    draft.sections.push(Part::new(400, 0, &[1; 100]));
    let error = refused(&draft.finish());
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("another world"), "{error}");
}

#[test]
fn an_unknown_optional_feature_is_passed_over() {
    let original = draft();
    for (id, name) in [(900, "notes"), (PRIVATE, "acme/notes"), (65_535, "a/b"), (255, "core notes")] {
        let mut draft = original.clone();
        draft.features.push(feature(id, false, FILE, name));
        draft.features.sort_by_key(|entry| u16::from_le_bytes([entry[0], entry[1]]));
        is_read(&draft, &original);
        let bytes = draft.finish();
        assert!(Reader::new(bytes.as_slice()).unwrap().features().all(|f| f != name));
    }
}

#[test]
fn features_that_no_version_could_have_are_refused() {
    let refused = |entries: &[Vec<u8>], words: &str| {
        let mut draft = draft();
        draft.features.extend_from_slice(entries);
        is_corrupt(&draft, words);
    };
    let later = feature(LATER, false, FILE, "later");
    refused(&[later.clone(), later.clone()], "out of order");
    refused(&[feature(LATER, false, (0, 1, 0), "later")], "of no part");
    refused(&[feature(LATER, false, (1, 1, 1), "later")], "of no part");
    refused(&[feature(LATER, false, (4, 0, 0), "later")], "of no part");
    refused(&[feature(LATER, false, FILE, "")], "no name");
    refused(&[feature(LATER, false, FILE, "la\nter")], "no name");
    refused(&[feature(PRIVATE, false, FILE, "later")], "owner");
    let mut neither = later;
    neither[2] = 2;
    refused(&[neither], "neither");
}

#[test]
fn a_newer_major_version_is_refused_by_version() {
    let mut bytes = file();
    let end = bytes.len();
    for at in [8, end - 28] {
        bytes[at..at + 4].copy_from_slice(&[2, 0, 5, 0]);
    }
    repair(&mut bytes);
    let error = refused(&bytes);
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("2.5"), "{error}");
}

#[test]
fn a_newer_minor_version_is_read() {
    let mut bytes = file();
    let end = bytes.len();
    for at in [8, end - 28] {
        bytes[at..at + 4].copy_from_slice(&[1, 0, 77, 0]);
    }
    repair(&mut bytes);
    let reader = Reader::new(bytes.as_slice()).unwrap();
    assert_eq!(reader.version(), (1, 77));
    reader.verify(|_| {}).unwrap();
    assert_eq!(rows(&reader).unwrap(), zoo::one("integers").table.rows());
}

#[test]
fn a_file_from_before_1_0_is_refused_by_name() {
    let mut bytes = file();
    let end = bytes.len();
    for at in [0, end - 8] {
        bytes[at..at + 8].copy_from_slice(b"\x89GEDE\n\r\n");
    }
    let error = refused(&bytes);
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("before format 1.0"), "{error}");
    assert!(error.to_string().contains("commit"), "{error}");
}

#[test]
fn reserved_bytes_belong_to_later_features() {
    let original = draft();
    needs_a_feature(&original, |d| d.header[20] = 1, "reserved");
    needs_a_feature(&original, |d| d.footer[45] = 1, "reserved");
    needs_a_feature(&original, |d| d.head[50] = 1, "reserved");
    needs_a_feature(&original, |d| d.tables[0][2] = 1, "reserved");
}

#[test]
fn head_and_entries_may_grow() {
    for original in [draft(), rich()] {
        needs_a_feature(&original, |d| d.head.extend([1; 64]), "reserved");
        needs_a_feature(&original, |d| d.tables.iter_mut().for_each(|t| t.extend([1; 32])), "reserved");
        needs_a_feature(&original, |d| d.longer_sections = vec![1; 16], "reserved");
        needs_a_feature(&original, |d| d.lengthen(2, &[1; 64]), "stride");
        let mut changed = original.clone();
        changed.features.push(feature(LATER, false, FILE, "later"));
        changed.features.iter_mut().for_each(|entry| entry.extend([1; 24]));
        is_read(&changed, &original);
    }
    needs_a_feature(&rich(), |d| d.lengthen(3, &[1; 32]), "stride");
    let too_short = |change: &dyn Fn(&mut Draft)| {
        let mut draft = draft();
        draft.features.push(feature(LATER, false, FILE, "later"));
        change(&mut draft);
        is_corrupt(&draft, "too short");
    };
    too_short(&|d| d.tables.iter_mut().for_each(|t| t.truncate(24)));
    too_short(&|d| d.features.iter_mut().for_each(|f| f.truncate(32)));
}

#[test]
fn sections_of_later_versions_are_passed_over_and_checked_all_the_same() {
    let original = draft();
    for (kind, place, number) in
        [(300, 0, 0), (300, 2, 0), (77, 2, 0), (15, 0, 0), (50_000, 0, 3), (50_000, 2, 9)]
    {
        let part = Part { number, ..Part::new(kind, place, &[0xAB; 100]) };
        needs_a_feature(&original, |d| d.sections.push(part.clone()), "unknown");
        let mut changed = original.clone();
        changed.features.push(feature(LATER, false, FILE, "later"));
        changed.sections.push(part);
        let mut flipped = changed.finish();
        let at = flipped.windows(100).position(|bytes| bytes == [0xAB; 100]).unwrap();
        flipped[at + 50] ^= 1;
        let verified = Reader::new(flipped.as_slice()).and_then(|r| r.verify(|_| {}));
        assert_eq!(verified.unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn a_kind_of_section_may_occur_once_a_column_and_in_several_tables() {
    let original = rich();
    needs_a_feature(
        &original,
        |d| d.sections.extend((0..3).map(|number| Part { number, ..Part::new(301, 0, &[number as u8; 40]) })),
        "unknown",
    );
    // A table of a later kind, with a schema and blocks of its own.
    needs_a_feature(
        &original,
        |d| {
            let mut table = d.tables[0].clone();
            table[..2].copy_from_slice(&300u16.to_le_bytes());
            d.tables.push(table);
            d.sections.push(Part { number: 2, stride: 144, ..Part::new(2, 0, &[9; 288]) });
            d.sections.push(Part { number: 2, ..Part::new(4, 0, &[9; 100]) });
        },
        "unknown",
    );
    let mut twice = original.clone();
    twice.features.push(feature(LATER, false, FILE, "later"));
    twice.sections.extend([Part::new(301, 0, &[1; 40]), Part::new(301, 0, &[2; 40])]);
    is_corrupt(&twice, "twice");
}

#[test]
fn pieces_of_later_features_may_lie_among_the_blocks() {
    let original = rich();
    let change = |d: &mut Draft| {
        // The last blocks: what follows has no offsets of its own.
        let blocks = &mut d.sections.iter_mut().rev().find(|section| section.kind == 1).unwrap().bytes;
        blocks.resize(blocks.len().next_multiple_of(64), 0);
        blocks.extend([0xCD; 1000]);
    };
    let mut changed = original.clone();
    change(&mut changed);
    let bytes = changed.finish();
    let verified = Reader::new(bytes.as_slice()).and_then(|reader| reader.verify(|_| {}));
    assert_eq!(verified.unwrap_err().kind(), ErrorKind::Corrupt);
    changed.features.push(feature(LATER, false, FILE, "later"));
    is_read(&changed, &original);
}
