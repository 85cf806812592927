//! Columns that are stored apart are read apart: a read of some columns reads the blocks of their storage groups alone, and
//! gives what it gives from one group.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::draft::Draft;
use common::memory::{Builder, Memory};
use common::read::rows;
use common::zoo::random;
use gede::column::{Kind, Values};
use gede::image::ImageShape;
use gede::read::Projection;
use gede::write::{CellLimit, Disk, Options, StorageGroups, TargetKind, merge_condensed};
use gede::{ErrorKind, Reader, Writer};

fn named(groups: &[&[&str]]) -> StorageGroups {
    let group = |names: &&[&str]| names.iter().map(|&name| name.to_owned()).collect();
    StorageGroups::Named(groups.iter().map(group).collect())
}

fn options(groups: StorageGroups) -> Options {
    Options::default().with_cells(CellLimit::None).with_groups(groups)
}

/// Columns of several types, and one of images.
fn mixed(rows: usize) -> Memory {
    let shape = ImageShape::new(1, 2, 3, false).unwrap();
    Builder::new(rows)
        .f64("a", |i| (random(1, i) % 10_000) as f64 / 100.0)
        .image("picture", shape, |i, v| ((i + v) % 5) as u8)
        .text("b", |i| format!("{:x}", random(2, i) % 900))
        .nullable("c", Kind::Signed, 32, |i| (i % 5 > 0).then(|| u128::from(random(3, i) % 700)))
        .list(
            None,
            "d",
            true,
            |i| (i % 7 > 0).then_some(i % 4),
            |items| items.text("item", |i| format!("{}", i % 60)),
        )
        .f64("e", |i| if i % 90 == 3 { f64::NAN } else { i as f64 / 8.0 })
        .finish()
}

/// A table of many columns of numbers.
fn wide(columns: usize, rows: usize) -> Memory {
    let value = |column: usize| move |i: usize| (random(column as u64, i) % 100_000) as f64 / 1000.0;
    (0..columns).fold(Builder::new(rows), |table, i| table.f64(&format!("c{i}"), value(i))).finish()
}

#[test]
fn the_groups_are_those_that_were_asked_for() {
    let groups = |groups| {
        let file = mixed(50).file(&options(groups));
        let reader = Reader::new(file).unwrap();
        let schema = reader.schema();
        schema.columns().map(|column| schema.nodes()[column].group).collect::<Vec<_>>()
    };
    assert_eq!(groups(StorageGroups::Rows), [0, 1, 0, 0, 0, 0]);
    assert_eq!(groups(StorageGroups::Columns), [0, 1, 2, 3, 4, 5]);
    assert_eq!(groups(named(&[&["e", "b"], &["d"]])), [0, 1, 2, 0, 3, 2]);
    assert_eq!(groups(named(&[&["a"], &["b", "c", "d", "e"]])), [0, 1, 2, 2, 2, 2]);
}

#[test]
fn by_default_a_narrow_table_is_one_group_and_a_wide_one_several() {
    let groups = |table: &Memory| {
        let reader = Reader::new(table.file(&options(StorageGroups::default()))).unwrap();
        let schema = reader.schema();
        schema.columns().map(|column| schema.nodes()[column].group).collect::<Vec<_>>()
    };
    assert_eq!(StorageGroups::default(), StorageGroups::Auto);
    assert_eq!(groups(&wide(64, 3)), [0; 64]);
    let many = groups(&wide(70, 3));
    assert!(many.is_sorted() && many[0] == 0 && many[69] == 8, "{many:?}");
    assert_eq!(mixed(40).file(&options(StorageGroups::Auto)), mixed(40).file(&options(StorageGroups::Rows)));
    // Many columns of few values take few bytes, and stay together.
    let sparse = |rows: usize| {
        let value = |column: usize| move |i: usize| u128::from(random(column as u64, i) % 500 == 0);
        (0..300)
            .fold(Builder::new(rows), |t, i| t.number(&format!("c{i}"), Kind::Signed, 64, value(i)))
            .finish()
    };
    assert_eq!(groups(&sparse(3000)), [0; 300]);
    // A long vector does not lie between the columns beside it.
    let mut builder = Builder::new(5).number("id", Kind::Unsigned, 32, |i| i as u128);
    builder = builder.column(None, "vector", Kind::FixedList, 0, 300, None, |_, _| 0);
    builder = builder.column(Some(1), "item", Kind::Float, 64, 0, None, |i, v| u128::from((i * v) as u64));
    let vectors = builder.f64("weight", |i| i as f64).text("name", |i| format!("v{i}")).finish();
    assert_eq!(groups(&vectors), [0, 1, 2, 2]);
}

