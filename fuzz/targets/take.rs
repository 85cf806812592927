//! Takes rows in any order, with and without checksums.

#![no_main]

use gede::Reader;
use gede_fuzz::{ROWS, bounded, mutate, read};

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    bounded(data, || {
        for reader in [Reader::new(data), Reader::new_unchecked(data)].into_iter().flatten() {
            let _ = read::take(&reader, ROWS);
        }
    });
});
