//! A crash at any moment of an append leaves the table as it was, or the whole new one, to a plain `open`. Between two syncs
//! a disk may have made any of the writes durable, in any order, and the last of them by half.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use common::memory::{Builder, Memory};
use common::zoo::random;
use gede::column::Kind;
use gede::read::ByteSource;
use gede::write::{Disk, FileSystem, InPlace, Options, Output, Scratch};
use gede::{Reader, Writer};

/// What a writer asks of a file.
#[derive(Clone, Debug)]
enum Step {
    Write(u64, Vec<u8>),
    Length(u64),
    Sync,
}

/// A disk that notes what is asked of the files that are written where they are, in writes of at most 1,000 bytes.
#[derive(Default)]
struct Recording(Arc<Mutex<Vec<Step>>>);

struct Recorded(Box<dyn InPlace>, Arc<Mutex<Vec<Step>>>);

impl InPlace for Recorded {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let parts = (offset..).step_by(1000).zip(bytes.chunks(1000));
        self.1.lock().unwrap().extend(parts.map(|(at, part)| Step::Write(at, part.to_vec())));
        self.0.write_at(bytes, offset)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.1.lock().unwrap().push(Step::Length(length));
        self.0.set_length(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.1.lock().unwrap().push(Step::Sync);
        self.0.sync()
    }
}

impl FileSystem for Recording {
    fn create(&self, path: &Path, private: bool) -> io::Result<Box<dyn Output>> {
        Disk.create(path, private)
    }

    fn open(&self, path: &Path) -> gede::Result<Box<dyn ByteSource>> {
        Disk.open(path)
    }

    fn take_attributes(&self, of: &Metadata, to: &Path) -> io::Result<()> {
        Disk.take_attributes(of, to)
    }

    fn rename(&self, from: &Path, to: &Path, overwrite: bool) -> io::Result<()> {
        Disk.rename(from, to, overwrite)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn open_in_place(&self, path: &Path) -> io::Result<Box<dyn InPlace>> {
        Ok(Box::new(Recorded(Disk.open_in_place(path)?, self.0.clone())))
    }

    fn scratch(&self, folder: &Path) -> io::Result<Box<dyn Scratch>> {
        Disk.scratch(folder)
    }

    fn remove_stale(&self, folder: &Path) {
        Disk.remove_stale(folder);
    }
}

fn table(first: usize, rows: usize) -> Memory {
    Builder::new(rows)
        .number("row", Kind::Unsigned, 32, |i| (first + i) as u128)
        .number("x", Kind::Unsigned, 32, |i| u128::from(random(1, first + i)))
        .text("t", |i| format!("{:x}", random(2, first + i) % 1000))
        .finish()
}

fn apply(file: &mut Vec<u8>, step: &Step, bytes: usize) {
    match step {
        Step::Write(at, part) => {
            let (at, part) = (*at as usize, &part[..bytes.min(part.len())]);
            file.resize(file.len().max(at + part.len()), 0);
            file[at..at + part.len()].copy_from_slice(part);
        }
        Step::Length(length) => file.resize(*length as usize, 0),
        Step::Sync => {}
    }
}

/// The files that a crash may leave when so many steps were asked for: what was asked for before the last sync is there, and
/// of what follows anything.
fn left_by_a_crash(before: &[u8], steps: &[Step]) -> Vec<Vec<u8>> {
    let synced = steps.iter().rposition(|step| matches!(step, Step::Sync)).map_or(0, |at| at + 1);
    let mut file = before.to_vec();
    steps[..synced].iter().for_each(|step| apply(&mut file, step, usize::MAX));
    let open = &steps[synced..];
    let mut files = vec![file.clone()];
    let mut leave = |keeps: &dyn Fn(usize) -> usize| {
        let mut left = file.clone();
        open.iter().enumerate().for_each(|(number, step)| apply(&mut left, step, keeps(number)));
        files.push(left);
    };
    let last = open.len().saturating_sub(1);
    let Some(step) = open.last() else { return files };
    leave(&|_| usize::MAX);
    // All but one, and one alone; what a disk does not write is not there, or zeros.
    for lost in 0..last {
        leave(&|number| if number == lost { 0 } else { usize::MAX });
    }
    leave(&|number| if number == last { usize::MAX } else { 0 });
    for seed in 0..4 {
        leave(&|number| if random(seed, number) % 2 == 0 { usize::MAX } else { 0 });
    }
    if let Step::Write(_, part) = step {
        let halves = if part.len() <= 64 { (0..part.len()).collect() } else { vec![1, part.len() / 2] };
        for bytes in halves {
            leave(&|number| if number == last { bytes } else { usize::MAX });
        }
    }
    files
}

/// Crashes an append to a file at every step; the table has `old` rows before.
fn crash_everywhere(path: &Path, old: u64) {
    let (more, new) = (table(old as usize, 700), old + 700);
    let before = std::fs::read(path).unwrap();
    let disk = Recording::default();
    Writer::new(Options::default()).append_to(&disk, path, &more).unwrap();
    let steps = disk.0.lock().unwrap().clone();
    let syncs = steps.iter().filter(|step| matches!(step, Step::Sync)).count();
    assert!(steps.len() >= 10 && syncs >= 2, "{} steps, {syncs} syncs", steps.len());
    let again = path.with_extension("again");
    let (mut olds, mut news) = (0, 0);
    for asked in 0..=steps.len() {
        for (number, left) in left_by_a_crash(&before, &steps[..asked]).into_iter().enumerate() {
            let what = format!("after {asked} of {} steps, file {number}", steps.len());
            let reader = Reader::new(left.as_slice()).unwrap_or_else(|e| panic!("{what}: {e}"));
            let rows = reader.rows();
            assert!(rows == old || rows == new, "{what}: {rows} rows");
            let values = common::read::rows(&reader).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert!(values == table(0, rows as usize).rows(), "{what}: other rows");
            (olds, news) = (olds + usize::from(rows == old), news + usize::from(rows == new));
            if number % 3 == 0 {
                std::fs::write(&again, &left).unwrap();
                Writer::new(Options::default()).append(&again, &table(rows as usize, 10)).unwrap();
                let reader = Reader::open(&again).unwrap();
                reader.verify(|_| {}).unwrap_or_else(|e| panic!("{what}, and an append: {e}"));
                assert_eq!(reader.rows(), rows + 10, "{what}");
            }
        }
    }
    assert!(olds > 20 && news > 0, "{olds} old tables, {news} new ones");
}

#[test]
fn a_crash_at_any_moment_leaves_the_old_table_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    Writer::new(Options::default()).write(&path, &table(0, 1000)).unwrap();
    crash_everywhere(&path, 1000);
    // The file has been appended to now, and has what another append left behind.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend([0xA5; 3000]);
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(Reader::open(&path).unwrap().unfinished_bytes(), 3000);
    crash_everywhere(&path, 1700);
}
