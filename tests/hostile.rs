//! Promise 2: bytes made up by somebody, checksums and all, lead to an error or to values, never to a panic, a
//! hang or a large allocation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use common::read::everything;
use common::repair::repair;
use common::zoo::{self, random};
use gede::Reader;

/// Counts what is allocated at a time, in this test alone: its cases run one after the other.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `f` allocates at its peak, in bytes.
fn peak<T>(f: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let out = f();
    (out, PEAK.load(Relaxed).saturating_sub(before))
}

/// Replaces some bytes by others that are likely to matter.
fn mutate(bytes: &mut [u8], seed: u64) {
    let mut next = {
        let mut i = 0;
        move || {
            i += 1;
            random(seed, i)
        }
    };
    for _ in 0..1 + next() % 4 {
        let at = match next() % 4 {
            // The tables are small and near the end; the rest is bits of rows.
            0 => next() as usize % bytes.len(),
            _ => bytes.len() - 1 - next() as usize % bytes.len().min(2048),
        };
        let at = if next() % 2 == 0 { at & !7 } else { at };
        let number = match next() % 6 {
            0 => 0,
            1 => u64::MAX >> (next() % 64),
            2 => 1 << (next() % 64),
            3 => next() % 300,
            4 => (bytes.len() as u64 / 64 * 64).saturating_sub(next() % 64 * 64),
            _ => next(),
        };
        let width = [1, 2, 4, 8][next() as usize % 4].min(bytes.len() - at);
        bytes[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
    }
}

/// Some mutations of every file, checksums repaired. `GEDE_MUTATIONS` asks for more of them.
#[test]
fn made_up_bytes_do_no_harm() {
    let _alone = ONE_AT_A_TIME.lock();
    let count = std::env::var("GEDE_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let mut passed_open = 0;
    for (a, animal) in zoo::all().into_iter().enumerate() {
        let original = animal.table.file(&animal.options);
        for i in 0..count {
            let mut bytes = original.clone();
            let seed = (a as u64) << 32 | i;
            mutate(&mut bytes, seed);
            repair(&mut bytes);
            let (opened, _) = peak(|| Reader::new(bytes.as_slice()).is_ok());
            passed_open += u64::from(opened);
            let (_, peak) = peak(|| everything(&bytes, 1000));
            let most = 4 * bytes.len() + (16 << 20);
            assert!(peak <= most, "{} mutated by {seed}: {peak} bytes allocated", animal.name);
        }
    }
    // Otherwise the mutations did not get behind the checksums.
    assert!(passed_open > 35 * count / 4, "{passed_open}");
}

#[test]
fn repairing_a_sound_file_changes_nothing() {
    for animal in zoo::all() {
        let bytes = animal.table.file(&animal.options);
        let mut repaired = bytes.clone();
        repair(&mut repaired);
        assert!(repaired == bytes, "{}", animal.name);
        everything(&bytes, 1000).unwrap_or_else(|e| panic!("{}: {e}", animal.name));
    }
}
