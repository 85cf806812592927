//! Statistics are those of the rows, take at most one hundredth of a file, and answer without a page of the rows' blocks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::frame::Frame;
use common::memory::Builder;
use common::zoo::{all, random};
use gede::Reader;
use gede::column::{Kind, Values};
use gede::read::{FilePart, Predicate, Value};
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

/// A file in memory that notes which bytes are asked for.
struct Recording {
    bytes: Vec<u8>,
    asked: std::sync::Mutex<Vec<std::ops::Range<u64>>>,
}

impl gede::read::ByteSource for &Recording {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn bytes(&self, range: std::ops::Range<u64>) -> gede::Result<std::borrow::Cow<'_, [u8]>> {
        self.asked.lock().unwrap().push(range.clone());
        self.bytes.as_slice().bytes(range).map(|b| std::borrow::Cow::Owned(b.into_owned()))
    }
}

#[test]
fn count_least_and_greatest_touch_no_page_of_the_blocks() {
    let table = sensors(100_000);
    let bytes = table.file(&Options::default().with_segment_rows(20_000));
    let source = Recording { bytes, asked: Default::default() };
    let blocks = Frame::new(&source.bytes).sections.iter().find(|s| s.kind == 1).unwrap().bytes.end as u64;
    let reader = Reader::new(&source).unwrap();
    source.asked.lock().unwrap().clear();
    let rows = table.rows();
    let zones: Vec<u8> = match &rows.columns[2].values {
        Values::U8(zones) => zones.clone(),
        _ => panic!("zones are bytes"),
    };
    let nulls = rows.columns[2].validity.as_ref().unwrap().iter().filter(|v| **v == 0).count() as u64;
    let of = |column: &str| reader.column_statistics(column).unwrap();
    let time = of("time");
    assert_eq!(time.least, Some(Value::Integer(1_700_000_000_000)));
    assert_eq!(time.greatest, Some(Value::Integer(1_700_000_000_000 + 99_999_000)));
    assert_eq!((time.nulls, time.sum, time.distinct, time.scanned), (0, None, None, false));
    let zone = of("zone");
    let sum: i128 = zones.iter().map(|&zone| i128::from(zone)).sum();
    assert_eq!((zone.nulls, zone.sum, zone.distinct), (nulls, Some(Value::Integer(sum)), Some(12)));
    assert_eq!(of("name").least, Some(Value::Text("sensor 0".to_owned())));
    for (condition, count) in [
        ("temperature >= 0", 100_000),
        ("temperature > 100 or name < 'a'", 0),
        ("zone > 200 and zone is null", 0),
        (
            "time >= '2023-11-14T22:13:20Z' and temperature < 1000 and name between 'sensor' and 'sensors'",
            100_000,
        ),
    ] {
        let predicate = Predicate::parse(condition, reader.schema()).unwrap();
        assert_eq!(reader.count(&predicate).unwrap(), count, "{condition}");
    }
    let asked = source.asked.lock().unwrap().clone();
    // The last page of the blocks is that of the first statistics.
    let own = blocks / 4096 * 4096;
    assert!(!asked.is_empty() && asked.iter().all(|range| range.start >= own), "{blocks}: {asked:?}");
}

#[test]
fn statistics_of_a_file_without_them_come_from_its_rows() {
    let table = common::zoo_statistics::measured(60);
    let options = Options::default().with_segment_rows(25);
    let [with, without] = [StatisticsPolicy::Always, StatisticsPolicy::Never]
        .map(|policy| Reader::new(table.file(&options.clone().with_statistics(policy))).unwrap());
    assert!(without.statistics().unwrap().is_none() && without.known_statistics().unwrap().is_none());
    let columns = with.known_statistics().unwrap().unwrap();
    assert_eq!(columns.len(), 17);
    for (column, known) in columns {
        let [mut own, found] = [&with, &without].map(|reader| reader.column_statistics(&column).unwrap());
        assert_eq!((own.scanned, found.scanned), (known.is_cut, true), "{column}");
        own.scanned = true;
        assert_eq!(own, found, "{column}");
    }
    for column in ["tags", "pair", "address"] {
        assert!(without.column_statistics(column).unwrap_err().to_string().contains("no least and greatest"));
    }
}
