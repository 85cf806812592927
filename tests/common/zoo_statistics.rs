//! Small tables with statistics: numbers, times, decimals, NaNs, -0, long strings, structs that are null.

use gede::column::Kind;
use gede::write::{CellLimit, Layout, Options, StatisticsPolicy};

use super::memory::{Builder, Memory};
use super::zoo::{Animal, random};

/// Every animal with statistics.
pub fn all() -> Vec<Animal> {
    let paper = Options::default().with_cells(CellLimit::None).with_threads(1).with_layout(Layout::Paper);
    let paper = paper.with_statistics(StatisticsPolicy::Always);
    let compact = paper.clone().with_layout(Layout::Compact);
    let animal = |name, table, options| Animal { name, table, options };
    vec![
        animal("statistics", measured(60), paper.clone().with_segment_rows(25)),
        animal("statistics_class_wise", classes(), paper.with_class("class").with_segment_rows(10)),
        animal("grouped_statistics", measured(40), compact.clone().with_segment_rows(15)),
        animal("grouped_statistics_many", many(), compact),
    ]
}

/// Every kind that has statistics, and some that have none.
pub fn measured(rows: usize) -> Memory {
    let floats = [1.5, -0.0, f64::NAN, f64::INFINITY, -2.25, 0.0, f64::NEG_INFINITY, 1e300];
    let texts =
        ["", "zone", "a name that is longer than the bytes kept", "äöü".repeat(9).leak(), "\u{10FFFF}"];
    let valid: Vec<u8> = (0..rows).map(|i| u8::from(i % 4 > 0)).collect();
    let street = |i: usize| (i % 5 > 0).then(|| format!("{} Road", random(907, i) % 7).into_bytes());
    let signed = |seed, shift: u32| move |i: usize| ((random(seed, i) as i64 >> shift) as u64).into();
    Builder::new(rows)
        .number("flag", Kind::Bool, 1, |i| u128::from(i % 3 == 0))
        .number("u16", Kind::Unsigned, 16, |i| 100 + i as u128)
        .number("u64", Kind::Unsigned, 64, |i| u128::from(random(901, i)))
        .nullable("i32", Kind::Signed, 32, |i| (i % 3 > 0).then(|| u128::from(random(902, i) as u32)))
        .nullable("none", Kind::Signed, 8, |_| None)
        .number("time", Kind::Signed, 64, |i| 1_700_000_000_000 + i as u128 * 250)
        .unit(9)
        .number("date", Kind::Signed, 32, |i| (i as i32 - 20) as u32 as u128)
        .unit(1)
        .f64("f64", move |i| floats[i % floats.len()])
        .number("nan", Kind::Float, 32, |_| f32::NAN.to_bits().into())
        .number("f16", Kind::Float, 16, |i| half::f16::from_f64(i as f64 / 4.0 - 3.0).to_bits().into())
        .number("price", Kind::Decimal, 64, signed(903, 40))
        .decimal(12, 2)
        .number("wide", Kind::Decimal, 128, |i| (random(904, i) as i64 as i128 * 1_000_003) as u128)
        .decimal(38, 6)
        .strings(None, "text", Kind::Text, true, move |i| texts.get(i % 6).map(|t| t.as_bytes().to_vec()))
        .strings(None, "bytes", Kind::Bytes, false, |i| Some(vec![0xFF; 20 + 5 * (i % 6)]))
        .strings(None, "word", Kind::Text, false, |i| Some(format!("w{}", random(905, i) % 9).into_bytes()))
        .column(None, "address", Kind::Struct, 0, 0, Some(valid), |_, _| 0)
        .column(Some(15), "number", Kind::Unsigned, 8, 0, None, |i, _| u128::from(random(906, i) % 200))
        .strings(Some(15), "street", Kind::Text, true, street)
        .column(None, "pair", Kind::FixedList, 0, 2, None, |_, _| 0)
        .column(Some(18), "item", Kind::Signed, 16, 0, None, |i, e| (i + e) as u128)
        .list(
            None,
            "tags",
            true,
            |i| (i % 6 > 0).then_some(i % 3),
            |items| items.number("item", Kind::Unsigned, 32, |i| i as u128),
        )
        .finish()
}

/// Classes whose statistics are in stored order.
fn classes() -> Memory {
    Builder::new(45)
        .nullable("class", Kind::Signed, 8, |i| Some(random(911, i) % 4).filter(|&c| c < 3).map(u128::from))
        .f64("x", |i| (random(912, i) % 1000) as f64 / 10.0)
        .text("name", |i| format!("row {i}"))
        .finish()
}

/// More different values than are counted.
fn many() -> Memory {
    Builder::new(1100)
        .number("id", Kind::Unsigned, 16, |i| i as u128 * 7)
        .number("few", Kind::Unsigned, 16, |i| (i % 1024) as u128)
        .finish()
}
