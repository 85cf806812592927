//! Lanes that repeat together are stored once a tuple: files are smaller, and rows the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::memory::{Builder, Memory};
use common::read::rows as rows_of;
use common::zoo::random;
use common::zoo_grouped::{product, repeats};
use gede::Reader;
use gede::column::Kind;
use gede::read::Projection;
use gede::write::{CellLimit, Options, Part};
use proptest::prelude::*;

fn options() -> Options {
    Options::default().with_cells(CellLimit::None)
}

/// Rows by a scan and in any order, of all columns and of some, are those that went in.
fn check(table: &Memory, options: &Options) {
    let rows = table.rows();
    let file = table.file(options);
    let reader = Reader::new(file.as_slice()).unwrap();
    let plain = table.file(&options.clone().without(Part::Tuples));
    let other = Reader::new(plain.as_slice()).unwrap();
    reader.verify(&|_| {}).unwrap();
    assert!(rows_of(&reader).unwrap() == rows);
    // Few rows at a time have few tuples, in order or not.
    let all = Projection::all(reader.schema());
    for step in [3, 5, 64] {
        let batches = |reader: &Reader<&[u8]>| -> Vec<_> {
            reader.scan(&all, 0..rows.rows as u64, step).unwrap().map(Result::unwrap).collect()
        };
        assert!(batches(&reader) == batches(&other), "{step} rows at a time");
    }
    for (draw, count) in [1, 7, 600, 4000].into_iter().enumerate() {
        let wanted: Vec<u64> = (0..count).map(|i| random(draw as u64, i) % rows.rows as u64).collect();
        let expected = other.take(&wanted, &Projection::all(other.schema())).unwrap();
        let found = reader.take(&wanted, &Projection::all(reader.schema())).unwrap();
        assert!(found == expected, "{count} rows");
    }
}

/// The bytes of a file of this table, and of one without tuples.
fn sizes(table: &Memory) -> (usize, usize) {
    (table.file(&options()).len(), table.file(&options().without(Part::Tuples)).len())
}

#[test]
fn what_repeats_takes_few_bytes() {
    for (table, percent) in [(repeats(8000, 5), 85), (repeats(8000, 1), 75), (product(8000), 70)] {
        let (with, without) = sizes(&table);
        assert!(100 * with < percent * without, "{with} bytes, {without} without");
        check(&table, &options());
    }
}

#[test]
fn what_does_not_repeat_is_as_before() {
    let noise = Builder::new(3000).f64("x", |i| (random(1, i) % 100_000) as f64 / 100.0).finish();
    assert!(noise.file(&options()) == noise.file(&options().without(Part::Tuples)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Columns of one to five that follow from keys of other lengths, some in order and some not.
    #[test]
    fn rows_come_back(seed in any::<u64>(), rows in 512..2500usize, segment in 512..3000usize, keys in prop::collection::vec((1..40usize, 1..300u64, 1..5u64, any::<bool>()), 1..4)) {
        let mut table = Builder::new(rows).number("noise", Kind::Unsigned, 16, |i| u128::from(random(seed, i) % 999));
        for (number, &(run, values, columns, is_sorted)) in keys.iter().enumerate() {
            let key = move |i: usize| match is_sorted {
                true => i as u64 / run as u64 % values,
                false => random(seed ^ number as u64, i / run) % values,
            };
            for column in 0..columns {
                let value = move |i: usize| random(seed.wrapping_add(column), key(i) as usize);
                let name = format!("c{number} {column}");
                table = match column {
                    0 => table.number(&name, Kind::Signed, 64, move |i| value(i).into()),
                    1 => table.text(&name, move |i| format!("{:x}", value(i) % 5000)),
                    2 => table.nullable(&name, Kind::Float, 32, move |i| (value(i) % 3 > 0).then(|| u128::from(value(i) as u32 >> 1))),
                    _ => table.strings(None, &name, Kind::Bytes, true, move |i| (value(i) % 7 > 0).then(|| value(i).to_le_bytes().to_vec())),
                };
            }
        }
        check(&table.finish(), &options().with_segment_rows(segment));
    }
}
