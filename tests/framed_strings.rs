//! Strings of large dictionaries lie in frames: rows come back, whole or one by one, and a string costs a few pages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::atomic::Ordering::Relaxed;

use common::counting::Counting;
use common::memory::Builder;
use common::read::rows as rows_of;
use common::zoo::random;
use common::zoo_grouped::messages;
use gede::Reader;
use gede::column::Kind;
use gede::read::Projection;
use gede::write::{CellLimit, Options, Part};
use proptest::prelude::*;

fn options() -> Options {
    Options::default().with_cells(CellLimit::None)
}

#[test]
fn text_takes_few_bytes() {
    let table = messages(3000);
    let (with, without) = (table.file(&options()), table.file(&options().without(Part::Symbols)));
    assert!(10 * with.len() < 4 * without.len(), "{} bytes, {} without", with.len(), without.len());
}

#[test]
fn a_string_costs_a_few_pages() {
    let file = messages(20_000).file(&options());
    let counting = Counting::new(file);
    let reader = Reader::new(&counting).unwrap();
    let all = Projection::all(reader.schema());
    let before = counting.touched.load(Relaxed);
    let row = reader.take(&[12_345], &all).unwrap();
    assert_eq!(row.rows, 1);
    let touched = counting.touched.load(Relaxed) - before;
    assert!(touched < 300 << 10, "{touched} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Strings of many lengths, empty ones and such that fill several frames among them.
    #[test]
    fn strings_come_back(seed in any::<u64>(), rows in 200..900usize, longest in 1..9000usize, kinds in 1..5000u64, segment in 100..1000usize) {
        let string = |i: usize| -> Vec<u8> {
            let own = random(seed, i) % kinds;
            let length = random(seed ^ 1, own as usize) as usize % if own % 7 == 0 { longest } else { 90 };
            (0..length).map(|at| b'a' + (random(seed ^ 2, own as usize + at / 5) % 26) as u8).collect()
        };
        let table = Builder::new(rows)
            .strings(None, "text", Kind::Text, true, |i| (random(seed ^ 3, i) % 9 > 0).then(|| string(i)))
            .strings(None, "bytes", Kind::Bytes, false, |i| Some(string(i / 2)))
            .finish();
        let (expected, file) = (table.rows(), table.file(&options().with_segment_rows(segment)));
        let plain = table.file(&options().without(Part::Symbols));
        let (reader, other) = (Reader::new(file.as_slice()).unwrap(), Reader::new(plain.as_slice()).unwrap());
        reader.verify(|_| {}).unwrap();
        prop_assert!(rows_of(&reader).unwrap() == expected);
        for count in [1, 5, 300] {
            let wanted: Vec<u64> = (0..count).map(|i| random(seed ^ 4, i) % rows as u64).collect();
            let all = Projection::all(reader.schema());
            prop_assert!(reader.take(&wanted, &all).unwrap() == other.take(&wanted, &all).unwrap());
        }
    }
}
