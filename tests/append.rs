//! Rows that are appended to a file are there, behind those of before, and nothing that was there is written again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::frame::Frame;
use common::memory::{Builder, Memory};
use common::read::{everything, rows as rows_of};
use common::zoo::{all, random};
use gede::column::{Kind, Values};
use gede::read::{Predicate, Projection};
use gede::write::{CellLimit, Disk, FileSystem, Options, StatisticsPolicy, TargetKind};
use gede::{ErrorKind, Reader, Writer};

/// Rows of a table, from `first` on.
fn sensors(first: usize, rows: usize) -> Memory {
    Builder::new(rows)
        .number("time", Kind::Signed, 64, |i| 1_700_000_000_000 + 1000 * (first + i) as u128)
        .unit(9)
        .f64("temperature", |i| (random(3, first + i) % 10_000) as f64 / 100.0)
        .nullable("zone", Kind::Unsigned, 8, |i| {
            ((first + i) % 7 > 0).then_some(u128::from(random(4, first + i) % 12))
        })
        .text("name", |i| format!("sensor {}", random(5, first + i) % 100))
        .finish()
}

fn write(path: &Path, table: &Memory, options: &Options) {
    Writer::new(options.clone()).write(path, table).unwrap();
}

fn append(path: &Path, table: &Memory) -> gede::Result<gede::write::Report> {
    Writer::new(Options::default()).append(path, table)
}

/// The rows of several tables.
fn together(tables: &[&Memory]) -> gede::column::Batch {
    let batches = tables.iter().flat_map(|table| table.batches.clone()).collect();
    Memory { schema: tables[0].schema.clone(), batches, ..Memory::default() }.rows()
}

#[test]
fn every_table_can_be_appended_to_itself() {
    for animal in all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gede");
        let options = animal.options.clone().with_statistics(StatisticsPolicy::Always);
        write(&path, &animal.table, &options);
        let before = std::fs::read(&path).unwrap();
        let is_class_wise =
            options.layout.class.is_some() && Reader::open(&path).unwrap().classes().is_some();
        let report = match Writer::new(options).append(&path, &animal.table) {
            Err(e) if is_class_wise => {
                assert!(e.to_string().contains("class by class"), "{}: {e}", animal.name);
                assert_eq!(std::fs::read(&path).unwrap(), before, "{}", animal.name);
                continue;
            }
            report => report.unwrap_or_else(|e| panic!("{}: {e}", animal.name)),
        };
        let after = std::fs::read(&path).unwrap();
        assert_eq!(after[64..before.len()], before[64..], "{}: bytes changed", animal.name);
        everything(&after, 100).unwrap_or_else(|e| panic!("{}: {e}", animal.name));
        let reader = Reader::new(after).unwrap();
        let parts = if report.rows > 0 { 2 } else { 1 };
        assert_eq!((reader.parts(), reader.rows()), (parts, report.rows), "{}", animal.name);
        let before = Reader::new(before).unwrap();
        let own = Memory { batches: vec![rows_of(&before).unwrap()], ..animal.table };
        assert!(rows_of(&reader).unwrap() == together(&[&own; 2]), "{}: other rows", animal.name);
    }
}

#[test]
fn rows_of_several_parts_are_read_as_those_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let parts = [sensors(0, 5000), sensors(5000, 1), sensors(5001, 2999), sensors(8000, 700)];
    let options = Options::default().with_statistics(StatisticsPolicy::Always).with_segment_rows(1000);
    write(&path, &parts[0], &options);
    for part in &parts[1..] {
        append(&path, part).unwrap();
    }
    let whole = folder.path().join("whole.gede");
    write(&whole, &sensors(0, 8700), &options);
    let (reader, whole) = (Reader::open(&path).unwrap(), Reader::open(&whole).unwrap());
    reader.verify(|_| {}).unwrap();
    // One row is written again with those that follow it.
    assert_eq!((reader.parts(), reader.rows(), reader.segments()), (3, 8700, 5 + 2 + 1));
    let all = Projection::all(reader.schema());
    let picked: Vec<u64> = (0..500).map(|i| random(7, i) % 8700).collect();
    assert!(
        reader.take(&picked, &all).unwrap() == whole.take(&picked, &Projection::all(whole.schema())).unwrap()
    );
    let warm = Predicate::parse("temperature between 20 and 21", reader.schema()).unwrap();
    assert_eq!(reader.count(&warm).unwrap(), whole.count(&warm).unwrap());
    assert!(reader.count(&warm).unwrap() > 10);
    // Sums over the rows are those of all parts.
    assert_eq!(reader.moments().unwrap(), whole.moments().unwrap());
    // All parts use the file's dictionary, which knows their strings.
    assert!(reader.dictionary(3).unwrap().is_some());
    assert_eq!(reader.schema().nodes()[3].dictionary, whole.schema().nodes()[3].dictionary);
}

