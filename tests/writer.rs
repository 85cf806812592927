//! A writer gives the same file for a table and for its batches one by one; ended early, it leaves nothing.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use common::memory::{Builder, Memory};
use common::zoo;
use gede::column::{Batch, Kind};
use gede::write::{Options, TargetKind};
use gede::{ErrorKind, Reader, Result, Writer};

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

fn streamed(path: &Path, table: &Memory, options: &Options) -> Result<gede::write::Report> {
    let mut stream = Writer::new(options.clone()).stream(path, table.schema.clone())?;
    for batch in &table.batches {
        stream.push(batch.clone())?;
    }
    stream.finish()
}

/// Rows in several batches, with text, a target and classes: every pass is made.
fn table() -> Memory {
    let mut table = Builder::new(400)
        .f64("x", |i| (zoo::random(1, i) % 90) as f64)
        .f64("y", |i| (zoo::random(2, i) % 50) as f64)
        .number("class", Kind::Unsigned, 8, |i| u128::from(zoo::random(3, i) % 3))
        .text("t", |i| format!("{i:x}"))
        .finish();
    table.batches = vec![table.batches[0].clone(); 5];
    table
}

fn every_pass() -> Options {
    Options::default().with_target("y", TargetKind::Value).with_class("class").with_coreset(true)
}

#[test]
fn batches_one_by_one_give_the_file_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let plain =
        |animal: &zoo::Animal| animal.table.dictionaries.is_empty() && animal.table.arrow_schema.is_none();
    let mut tables = 0;
    for animal in zoo::all().into_iter().filter(plain) {
        streamed(&path, &animal.table, &animal.options).unwrap();
        assert!(std::fs::read(&path).unwrap() == animal.table.file(&animal.options), "{}", animal.name);
        std::fs::remove_file(&path).unwrap();
        tables += 1;
    }
    assert!(tables > 40);
    let report = streamed(&path, &table(), &every_pass()).unwrap();
    assert_eq!((report.rows, report.classes, files(folder.path())), (2000, 3, 1));
    assert!(std::fs::read(&path).unwrap() == table().file(&every_pass()));
    Reader::open(&path).unwrap().verify(|_| {}).unwrap();
}

#[test]
fn a_stream_that_is_dropped_or_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    for options in [Options::default(), every_pass()] {
        let mut stream = Writer::new(options.clone()).stream(&path, table().schema).unwrap();
        stream.push(table().batches[0].clone()).unwrap();
        drop(stream);
        assert_eq!(files(folder.path()), 0);
        // A batch of another schema is refused and not written.
        let mut stream = Writer::new(options).stream(&path, table().schema).unwrap();
        let error = stream.push(Batch { rows: 1, columns: Vec::new() }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        stream.push(table().batches[0].clone()).unwrap();
        assert_eq!(stream.finish().unwrap().rows, 400);
        std::fs::remove_file(&path).unwrap();
    }
    // The target is null in every row, which only the end of the first pass shows.
    let nulls = Builder::new(3).nullable("y", Kind::Unsigned, 8, |_| None).finish();
    let error = streamed(&path, &nulls, &Options::default().with_target("y", TargetKind::Value)).unwrap_err();
    assert_eq!((error.kind(), files(folder.path())), (ErrorKind::Argument, 0));
}

#[test]
fn a_stream_is_refused_at_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    std::fs::write(&path, "mine").unwrap();
    let start = |options| Writer::new(options).stream(&path, table().schema).unwrap_err().kind();
    assert_eq!(start(Options::default()), ErrorKind::Argument);
    assert_eq!(start(every_pass()), ErrorKind::Argument);
    assert_eq!(start(Options::default().with_overwrite(true).with_class("none")), ErrorKind::Argument);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    let missing = folder.path().join("no folder/t.gede");
    let error = Writer::new(Options::default()).stream(missing, table().schema).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}

#[test]
fn every_pass_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let seen = Mutex::new(Vec::new());
    let all = Writer::new(every_pass()).progress(|progress| {
        let mut seen = seen.lock().unwrap();
        if seen.last() != Some(&progress.pass) {
            seen.push(progress.pass);
        }
        ControlFlow::Continue(())
    });
    all.write(&path, &table()).unwrap();
    std::fs::remove_file(&path).unwrap();
    let passes = seen.lock().unwrap().clone();
    assert_eq!(passes, ["surveying", "counting cells", "regrouping", "writing", "choosing a coreset"]);
    for pass in passes {
        let stop = move |progress: gede::write::Progress| {
            if progress.pass == pass { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let error = Writer::new(every_pass()).progress(stop).write(&path, &table()).unwrap_err();
        assert_eq!((error.kind(), files(folder.path())), (ErrorKind::Cancelled, 0), "{error}");
        assert!(error.to_string().ends_with(pass), "{error}");
        // A stream as well, with the push that meets it or at its end.
        let writer = Writer::new(every_pass()).progress(stop);
        let mut stream = writer.stream(&path, table().schema).unwrap();
        let pushed = table().batches.into_iter().try_for_each(|batch| stream.push(batch));
        let error = pushed.and_then(|()| stream.finish().map(drop)).unwrap_err();
        assert_eq!((error.kind(), files(folder.path())), (ErrorKind::Cancelled, 0), "{error}");
    }
}

/// Such values lose their deviations in sums of squares.
#[test]
fn a_coreset_far_from_zero_is_centred_in_a_pass_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let table = Builder::new(400)
        .f64("x", |i| 2f64.powi(200) * (1.0 + (i % 3) as f64 * f64::EPSILON))
        .f64("y", |i| (zoo::random(2, i) % 50) as f64)
        .finish();
    let stop = |progress: gede::write::Progress| {
        if progress.pass == "centring a coreset" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = Options::default().with_target("y", TargetKind::Value).with_coreset(true);
    let error = Writer::new(options).progress(stop).write(folder.path().join("t.gede"), &table).unwrap_err();
    assert_eq!((error.kind(), files(folder.path())), (ErrorKind::Cancelled, 0), "{error}");
}

/// Columns of floats of two decimals, in a segment that a check reads in several parts: a value that is no decimal makes the
/// moments of its column those of the floats, in the parts without it too.
#[test]
fn one_float_that_is_no_decimal_counts_for_its_whole_segment() {
    let value = |column: usize, i: usize| match (column % 2, i) {
        (0, 5) => 1.234_567_8e-20f32,
        _ => (zoo::random(column as u64, i) % 100_000) as f32 / 100.0,
    };
    let columns = (0..24).fold(Builder::new(30_000), |table, column| {
        table.number(&format!("c{column}"), Kind::Float, 32, move |i| value(column, i).to_bits().into())
    });
    let options = Options::default().with_target("c1", TargetKind::Value);
    let reader = Reader::new(columns.finish().file(&options)).unwrap();
    assert!(reader.features().any(|feature| feature == "exceptions"));
    reader.verify(|_| {}).unwrap();
}
