//! Promise 4: a crash at any moment of a write leaves the old file or the whole new one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::Metadata;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use common::memory::{Builder, Memory};
use common::zoo::random;
use gede::column::Kind;
use gede::internal::NewFile;
use gede::read::ByteSource;
use gede::write::{CellLimit, Disk, FileSystem, InPlace, Options, Output, Scratch, TargetKind};
use gede::{ErrorKind, Reader, Writer};

/// What becomes of the operation that fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// It reports an error and has done nothing.
    Refused,
    /// It reports an error and has done half of it, or all where there are no halves.
    Half,
    /// The process ends there: nothing that follows is done, the removal of temporary files included.
    Crash,
}

/// A full disk, as Linux says it.
const FULL: i32 = 28;

/// A disk on which the `at`-th operation fails: create, write, sync, rename and sync of the folder count, and those of
/// scratch files.
struct Failing {
    at: usize,
    fault: Fault,
    done: std::sync::Arc<AtomicUsize>,
}

impl Failing {
    fn new(at: usize, fault: Fault) -> Self {
        Self { at, fault, done: Default::default() }
    }

    fn step(&self, half: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        step(&self.done, self.at, self.fault, half)
    }
}

fn step(
    done: &AtomicUsize,
    at: usize,
    fault: Fault,
    half: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    let number = done.fetch_add(1, Relaxed);
    if number == at && fault == Fault::Half {
        half()?;
    }
    if number == at || (number > at && fault == Fault::Crash) {
        return Err(io::Error::from_raw_os_error(FULL));
    }
    Ok(())
}

impl FileSystem for Failing {
    fn create(&self, path: &Path, private: bool) -> io::Result<Box<dyn Output>> {
        self.step(|| Ok(()))?;
        let (at, fault, done) = (self.at, self.fault, self.done.clone());
        Ok(Box::new(FailingOutput { inner: Disk.create(path, private)?, at, fault, done }))
    }

    fn take_attributes(&self, of: &Metadata, to: &Path) -> io::Result<()> {
        self.step(|| Ok(()))?;
        Disk.take_attributes(of, to)
    }

    fn scratch(&self, folder: &Path) -> io::Result<Box<dyn Scratch>> {
        self.step(|| Ok(()))?;
        let (at, fault, done) = (self.at, self.fault, self.done.clone());
        Ok(Box::new(FailingScratch { inner: Disk.scratch(folder)?, at, fault, done }))
    }

    fn open_in_place(&self, path: &Path) -> io::Result<Box<dyn InPlace>> {
        self.step(|| Ok(()))?;
        let (at, fault, done) = (self.at, self.fault, self.done.clone());
        Ok(Box::new(FailingInPlace { inner: Disk.open_in_place(path)?, at, fault, done }))
    }

    fn remove_stale(&self, folder: &Path) {
        Disk.remove_stale(folder);
    }

    fn open(&self, path: &Path) -> gede::Result<Box<dyn ByteSource>> {
        self.step(|| Ok(())).map_err(|e| gede::Error::io(path.display(), e))?;
        Disk.open(path)
    }

    fn rename(&self, from: &Path, to: &Path, overwrite: bool) -> io::Result<()> {
        self.step(|| Disk.rename(from, to, overwrite))?;
        Disk.rename(from, to, overwrite)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(|| Ok(()))?;
        Disk.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.fault == Fault::Crash && self.done.load(Relaxed) > self.at {
            return Err(io::Error::other("the process has ended"));
        }
        Disk.remove(path)
    }
}

struct FailingOutput {
    inner: Box<dyn Output>,
    at: usize,
    fault: Fault,
    done: std::sync::Arc<AtomicUsize>,
}

impl Write for FailingOutput {
    /// Small writes, so that there are many of them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(1500)];
        let inner = &mut self.inner;
        step(&self.done, self.at, self.fault, || inner.write_all(&bytes[..bytes.len() / 2]))?;
        self.inner.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Output for FailingOutput {
    fn sync(&mut self) -> io::Result<()> {
        step(&self.done, self.at, self.fault, || Ok(()))?;
        self.inner.sync()
    }
}

struct FailingScratch {
    inner: Box<dyn Scratch>,
    at: usize,
    fault: Fault,
    done: std::sync::Arc<AtomicUsize>,
}

impl Scratch for FailingScratch {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        step(&self.done, self.at, self.fault, || Ok(()))?;
        self.inner.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let half = || self.inner.write_at(&bytes[..bytes.len() / 2], offset);
        step(&self.done, self.at, self.fault, half)?;
        self.inner.write_at(bytes, offset)
    }
}

struct FailingInPlace {
    inner: Box<dyn InPlace>,
    at: usize,
    fault: Fault,
    done: std::sync::Arc<AtomicUsize>,
}

impl InPlace for FailingInPlace {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        for (number, bytes) in bytes.chunks(1500).enumerate() {
            let offset = offset + 1500 * number as u64;
            let half = || self.inner.write_at(&bytes[..bytes.len() / 2], offset);
            step(&self.done, self.at, self.fault, half)?;
            self.inner.write_at(bytes, offset)?;
        }
        Ok(())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        step(&self.done, self.at, self.fault, || self.inner.set_length(length))?;
        self.inner.set_length(length)
    }

    fn sync(&self) -> io::Result<()> {
        step(&self.done, self.at, self.fault, || Ok(()))?;
        self.inner.sync()
    }
}

