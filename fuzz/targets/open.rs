//! Opens a file, verifies it, and asks for all that is beside its rows.

#![no_main]

use gede::Reader;
use gede_fuzz::{bounded, mutate, read};

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    bounded(data, || {
        if let Ok(reader) = Reader::new(data) {
            let _ = reader.verify(|_| {});
            let _ = read::others(&reader);
        }
    });
});
