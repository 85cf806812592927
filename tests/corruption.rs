//! Promise 3: a flipped bit anywhere is reported by `verify`, and a checked read gives an error or the rows that
//! were written, never others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::read::rows;
use common::zoo::{self, Animal};
use gede::Reader;
use rayon::prelude::*;

/// Files of every kind; of the larger ones every fifth bit, each byte among them.
#[test]
fn every_flipped_bit_is_reported() {
    zoo::all().into_par_iter().for_each(flip);
}

fn flip(animal: Animal) {
    let mut bytes = animal.table.file(&animal.options);
    let original = rows(&Reader::new(bytes.as_slice()).unwrap()).unwrap();
    let step = if bytes.len() > 1536 { 5 } else { 1 };
    for bit in (0..bytes.len() * 8).step_by(step) {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let flipped = || format!("{}: bit {} of byte {} flipped", animal.name, bit % 8, bit / 8);
        if let Ok(reader) = Reader::new(bytes.as_slice()) {
            if let Ok(found) = rows(&reader) {
                assert!(found == original, "{} and rows are wrong", flipped());
            }
            assert!(reader.verify(|_| {}).is_err(), "{} and verify is content", flipped());
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}