#[test]
fn groups_that_cannot_be_are_refused_before_a_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    for (groups, words) in [
        (named(&[&["a", "z"]]), "no column \"z\""),
        (named(&[&["a"], &["b", "a"]]), "column \"a\" is named twice"),
        (named(&[&["picture"]]), "column \"picture\" has images"),
    ] {
        let error = Writer::new(options(groups)).write(&path, &mixed(5)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.to_string().contains(words), "{error}");
        assert!(!path.exists());
    }
}

#[test]
fn any_groups_give_the_same_rows_and_the_same_bytes_whatever_the_threads() {
    let table = mixed(900);
    let one = Reader::new(table.file(&options(StorageGroups::Rows))).unwrap();
    let expected = rows(&one).unwrap();
    for groups in [StorageGroups::Columns, named(&[&["a", "e"], &["c", "b"]])] {
        let options = options(groups).with_segment_rows(250);
        let file = table.file(&options.clone().with_threads(1));
        assert!(table.file(&options.with_threads(5)) == file);
        let reader = Reader::new(file).unwrap();
        reader.verify(|_| {}).unwrap();
        assert_eq!(rows(&reader).unwrap(), expected);
        assert_eq!(reader.account().unwrap().parts.values().sum::<u64>(), reader.file_length());
        for column in one.schema().columns() {
            let own = Projection::nodes_of(one.schema(), &[column]);
            let picked = [899, 3, 3, 250, 17];
            assert_eq!(reader.take(&picked, &own).unwrap(), one.take(&picked, &own).unwrap());
        }
    }
}

/// Columns of skewed numbers: alone, they have base ids, and walks have frames of their own lines.
fn skewed(rows: usize) -> Memory {
    let cube = |seed: u64, i: usize, most: u64| {
        let part = |k: u64| random(seed + k, i) % 1024;
        most * part(0) / 1024 * part(1) / 1024 * part(2) / 1024
    };
    let walk = |i: usize| (0..=i).rev().take(300).map(|k| random(9, k) % 9).sum::<u64>() as i64;
    Builder::new(rows)
        .number("zone", Kind::Signed, 32, |i| u128::from(cube(20, i, 300)))
        .nullable("device", Kind::Signed, 32, |i| Some(u128::from(cube(30, i, 50_000))))
        .f64("walk", |i| walk(i) as f64 / 8.0)
        .f64("fall", |i| (1_000_000 - 37 * i as i64 + walk(i) * (walk(i + 7) % 9)) as f64 / 100.0)
        .nullable("some", Kind::Signed, 64, |i| (i % 11 > 0).then(|| u128::from(cube(40, i, 1 << 40))))
        .finish()
}

#[test]
fn columns_with_bases_of_their_own_are_read_at_any_row() {
    for rows in [1, 7, 8, 60, 1021, 5000] {
        let table = skewed(rows);
        let one = Reader::new(table.file(&options(StorageGroups::Rows))).unwrap();
        let bytes = table.file(&options(StorageGroups::Columns).with_segment_rows(2304));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gede");
        std::fs::write(&path, &bytes).unwrap();
        let (memory, file) = (Reader::new(bytes).unwrap(), Reader::open(&path).unwrap());
        let all = Projection::all(one.schema());
        let n = rows as u64;
        let mut ranges = vec![0..n, n - 1..n, n / 2..n, n / 3..(n / 3 + 5).min(n), (n / 8).min(3)..n];
        ranges.extend((0..n.min(9)).map(|first| first..n - first / 2));
        for range in ranges.into_iter().filter(|range| !range.is_empty()) {
            for batch_rows in [13, 4000] {
                let read = |batches: gede::Result<Vec<_>>| batches.unwrap();
                let expected = read(one.scan(&all, range.clone(), batch_rows).unwrap().collect());
                assert_eq!(read(memory.scan(&all, range.clone(), batch_rows).unwrap().collect()), expected);
                assert_eq!(read(file.scan(&all, range.clone(), batch_rows).unwrap().collect()), expected);
            }
        }
        let picked: Vec<u64> = (0..700).map(|i| random(77, i) % n).chain([n - 1, 0, n - 1]).collect();
        for picked in [&picked[..], &picked[..1], &[n - 1], &[0]] {
            let expected = one.take(picked, &all).unwrap();
            assert_eq!(memory.take(picked, &all).unwrap(), expected);
            assert_eq!(file.take(picked, &all).unwrap(), expected);
        }
    }
}

