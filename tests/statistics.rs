//! Statistics are those of the rows, take at most one hundredth of a file, and answer without a page of the rows' blocks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::memory::Builder;
use common::zoo::{all, random};
use gede::Reader;
use gede::column::Kind;
use gede::read::FilePart;
use gede::write::{Options, StatisticsPolicy};

#[test]
fn statistics_of_every_table_are_those_of_its_rows() {
    for animal in all() {
        let options = animal.options.clone().with_statistics(StatisticsPolicy::Always);
        let reader = Reader::new(animal.table.file(&options)).unwrap();
        reader.verify(|_| {}).unwrap_or_else(|e| panic!("{}: {e}", animal.name));
    }
}

/// Rows in segments of which each has a range of its own.
fn sensors(rows: usize) -> common::memory::Memory {
    Builder::new(rows)
        .number("time", Kind::Signed, 64, |i| 1_700_000_000_000 + 1000 * i as u128)
        .unit(9)
        .f64("temperature", |i| (random(3, i) % 10_000) as f64 / 100.0)
        .nullable("zone", Kind::Unsigned, 8, |i| (i % 7 > 0).then_some(u128::from(random(4, i) % 12)))
        .text("name", |i| format!("sensor {}", random(5, i) % 100))
        .finish()
}

#[test]
fn statistics_take_at_most_one_hundredth_of_a_file() {
    for rows in [100, 10_000, 100_000] {
        let table = sensors(rows);
        for policy in [StatisticsPolicy::Auto, StatisticsPolicy::Never] {
            let options = Options::default().with_statistics(policy).with_segment_rows(20_000);
            let reader = Reader::new(table.file(&options)).unwrap();
            let account = reader.account().unwrap();
            let bytes = account.parts.get(&FilePart::Statistics).copied().unwrap_or(0);
            assert!(100 * bytes <= account.file_length, "{rows} rows: {bytes} of {}", account.file_length);
            assert_eq!(
                bytes > 0,
                rows == 100_000 && policy == StatisticsPolicy::Auto,
                "{rows} rows, {policy:?}"
            );
            assert_eq!(bytes > 0, reader.features().any(|name| name == "statistics"));
        }
    }
}