fn table(seed: u64) -> Memory {
    Builder::new(2000)
        .number("x", Kind::Unsigned, 32, |i| u128::from(random(seed, i)))
        .number("class", Kind::Unsigned, 8, |i| u128::from(random(seed + 1, i) % 3))
        .text("t", |i| format!("{:x}", random(seed, i) % 1000))
        .finish()
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect()
}

/// Fails every operation of a write in turn and returns their number; `old` is what is there before.
fn fail_each(fault: Fault, old: Option<&[u8]>, options: &Options) -> usize {
    let table = table(1);
    let new = table.file(options);
    for at in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gede");
        if let Some(old) = old {
            std::fs::write(&path, old).unwrap();
        }
        let storage = Failing::new(at, fault);
        let result = Writer::new(options.clone()).write_to(&storage, &path, &table);
        let count = storage.done.load(Relaxed);
        let what = format!("operation {at} of {count}, {fault:?}");
        let found = std::fs::read(&path).ok();
        if result.is_ok() {
            assert!(count == at && found.as_ref() == Some(&new), "{what}");
            // Create, some writes, opening, sync, rename, sync of the folder.
            assert!(at > 8, "{what}");
            return at;
        }
        let error = result.err().unwrap();
        let message = error.to_string();
        assert!(error.kind() == ErrorKind::Io && message.contains("t.gede"), "{what}: {message}");
        assert!(message.contains("No space left"), "{what}: {message}");
        assert!(found.as_deref() == old || found.as_ref() == Some(&new), "{what}: a partial file");
        if fault != Fault::Crash {
            let left: Vec<_> = names(folder.path()).into_iter().filter(|n| n != "t.gede").collect();
            assert!(left.is_empty(), "{what}: {left:?} left behind");
        }
        for name in names(folder.path()).iter().filter(|n| *n != "t.gede") {
            // What a crash leaves under a temporary name is no file that could be taken for a whole one,
            // unless it is whole.
            let bytes = std::fs::read(folder.path().join(name)).unwrap();
            assert!(Reader::new(bytes.as_slice()).is_err() || bytes == new, "{what}: {name}");
        }
        if fault == Fault::Crash {
            // The next writer is not hindered, and removes it.
            NewFile::create(&path, true).unwrap().commit().unwrap();
            if cfg!(target_os = "linux") {
                assert_eq!(names(folder.path()), ["t.gede"], "{what}");
            }
        }
    }
    unreachable!("some number of operations is enough");
}

#[test]
fn a_failed_write_leaves_nothing() {
    let options = Options::default().with_segment_rows(500);
    for fault in [Fault::Refused, Fault::Half, Fault::Crash] {
        fail_each(fault, None, &options);
    }
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let old = table(9).file(&Options::default());
    let options = Options::default().with_segment_rows(500).with_overwrite(true);
    for fault in [Fault::Refused, Fault::Half, Fault::Crash] {
        fail_each(fault, Some(&old), &options);
    }
}

#[test]
fn class_wise_writes_fail_as_cleanly() {
    let options = Options::default().with_class("class");
    for fault in [Fault::Refused, Fault::Half, Fault::Crash] {
        fail_each(fault, None, &options);
    }
}

#[test]
fn writes_with_spilled_sums_fail_as_cleanly() {
    let in_memory = Options::default()
        .with_target("class", TargetKind::Class)
        .with_cells(CellLimit::Most(8))
        .with_cell_covariances(true)
        .with_segment_rows(1000);
    let spilled = in_memory.clone().with_sums_in_memory(0);
    for fault in [Fault::Refused, Fault::Half, Fault::Crash] {
        let operations = fail_each(fault, None, &spilled);
        // Windows of cells are read and written segment by segment.
        assert!(operations > fail_each(Fault::Refused, None, &in_memory) + 40, "{operations}");
    }
}

#[test]
fn a_failed_append_leaves_the_rows_that_were_there() {
    let (old, more) = (table(9).file(&Options::default()), table(1));
    for fault in [Fault::Refused, Fault::Half, Fault::Crash] {
        for at in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.gede");
            std::fs::write(&path, &old).unwrap();
            let storage = Failing::new(at, fault);
            let result = Writer::new(Options::default()).append_to(&storage, &path, &more);
            let count = storage.done.load(Relaxed);
            let what = format!("operation {at} of {count}, {fault:?}");
            let reader = Reader::open(&path).unwrap_or_else(|e| panic!("{what}: {e}"));
            let rows = reader.rows();
            if result.is_ok() {
                assert!(count == at && rows == 4000 && at >= 15, "{what}");
                break;
            }
            let error = result.err().unwrap();
            let message = error.to_string();
            assert!(error.kind() == ErrorKind::Io && message.contains("t.gede"), "{what}: {message}");
            assert!(message.contains("No space left"), "{what}: {message}");
            assert!(rows == 2000 || rows == 4000, "{what}: {rows} rows");
            drop(reader);
            // The next one goes on from there.
            Writer::new(Options::default()).append(&path, &more).unwrap_or_else(|e| panic!("{what}: {e}"));
            let reader = Reader::open(&path).unwrap();
            reader.verify(|_| {}).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!((reader.rows(), reader.unfinished_bytes()), (rows + 2000, 0), "{what}");
        }
    }
}

#[test]
fn a_file_that_is_there_is_not_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    std::fs::write(&path, b"something dear").unwrap();
    let error = Writer::new(Options::default()).write(&path, &table(1)).unwrap_err();
    assert!(error.kind() == ErrorKind::Argument && error.to_string().contains("overwrite"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"something dear");
    assert_eq!(names(folder.path()), ["t.gede"]);
}