#[test]
fn an_append_writes_about_what_it_appends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    write(&path, &sensors(0, 200_000), &Options::default());
    let before = std::fs::metadata(&path).unwrap().len();
    append(&path, &sensors(200_000, 2000)).unwrap();
    let more = std::fs::metadata(&path).unwrap().len() - before;
    assert!(50 * more < before, "{more} bytes behind {before}");
    Reader::open(&path).unwrap().verify(|_| {}).unwrap();
}

#[test]
fn strings_that_the_dictionary_of_the_file_lacks_get_one_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let words =
        |first: usize| Builder::new(2000).text("word", move |i| format!("word {}", first + i % 50)).finish();
    write(&path, &words(0), &Options::default());
    assert!(Reader::open(&path).unwrap().dictionary(0).unwrap().is_some());
    append(&path, &words(40)).unwrap();
    let reader = Reader::open(&path).unwrap();
    reader.verify(|_| {}).unwrap();
    assert!(reader.dictionary(0).unwrap().is_none());
    assert!(rows_of(&reader).unwrap() == together(&[&words(0), &words(40)]));
}

#[test]
fn condensed_samples_and_moments_are_those_of_all_parts() {
    let table = |first: usize, rows: usize| {
        Builder::new(rows)
            .f64("x", move |i| (random(1, first + i) % 1000) as f64 / 8.0 + first as f64)
            .nullable("y", Kind::Unsigned, 32, move |i| {
                (i % 5 > 0).then_some(u128::from(random(2, first + i) % 100))
            })
            .number("label", Kind::Unsigned, 8, move |i| {
                (random(3, first + i) % 3) as u128 + u128::from(first > 0)
            })
            .finish()
    };
    for kind in [TargetKind::Class, TargetKind::Value] {
        for recompute in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.gede");
            let options = Options::default()
                .with_target("label", kind)
                .with_cells(CellLimit::Most(50))
                .with_recomputed_condensed(recompute)
                .with_cell_covariances(!recompute)
                .with_coreset(true);
            write(&path, &table(0, 3000), &options);
            let before = Reader::open(&path).unwrap().condensed().unwrap().unwrap().samples.len();
            let report = append(&path, &table(3000, 1000)).unwrap();
            assert!(report.left_out.iter().any(|note| note.contains("coreset")), "{:?}", report.left_out);
            let reader = Reader::open(&path).unwrap();
            reader.verify(|_| {}).unwrap();
            let samples = reader.condensed().unwrap().unwrap();
            let weights: u64 = samples.samples.weights.iter().sum();
            assert!(samples.stored && weights == 4000 && samples.samples.len() > before, "{weights}");
            assert_eq!(samples.labels.len(), if kind == TargetKind::Class { 4 } else { 0 });
            assert_eq!(reader.cell_covariances().unwrap().is_some(), !recompute);
            let whole = folder.path().join("whole.gede");
            let mut both = table(0, 3000);
            both.batches.extend(table(3000, 1000).batches);
            write(&whole, &both, &options);
            let whole = Reader::open(&whole).unwrap();
            assert_eq!(reader.moments().unwrap(), whole.moments().unwrap());
            assert_eq!(samples.extents, whole.condensed().unwrap().unwrap().extents);
        }
    }
}

