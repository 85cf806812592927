//! Promise: the memory of writing is bounded by bytes, for wide tables too, whatever the threads.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::allocation::{ALONE, Tracked, peak};
use common::zoo::random;
use gede::Writer;
use gede::column::{Batch, Column, Kind, Schema, SchemaBuilder, Values};
use gede::write::{Batches, Options, Table};

#[global_allocator]
static ALLOCATOR: Tracked = Tracked;

/// A table whose batches are made when they are asked for.
struct Made {
    schema: Schema,
    rows: usize,
    batch_rows: usize,
}

const COLUMNS: usize = 200;

impl Made {
    /// Every third column of integers that fill 64 bits, others of fewer, every fifth nullable.
    fn new(rows: usize, batch_rows: usize) -> Self {
        let mut schema = SchemaBuilder::default();
        for i in 0..COLUMNS {
            schema.push(None, &format!("x{i}"), Kind::Unsigned, i % 5 == 0, 64, 0).unwrap();
        }
        Self { schema: schema.finish(), rows, batch_rows }
    }

    fn batch(&self, first: usize) -> Batch {
        let rows = self.batch_rows.min(self.rows - first);
        let column = |i: usize| {
            let shift = if i % 3 == 0 { 0 } else { 40 };
            let value = |row: usize| {
                if i % 5 == 0 && row % 7 == 0 { 0 } else { random(i as u64, first + row) >> shift }
            };
            let validity = (i % 5 == 0).then(|| (0..rows).map(|row| u8::from(row % 7 > 0)).collect());
            Column { validity, values: Values::U64((0..rows).map(value).collect()) }
        };
        Batch { rows, columns: (0..COLUMNS).map(column).collect() }
    }
}

impl Table for Made {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows as u64)
    }

    fn batches(&self) -> gede::Result<Batches<'_>> {
        Ok(Box::new((0..self.rows).step_by(self.batch_rows).map(|first| Ok(self.batch(first)))))
    }
}

/// Bytes that writing takes at its peak, and the file.
fn written(table: &Made, threads: usize, segment_rows: usize) -> (usize, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let options = Options::default().with_threads(threads).with_segment_rows(segment_rows);
    let (report, bytes) = peak(|| Writer::new(options.clone()).write(&path, table).unwrap());
    assert_eq!(report.rows, table.rows as u64);
    (bytes, std::fs::read(path).unwrap())
}

/// Values and fields of a segment, in bytes: 8 a value, and 8 for each validity in fields.
fn segment(rows: usize) -> usize {
    8 * rows * (COLUMNS + COLUMNS / 5)
}

#[test]
fn one_thread_takes_one_segment_and_another_its_own() {
    let _alone = ALONE.lock();
    let (rows, segment_rows) = (20_000, 4000);
    let (one, file) = written(&Made::new(rows, 1000), 1, segment_rows);
    // Values, fields, half as much for bins and groups, records.
    assert!(
        one <= 4 * segment(segment_rows) + (4 << 20),
        "{one} bytes of segments of {}",
        segment(segment_rows)
    );
    let (eight, same) = written(&Made::new(rows, 1000), 8, segment_rows);
    // All five at once, and those that are read ahead.
    assert!(eight <= 5 * 5 * segment(segment_rows) + (8 << 20), "{eight} bytes");
    assert_eq!(file, same);
}

#[test]
fn large_segments_share_what_the_threads_may_take() {
    let _alone = ALONE.lock();
    // Segments as large as they get, 64 MiB of fields.
    let rows = 3 * (64 << 20) / segment(1);
    let (four, _) = written(&Made::new(rows, 4096), 4, usize::MAX);
    assert!(four <= 500_000_000, "{four} bytes");
}
