//! Scans the first rows. A file that verifies is scanned without an error.

#![no_main]

use gede::Reader;
use gede_fuzz::{ROWS, bounded, mutate, read};

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    bounded(data, || {
        if let Ok(reader) = Reader::new(data) {
            let scanned = read::scan(&reader, ROWS);
            if let Err(error) = scanned {
                assert!(reader.verify(|_| {}).is_err(), "verify is content with a file that gives: {error}");
            }
        }
    });
});
