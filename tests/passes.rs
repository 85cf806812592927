//! A table that is read several times gives the same number of rows each time, or no file is written.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use common::memory::{Builder, Memory};
use gede::column::{Batch, Kind, Schema};
use gede::write::{Batches, Options, Table, TargetKind};
use gede::{ErrorKind, Writer};

/// A table that gives so many of its batches in each pass, and says how many rows it has.
struct Stream {
    table: Memory,
    passes: Vec<usize>,
    rows: Option<u64>,
    pass: AtomicUsize,
}

impl Table for Stream {
    fn schema(&self) -> &Schema {
        self.table.schema()
    }

    fn rows(&self) -> Option<u64> {
        self.rows
    }

    fn batches(&self) -> gede::Result<Batches<'_>> {
        let pass = self.pass.fetch_add(1, Relaxed);
        let batches = self.passes.get(pass).or(self.passes.last()).copied().unwrap();
        let of = |i: usize| -> gede::Result<Batch> {
            Ok(self.table.batches[i % self.table.batches.len()].clone())
        };
        Ok(Box::new((0..batches).map(of)))
    }
}

fn stream(passes: &[usize], rows: Option<u64>) -> Stream {
    let table = Builder::new(100)
        .number("x", Kind::Unsigned, 32, |i| (i * 7 % 11) as u128)
        .number("class", Kind::Unsigned, 8, |i| (i % 3) as u128)
        .text("t", |i| format!("{i}"))
        .finish();
    Stream { table, passes: passes.to_vec(), rows, pass: AtomicUsize::new(0) }
}

fn options(class: bool) -> Options {
    let options = Options::default().with_target("x", TargetKind::Value).with_coreset(true);
    if class { options.with_class("class") } else { options }
}

#[test]
fn passes_of_different_lengths_make_no_file() {
    for class in [false, true] {
        let passes: [&[usize]; 7] =
            [&[3, 0], &[3, 2], &[2, 3], &[3, 3, 0], &[3, 3, 4], &[3, 3, 3, 0], &[0, 3]];
        for passes in passes {
            let folder = tempfile::tempdir().unwrap();
            let error = Writer::new(options(class).clone())
                .write(folder.path().join("t.gede"), &stream(passes, None))
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input, "{passes:?}: {error}");
            let said = error.to_string();
            let known = said.contains("same rows each time") || said.contains("the input changed");
            assert!(known, "{passes:?}: {said}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{passes:?}");
        }
    }
}

#[test]
fn one_pass_is_held_to_the_rows_that_were_promised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let numbers = Builder::new(50).number("x", Kind::Unsigned, 32, |i| i as u128).finish();
    for (promised, given) in [(200, 3), (100, 3), (100, 0)] {
        let table = Stream { table: numbers.clone(), ..stream(&[given], Some(promised)) };
        let error = Writer::new(Options::default()).write(&path, &table).unwrap_err().to_string();
        assert!(error.contains(&format!("says that it has {promised} rows")), "{error}");
        assert!(error.contains(&format!("gave {}", 50 * given)), "{error}");
        assert!(!path.exists());
    }
}

#[test]
fn equal_passes_make_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for (number, class) in [false, true].into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.gede"));
        let report = Writer::new(options(class).clone()).write(&path, &stream(&[3], Some(300))).unwrap();
        assert_eq!(report.rows, 300);
    }
}
