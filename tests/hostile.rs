//! Promise 2: bytes made up by somebody, checksums and all, lead to an error or to values, never to a panic, a
//! hang or a large allocation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::allocation::{ALONE, Tracked, peak};
use common::read::everything;
use common::repair::repair;
use common::zoo::{self, random};
use gede::Reader;

#[global_allocator]
static ALLOCATOR: Tracked = Tracked;

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
    let _alone = ALONE.lock();
    let count = std::env::var("GEDE_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
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

/// Every aligned word of every file made very large in one of many ways, alone and together with the next.
#[test]
fn large_numbers_anywhere_do_no_harm() {
    let _alone = ALONE.lock();
    let large = [u64::MAX, u64::MAX >> 1, 1 << 63, u64::MAX << 6, 1 << 40, 0xFFFF_FFFF, 0xFFFF_FFFF << 32];
    for animal in zoo::all() {
        let original = animal.table.file(&animal.options);
        for (word, words) in (0..original.len() / 8).flat_map(|word| [(word, 1), (word, 2)]) {
            let mut bytes = original.clone();
            let number = large[(random(original.len() as u64, word) % 7) as usize];
            for bytes in bytes.chunks_exact_mut(8).skip(word).take(words) {
                bytes.copy_from_slice(&number.to_le_bytes());
            }
            repair(&mut bytes);
            let (_, peak) = peak(|| everything(&bytes, 100));
            let most = 4 * bytes.len() + (16 << 20);
            assert!(
                peak <= most,
                "{}: {words} at word {word} are {number}: {peak} bytes allocated",
                animal.name
            );
        }
    }
}

#[test]
fn repairing_a_sound_file_changes_nothing() {
    let _alone = ALONE.lock();
    for animal in zoo::all() {
        let bytes = animal.table.file(&animal.options);
        let mut repaired = bytes.clone();
        repair(&mut repaired);
        assert!(repaired == bytes, "{}", animal.name);
        everything(&bytes, 1000).unwrap_or_else(|e| panic!("{}: {e}", animal.name));
    }
}
