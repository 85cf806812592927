//! Promise 1: a feature that a reader does not know may be of a storage group, of a column or of a table: the rest of the
//! file stays readable, and reads of that part are refused by name.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::draft::{Draft, feature, rich};
use common::memory::Builder;
use common::read::rows;
use gede::column::Kind;
use gede::image::ImageShape;
use gede::read::Projection;
use gede::write::Options;
use gede::{Error, ErrorKind, Reader};

const LATER: u16 = 300;

/// A table of numbers, text and two columns of images, each of these a storage group.
fn groups() -> Draft {
    let shape = ImageShape::new(1, 4, 4, false).unwrap();
    let table = Builder::new(500)
        .number("a", Kind::Unsigned, 16, |i| (i * 7 % 1000) as u128)
        .text("t", |i| format!("text {}", i * i % 97))
        .image("p", shape, |i, v| ((i + v) % 251) as u8)
        .image("q", shape, |i, v| (i * v % 13) as u8)
        .f64("y", |i| i as f64 / 8.0)
        .finish();
    Draft::new(&table.file(&Options::default()))
}

/// Reads of the named column are refused by the feature's name, all others give what the original has.
fn one_column_is_refused(changed: &Draft, original: &Draft, name: &str) {
    let (bytes, original) = (changed.finish(), original.finish());
    let (reader, original) =
        (Reader::new(bytes.as_slice()).unwrap(), Reader::new(original.as_slice()).unwrap());
    let is_named = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("a later column") && error.to_string().contains(name), "{error}");
    };
    is_named(reader.verify(|_| {}).unwrap_err());
    is_named(reader.take(&[1], &Projection::all(reader.schema())).unwrap_err());
    for column in ["a", "t", "p", "q", "y"] {
        let own = Projection::columns(reader.schema(), &[column]).unwrap();
        let taken = reader.take(&[499, 3, 3], &own);
        if column == name {
            is_named(taken.unwrap_err());
            is_named(reader.whole_rows(&own, |_| {}).unwrap_err());
        } else {
            let wanted = Projection::columns(original.schema(), &[column]).unwrap();
            assert_eq!(taken.unwrap(), original.take(&[499, 3, 3], &wanted).unwrap(), "{column}");
        }
    }
    reader.account().unwrap();
    // What is wrong elsewhere is still found.
    let mut damaged = changed.clone();
    damaged.section(5).bytes[70] ^= 1;
    let damaged = damaged.finish();
    let error = Reader::new(damaged.as_slice()).and_then(|reader| reader.verify(|_| {})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

#[test]
fn a_feature_of_a_storage_group_leaves_the_other_columns_readable() {
    let original = groups();
    let mut changed = original.clone();
    changed.features.push(feature(LATER, true, (2, 0, 1), "a later column"));
    // Blocks of another record kind, with other lanes.
    let blocks = changed.section(2);
    for entry in blocks.bytes.chunks_exact_mut(3 * 144) {
        entry[144 + 16..288].fill(0xEE);
    }
    let schema = &mut changed.section(32).bytes;
    schema[16 + 2 * 48 + 12] = 77;
    one_column_is_refused(&changed, &original, "p");
}

#[test]
fn a_feature_of_a_column_leaves_the_other_columns_readable() {
    let original = groups();
    let mut changed = original.clone();
    changed.features.push(feature(LATER, true, (3, 0, 1), "a later column"));
    let schema = &mut changed.section(32).bytes;
    schema[16 + 48 + 12] = 77;
    schema[16 + 48 + 14] = 200;
    // The kinds of its transforms: the lanes of "t" follow that of "a".
    let block = changed.section(2).bytes.clone();
    let set = u64::from_le_bytes(block[16..24].try_into().unwrap()) as usize - 64;
    let lanes = &mut changed.section(1).bytes[set + 16..set + 48];
    (lanes[0], lanes[2], lanes[16]) = (99, 99, 98);
    one_column_is_refused(&changed, &original, "t");
}

#[test]
fn a_feature_of_the_condensed_table_leaves_the_rows_readable() {
    let original = rich();
    let mut changed = original.clone();
    changed.features.push(feature(LATER, true, (1, 1, 0), "other samples"));
    let bytes = changed.finish();
    let reader = Reader::new(bytes.as_slice()).unwrap();
    let original = original.finish();
    assert_eq!(rows(&reader).unwrap(), rows(&Reader::new(original.as_slice()).unwrap()).unwrap());
    let error = reader.condensed().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(error.to_string().contains("other samples"), "{error}");
}
