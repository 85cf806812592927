//! Promise 2 for maps: bytes that others write into a mapped file come back as wrong values or errors, and lead neither
//! out of memory nor to a panic. Every golden file is read in a process of its own while it is rewritten.
//!
//! `GEDE_TAKES` asks for more takes of each file (10^6 are the bar), `GEDE_FILES` for the files whose names contain it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use common::zoo::random;
use gede::Reader;
use gede::column::Batch;
use gede::read::{ByteSource, Projection};

/// Takes with one map: checksums are looked at once, so that a new one is needed now and then.
const A_MAP: u64 = 200;

fn takes() -> u64 {
    std::env::var("GEDE_TAKES").map_or(600, |n| n.parse().unwrap())
}

#[test]
fn maps_that_are_rewritten_lead_to_no_signal_and_no_panic() {
    if let Ok(file) = std::env::var("GEDE_RACE") {
        return race(Path::new(&file), takes());
    }
    let only = std::env::var("GEDE_FILES").unwrap_or_default();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|f| f.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "gede") && f.display().to_string().contains(&only));
    assert!(!files.is_empty());
    files.sort();
    for file in files {
        let name = "maps_that_are_rewritten_lead_to_no_signal_and_no_panic";
        let mut command = Command::new(std::env::current_exe().unwrap());
        let output = command.args([name, "--exact", "--nocapture"]).env("GEDE_RACE", &file).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: signal {:?}, {said}", file.display(), output.status.signal());
    }
}

/// Reads a copy of a file while another thread writes into it.
fn race(file: &Path, takes: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("race.gede");
    let original = std::fs::read(file).unwrap();
    std::fs::write(&path, &original).unwrap();
    let stop = AtomicBool::new(false);
    let (mut whole, mut refused) = (0u64, 0u64);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| rewrite(&path, &original, &stop));
        let (mut done, mut maps) = (0, 0);
        while done < takes && !writer.is_finished() {
            // SAFETY: nobody shortens the file. That it is written into meanwhile is what is tested.
            let map = unsafe { memmap2::Mmap::map(&std::fs::File::open(&path).unwrap()) }.unwrap();
            // Checksums find most of the damage; a reader without them decodes all of it.
            let reader = if maps % 2 == 0 { Reader::new(map) } else { Reader::new_unchecked(map) };
            maps += 1;
            match reader {
                Ok(reader) => {
                    read(&reader, done, &mut whole, &mut refused);
                    done += A_MAP;
                }
                Err(_) => refused += 1,
            }
        }
        stop.store(true, Relaxed);
    });
    println!("{}: {whole} takes, {refused} refused", file.display());
}

/// Writes into the file: some bytes at a time, and then what was there.
fn rewrite(path: &Path, original: &[u8], stop: &AtomicBool) {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    let mut i = 0;
    let mut next = || {
        i += 1;
        random(9, i)
    };
    while !stop.load(Relaxed) {
        for _ in 0..1 + next() % 50 {
            // The ends of pieces and the tables behind them as often as the rest.
            let at = match next() % 2 {
                0 => next() as usize % original.len(),
                _ => original.len() - 1 - next() as usize % original.len().min(4096),
            };
            let bytes = [0u64, u64::MAX, next(), next() % 300][next() as usize % 4].to_le_bytes();
            let count = (1 + next() as usize % 8).min(original.len() - at);
            file.write_all_at(&bytes[..count], at as u64).unwrap();
        }
        file.write_all_at(original, 0).unwrap();
        // Long enough for a map to be opened and checked.
        std::thread::sleep(std::time::Duration::from_micros(next() % 200));
    }
}

fn read(reader: &Reader<impl ByteSource>, seed: u64, whole: &mut u64, refused: &mut u64) {
    let all = Projection::all(reader.schema());
    let mut count = |result: gede::Result<()>| match result {
        Ok(()) => *whole += 1,
        Err(_) => *refused += 1,
    };
    let n = reader.rows();
    let mut batch = Batch::default();
    for take in 0..A_MAP as usize {
        let rows: Vec<u64> = match n {
            0 => Vec::new(),
            n => (0..1 + random(seed, take) % 40).map(|i| random(seed + i, take) % n).collect(),
        };
        count(reader.take_into(&rows, &all, &mut batch));
        if take % 50 == 7 {
            if let Ok(scan) = reader.scan(&all, 0..n.min(5000), 300) {
                scan.for_each(|batch| count(batch.map(drop)));
            }
            count(reader.condensed().map(drop));
            count(reader.moments().map(drop));
            count(reader.coreset().map(drop));
            count(reader.cell_covariances().map(drop));
            count(reader.account().map(drop));
            count(reader.column_account().map(drop));
            reader.all_classes().for_each(|class| count(class.map(drop)));
            if let Ok(images) = reader.images(None) {
                let rows: Vec<u64> = rows.iter().take(4).copied().collect();
                let mut pixels = vec![0; rows.len() * images.image_shape().values()];
                count(images.decode(&rows, &mut pixels));
            }
        }
        if take % 100 == 11 {
            count(reader.verify(|_| {}));
        }
    }
}
