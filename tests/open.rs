//! Opening costs the same whatever the number of rows, and memory follows what is read, not what a file claims.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::atomic::Ordering::Relaxed;

use common::allocation::{ALONE, Tracked, peak};
use common::counting::Counting;
use common::frame::{Frame, number};
use common::memory::Builder;
use common::repair::repair;
use common::zoo::random;
use gede::column::{Batch, Column, Kind, Schema, Values};
use gede::read::Projection;
use gede::write::{Batches, Options, Table, TargetKind};
use gede::{Reader, Writer};

#[global_allocator]
static ALLOCATOR: Tracked = Tracked;

/// Rows without a bit of their own, made as they are asked for.
struct Alike {
    schema: Schema,
    rows: u64,
}

const BATCH: u64 = 65_536;

impl Table for Alike {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn batches(&self) -> gede::Result<Batches<'_>> {
        let starts = (0..self.rows).step_by(BATCH as usize);
        Ok(Box::new(starts.map(|start| {
            let rows = (self.rows - start).min(BATCH) as usize;
            Ok(Batch { rows, columns: vec![Column { validity: None, values: Values::None }] })
        })))
    }
}

/// A file of 10^8 rows: their segments are all it holds.
fn many_rows() -> Vec<u8> {
    let schema = Builder::new(0).column(None, "a", Kind::Struct, 0, 0, None, |_, _| 0).finish().schema;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.gede");
    Writer::new(Options::default()).write(&path, &Alike { schema, rows: 100_000_000 }).unwrap();
    std::fs::read(path).unwrap()
}

/// A file of 10^4 rows that do not compress.
fn few_rows() -> Vec<u8> {
    let table = Builder::new(10_000).number("a", Kind::Unsigned, 64, |i| random(1, i).into()).finish();
    table.file(&Options::default().with_tau(1))
}

/// Bytes and reads that an open takes, and its peak memory.
fn open(bytes: Vec<u8>) -> (u64, u64, usize) {
    let source = Counting::new(bytes);
    let (reader, memory) = peak(|| Reader::new(&source).unwrap());
    drop(reader);
    (source.touched.load(Relaxed), source.reads.load(Relaxed), memory)
}

#[test]
fn opening_touches_the_same_bytes_for_any_number_of_rows() {
    let _alone = ALONE.lock();
    let (few, many) = (few_rows(), many_rows());
    assert_eq!(Reader::new(many.as_slice()).unwrap().segments(), 1526);
    assert!(few.len() > 70_000 && many.len() > 180_000, "{} {}", few.len(), many.len());
    let ((few, few_reads, few_memory), (many, many_reads, many_memory)) = (open(few), open(many));
    // The tail and the header.
    assert_eq!((few, few_reads), (64 * 1024 + 64, 2));
    assert_eq!((many, many_reads), (few, few_reads));
    assert!(many_memory.abs_diff(few_memory) < 4096, "{few_memory} and {many_memory} bytes allocated");
}

/// A file of so many rows of so many classes, stored class by class or condensed to samples with a weight a class.
fn of_classes(rows: usize, classes: usize, is_class_wise: bool) -> Vec<u8> {
    let table = Builder::new(rows)
        .number("a", Kind::Unsigned, 64, |i| random(1, i).into())
        .text("class", |i| format!("the class number {}", i % classes))
        .finish();
    let options = Options::default().with_tau(1);
    table.file(&match is_class_wise {
        true => options.with_class("class"),
        false => options.with_target("class", TargetKind::Class),
    })
}

#[test]
fn opening_touches_the_same_bytes_for_any_number_of_classes() {
    check_classes([(10_000, 3_000, true), (10_000, 900, false)]);
}

#[test]
#[ignore = "takes minutes: each class has a segment"]
fn opening_touches_the_same_bytes_for_many_classes() {
    check_classes([(100_000, 100_000, true)]);
}

/// Compares files of ten classes with those of many: rows, classes, and if they are stored class by class.
fn check_classes<const N: usize>(files: [(usize, usize, bool); N]) {
    let _alone = ALONE.lock();
    for (rows, most, is_class_wise) in files {
        let (few, many) = (of_classes(rows, 10, is_class_wise), of_classes(rows, most, is_class_wise));
        assert!(few.len() > 70_000 && many.len() > few.len());
        let reader = Reader::new(many.as_slice()).unwrap();
        match is_class_wise {
            true => assert_eq!(reader.classes().unwrap().1, most as u64),
            false => assert_eq!(reader.condensed_info().unwrap().unwrap().labels.len(), most),
        }
        let ((few, few_reads, few_memory), (many, many_reads, many_memory)) = (open(few), open(many));
        assert_eq!(many_reads, few_reads);
        // The heads of the sample index and of the class table lie in pages, which are shorter in a small file.
        let pages = if is_class_wise { few_reads * 4096 } else { 0 };
        assert!((few..=few + pages).contains(&many), "{few} and {many} bytes");
        assert!(
            many_memory.abs_diff(few_memory) < 4096 + pages as usize,
            "{few_memory} and {many_memory} bytes"
        );
    }
}

/// A sound file that says it has 10^12 rows, all of them alike.
fn claims() -> Vec<u8> {
    let rows: u64 = 1_000_000_000_000;
    let mut bytes = Builder::new(1000)
        .number("a", Kind::Unsigned, 16, |_| 12_345)
        .text("t", |_| "the same string in every row".to_owned())
        .finish()
        .file(&Options::default());
    let frame = Frame::new(&bytes);
    let section = |kind| frame.section(kind).unwrap().bytes.start;
    let (block, moments, table) = (section(2), section(5), frame.tables[0]);
    assert_eq!((number(&bytes, table + 8, 8), number(&bytes, block + 8, 8)), (1000, 1000));
    assert_eq!(number(&bytes, block + 40, 8), 0, "constant rows have no records");
    bytes[table + 8..table + 16].copy_from_slice(&rows.to_le_bytes());
    bytes[table + 16..table + 24].copy_from_slice(&rows.to_le_bytes());
    bytes[block + 8..block + 16].copy_from_slice(&rows.to_le_bytes());
    // Moments of one column: the rows, and three sums.
    bytes[moments + 8..moments + 16].copy_from_slice(&rows.to_le_bytes());
    for sum in bytes[moments + 72..moments + 120].chunks_exact_mut(16) {
        let more = u128::from_le_bytes((&*sum).try_into().unwrap()) * 1_000_000_000;
        sum.copy_from_slice(&more.to_le_bytes());
    }
    repair(&mut bytes);
    bytes
}

#[test]
fn a_small_file_of_a_trillion_rows_is_read_in_little_memory() {
    let _alone = ALONE.lock();
    let bytes = claims();
    let ((), memory) = peak(|| {
        let reader = Reader::new(bytes.as_slice()).unwrap();
        assert_eq!(reader.rows(), 1_000_000_000_000);
        reader.verify(|_| {}).unwrap();
        let all = Projection::all(reader.schema());
        let taken = reader.take(&[0, 999_999_999_999, 5, 5], &all).unwrap();
        assert_eq!(taken.columns[0].values, Values::U16(vec![12_345; 4]));
        let mut scan = reader.scan(&all, 0..reader.rows(), 4096).unwrap();
        let mut batch = Batch::default();
        for _ in 0..3 {
            assert!(scan.next_into(&mut batch).unwrap());
            assert!(matches!(&batch.columns[0].values, Values::U16(v) if v.iter().all(|&x| x == 12_345)));
        }
        assert!(reader.condensed().unwrap().is_none());
        reader.moments().unwrap();
    });
    assert!(memory < 1 << 20, "{memory} bytes allocated");
}