#[test]
fn one_column_of_many_reads_its_own_bytes() {
    let table = wide(100, 4000);
    let read = |groups| {
        let reader = Reader::new(table.file(&options(groups))).unwrap();
        let before = reader.touched_bytes();
        let column = Projection::columns(reader.schema(), &["c60"]).unwrap();
        let all: Vec<_> =
            reader.scan(&column, 0..reader.rows(), 1 << 16).unwrap().map(|b| b.unwrap()).collect();
        assert_eq!(all.iter().map(|batch| batch.rows).sum::<usize>(), 4000);
        (reader.touched_bytes() - before) as f64 / reader.file_length() as f64
    };
    let (together, apart) = (read(StorageGroups::Rows), read(StorageGroups::Columns));
    assert!(together > 0.8 && apart < 0.05, "{together}, {apart}");
}

#[test]
fn columns_that_are_whole_survive_damage_of_others() {
    let table = mixed(2000);
    let file = table.file(&options(StorageGroups::Columns));
    // The records of the first column.
    let mut draft = Draft::new(&file);
    let entries = draft.section(2).bytes.clone();
    let records = u64::from_le_bytes(entries[40..48].try_into().unwrap()) as usize;
    let mut damaged = file;
    damaged[records + 5000] ^= 1;
    let reader = Reader::new(damaged).unwrap();
    let whole = |name: &str| {
        let column = Projection::columns(reader.schema(), &[name]).unwrap();
        reader.whole_rows(&column, |_| {}).unwrap()
    };
    assert!(whole("e").into_iter().eq(std::iter::once(0..2000)));
    let left: u64 = whole("a").iter().map(|rows| rows.end - rows.start).sum();
    assert!(left < 2000, "{left}");
}

#[test]
fn threads_that_share_the_groups_of_a_long_read_read_the_same() {
    let table = wide(40, 4000);
    let apart = Reader::new(table.file(&options(StorageGroups::Columns))).unwrap();
    let all: Vec<u64> = (0..4000).collect();
    let projection = Projection::all(apart.schema());
    let together = apart.take(&all, &projection).unwrap();
    // A few rows at a time are too few to be shared.
    for few in all.chunks(100) {
        let part = apart.take(few, &projection).unwrap();
        for (part, whole) in part.columns.iter().zip(&together.columns) {
            let (Values::U64(part), Values::U64(whole)) = (&part.values, &whole.values) else { panic!() };
            assert_eq!(part[..], whole[few[0] as usize..][..part.len()]);
        }
    }
    assert!(rows(&apart).unwrap() == together);
}

#[test]
fn condensed_samples_of_files_with_other_groups_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, groups| {
        let path = folder.path().join(name);
        let options = Options::default().with_target("e", TargetKind::Value).with_cells(CellLimit::Beta(3));
        Writer::new(options.with_excluded(["c"]).with_groups(groups)).write(&path, &mixed(300)).unwrap();
        path
    };
    let files = [write("a.gede", StorageGroups::Columns), write("b.gede", StorageGroups::Rows)];
    let merged = folder.path().join("merged.gede");
    merge_condensed(&Disk, &merged, &files, false).unwrap();
    let reader = Reader::open(&merged).unwrap();
    reader.verify(|_| {}).unwrap();
    let samples = reader.condensed().unwrap().unwrap().samples;
    assert_eq!(samples.weights.iter().sum::<u64>(), 600);
}