#[test]
fn no_rows_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    write(&path, &sensors(0, 500), &Options::default().with_target("temperature", TargetKind::Value));
    let before = std::fs::read(&path).unwrap();
    let report = append(&path, &Memory { batches: Vec::new(), ..sensors(0, 1) }).unwrap();
    assert_eq!((report.rows, report.file_length), (500, before.len() as u64));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_reader_sees_the_table_that_it_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    write(&path, &sensors(0, 3000), &Options::default());
    // SAFETY: nobody shortens the file.
    let mapped = unsafe { Reader::map(&path) }.unwrap();
    let opened = Reader::open(&path).unwrap();
    append(&path, &sensors(3000, 3000)).unwrap();
    for rows in [rows_of(&mapped).unwrap(), rows_of(&opened).unwrap()] {
        assert!(rows == sensors(0, 3000).rows());
    }
    mapped.verify(|_| {}).unwrap();
    assert_eq!(Reader::open(&path).unwrap().rows(), 6000);
}

#[test]
fn what_cannot_be_appended_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    write(&path, &sensors(0, 300), &Options::default());
    let before = std::fs::read(&path).unwrap();
    let refused = |table: &Memory, kind: ErrorKind, what: &str| {
        let e = append(&path, table).unwrap_err();
        assert!(e.kind() == kind && e.to_string().contains(what) && e.to_string().contains("t.gede"), "{e}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    };
    let fewer = Builder::new(3).f64("temperature", |_| 0.0).finish();
    refused(&fewer, ErrorKind::Type, "lacks the column \"time\"");
    let mut other = sensors(0, 3);
    other.schema = sensors(0, 3).schema;
    let wide = Builder::new(3)
        .number("time", Kind::Signed, 64, |_| 0)
        .unit(9)
        .number("temperature", Kind::Float, 32, |_| 0)
        .nullable("zone", Kind::Unsigned, 8, |_| None)
        .text("name", |_| String::new())
        .finish();
    refused(&wide, ErrorKind::Type, "\"temperature\" as float of 32 bits");
    // A writer that has the file open.
    let open = Disk.open_in_place(&path).unwrap();
    refused(&sensors(0, 3), ErrorKind::Io, "another process appends to it");
    drop(open);
    // A table whose passes differ fails on its way.
    let mut broken = sensors(0, 3000);
    if let Values::U64(times) = &mut broken.batches[0].columns[0].values {
        times.pop();
    }
    assert!(append(&path, &broken).is_err());
    assert_eq!(std::fs::read(&path).unwrap()[64..], before[64..]);
    append(&path, &sensors(300, 10)).unwrap();
    assert_eq!(Reader::open(&path).unwrap().rows(), 310);
}

#[test]
fn many_small_appends_become_few_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let table = |first: usize, rows: usize| {
        let mut table = Builder::new(rows)
            .number("row", Kind::Unsigned, 32, move |i| (first + i) as u128)
            .f64("x", move |i| (random(3, first + i) % 10_000) as f64 / 100.0)
            .text("kept", move |i| format!("sensor {}", random(5, first + i) % 20))
            .text("own", move |i| format!("{} of {first}", random(6, first + i) % 5))
            .strings(None, "long", Kind::Text, true, move |i| {
                (i % 3 > 0).then(|| format!("{:x}", random(7, first + i)).repeat(5).into_bytes())
            });
        table = table.list(
            None,
            "tags",
            true,
            move |i| (i % 4 > 0).then_some(i % 3),
            |items| items.text("tag", move |i| format!("tag {}", random(8, first + i) % 9)),
        );
        table.finish()
    };
    let options = Options::default().with_statistics(StatisticsPolicy::Always).with_segment_rows(600);
    write(&path, &table(0, 2000), &options);
    let (mut first, mut tables, mut most) = (2000, vec![table(0, 2000)], 0);
    for number in 0..80 {
        let rows = 10 + number % 3;
        tables.push(table(first, rows));
        Writer::new(options.clone()).append(&path, &tables[number + 1]).unwrap();
        first += rows;
        let reader = Reader::open(&path).unwrap();
        most = most.max(reader.parts());
        if number % 9 == 8 {
            reader.verify(|_| {}).unwrap_or_else(|e| panic!("append {number}: {e}"));
            assert!(
                rows_of(&reader).unwrap() == together(&tables.iter().collect::<Vec<_>>()),
                "append {number}: other rows"
            );
        }
    }
    assert!((3..=10).contains(&most), "{most} parts");
    let reader = Reader::open(&path).unwrap();
    assert!(reader.statistics().unwrap().is_some() && reader.moments().unwrap().is_some());
    let whole = folder.path().join("whole.gede");
    let all = Memory { batches: vec![together(&tables.iter().collect::<Vec<_>>())], ..table(0, 1) };
    write(&whole, &all, &options);
    assert_eq!(reader.moments().unwrap(), Reader::open(&whole).unwrap().moments().unwrap());
}

#[test]
fn a_file_has_at_most_64_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let rows = |part: usize| 20_000 * usize::from(part < 2) + 20 * (70 - part);
    // Each has fewer rows than the one before, so that none is taken over.
    let mut first = rows(0);
    write(&path, &sensors(0, first), &Options::default());
    for part in 1..64 {
        append(&path, &sensors(first, rows(part))).unwrap();
        first += rows(part);
    }
    let reader = Reader::open(&path).unwrap();
    assert_eq!((reader.parts(), reader.rows()), (64, first as u64));
    reader.verify(|_| {}).unwrap();
    let e = append(&path, &sensors(first, 3)).unwrap_err();
    assert!(e.to_string().contains("64 parts") && e.to_string().contains("optimize"), "{e}");
    // As many rows as the last part has take its place, and then that of the ones before, which are as small together.
    append(&path, &sensors(first, rows(63))).unwrap();
    assert_eq!(Reader::open(&path).unwrap().parts(), 3);
}

#[test]
fn damage_that_was_there_is_not_summed_up_as_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    write(&path, &sensors(0, 3000), &Options::default());
    let whole = std::fs::read(&path).unwrap();
    let expected = together(&[&sensors(0, 3000), &sensors(3000, 5)]);
    let bulk_end = Frame::new(&whole).sections.iter().find(|s| s.kind == 16).unwrap().bytes.start;
    for at in (64..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        std::fs::write(&path, bytes).unwrap();
        if append(&path, &sensors(3000, 5)).is_ok() {
            let reader = Reader::open(&path).unwrap();
            // Padding between sections of the directory before is of no use any more.
            let is_unused = at + 64 > bulk_end && rows_of(&reader).is_ok_and(|rows| rows == expected);
            assert!(
                is_unused || reader.verify(|_| {}).is_err(),
                "byte {at} is damaged, and verify is content"
            );
        }
    }
}

#[test]
fn damage_to_a_file_that_rows_were_appended_to_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let table = |first: usize, rows: usize| {
        Builder::new(rows)
            .number("x", Kind::Unsigned, 16, move |i| u128::from(random(1, first + i) % 9))
            .finish()
    };
    write(&path, &table(0, 30), &Options::default());
    append(&path, &table(30, 20)).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let original = rows_of(&Reader::new(bytes.as_slice()).unwrap()).unwrap();
    for length in 0..bytes.len() {
        assert!(Reader::new(&bytes[..length]).is_err(), "it opens when cut to {length} bytes");
    }
    for bit in (0..bytes.len() * 8).step_by(3) {
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(reader) = Reader::new(bytes.as_slice()) {
            let found = rows_of(&reader);
            assert!(found.is_err() || found.is_ok_and(|found| found == original), "bit {bit}: other rows");
            assert!(reader.verify(|_| {}).is_err(), "bit {bit} flipped, and verify is content");
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    // What follows the end is passed over, and said.
    bytes.extend([1; 100]);
    let reader = Reader::new(bytes.as_slice()).unwrap();
    assert_eq!((reader.rows(), reader.unfinished_bytes()), (50, 100));
    reader.verify(|_| {}).unwrap();
}
