//! Lists of any length come back: whole, in batches and as single rows, nested in each other and in structs.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::memory::{Builder, Memory};
use common::zoo::random;
use gede::column::{Batch, Column, Kind, Schema, Values};
use gede::read::{ByteSource, Projection};
use gede::write::{Layout, Options, Part, TargetKind};
use gede::{ErrorKind, Reader, Writer};

/// A list's length: some are null, many empty, a few long.
fn length(seed: u64, row: usize) -> Option<usize> {
    match random(seed, row) % 10 {
        0 => None,
        1..=3 => Some(0),
        4..=8 => Some(random(seed + 1, row) as usize % 5),
        _ => Some(random(seed + 2, row) as usize % 40),
    }
}

/// Lists of numbers, text, structs and lists, of one length, below structs, all empty, all null.
fn table(rows: usize) -> Memory {
    let number = |seed| move |i: usize| u128::from(random(seed, i) % 1000);
    let word = |i: usize| (random(9, i) % 7 > 0).then(|| format!("word {}", random(10, i) % 50).into_bytes());
    let valid =
        |seed: u64, rows: usize| (0..rows).map(|i| u8::from(random(seed, i) % 3 > 0)).collect::<Vec<u8>>();
    let structs = valid(20, rows);
    Builder::new(rows)
        .number("id", Kind::Unsigned, 32, |i| i as u128)
        .list(
            None,
            "numbers",
            true,
            |i| length(1, i),
            |b| {
                b.nullable("item", Kind::Signed, 32, |i| {
                    (random(2, i) % 5 > 0).then(|| u128::from(random(3, i) % 100))
                })
            },
        )
        .list(
            None,
            "words",
            false,
            |i| Some(length(4, i).unwrap_or(3)),
            |b| b.strings(None, "item", Kind::Text, true, word),
        )
        .list(
            None,
            "pairs",
            true,
            |i| length(5, i),
            |b| {
                b.column(None, "item", Kind::Struct, 0, 0, None, |_, _| 0)
                    .column(Some(0), "x", Kind::Float, 64, 0, None, |i, _| (i as f64 / 4.0).to_bits().into())
                    .strings(Some(0), "name", Kind::Text, true, word)
            },
        )
        .list(
            None,
            "deep",
            true,
            |i| length(6, i),
            |b| {
                b.list(
                    None,
                    "item",
                    true,
                    |i| length(7, i),
                    |b| {
                        b.list(
                            None,
                            "item",
                            false,
                            |i| Some(i % 3),
                            |b| b.number("item", Kind::Unsigned, 16, number(8)),
                        )
                    },
                )
            },
        )
        .list(None, "three", false, |_| Some(3), |b| b.number("item", Kind::Float, 32, number(11)))
        .list(None, "empty", false, |_| Some(0), |b| b.number("item", Kind::Bool, 1, |_| 0))
        .list(None, "null", true, |_| None, |b| b.number("item", Kind::Bool, 1, |_| 0))
        .column(None, "s", Kind::Struct, 0, 0, Some(structs.clone()), |_, _| 0)
        .list(
            Some(8),
            "inner",
            false,
            |i| Some(if structs[i] == 1 { i % 4 + 1 } else { 0 }),
            |b| b.number("item", Kind::Unsigned, 8, |i| i as u128 % 256),
        )
        .finish()
}

/// A value as text.
fn show(schema: &Schema, columns: &[Column], node: usize, row: usize) -> String {
    let (n, column) = (&schema.nodes()[node], &columns[node]);
    if column.validity.as_ref().is_some_and(|v| v[row] == 0) {
        return "null".to_owned();
    }
    match &column.values {
        Values::None => {
            let below = schema.subtree(node).filter(|&i| schema.nodes()[i].parent == Some(node));
            format!("{{{}}}", below.map(|i| show(schema, columns, i, row)).collect::<Vec<_>>().join(","))
        }
        Values::U8(v) => v[row].to_string(),
        Values::U16(v) => v[row].to_string(),
        Values::U32(v) => v[row].to_string(),
        Values::U64(v) => v[row].to_string(),
        Values::U128(v) => v[row].to_string(),
        Values::Bytes { offsets, data } => {
            String::from_utf8_lossy(&data[offsets[row] as usize..offsets[row + 1] as usize]).into_owned()
        }
        Values::Lists { offsets, items } => {
            let own = offsets[row] as usize..offsets[row + 1] as usize;
            let schema = n.items.as_ref().unwrap();
            let items: Vec<_> = own.map(|i| show(schema, &items.columns, 0, i)).collect();
            format!("[{}]", items.join(","))
        }
    }
}

fn shown(schema: &Schema, batch: &Batch) -> Vec<String> {
    let columns: Vec<usize> = schema.columns().collect();
    let row =
        |row| columns.iter().map(|&c| show(schema, &batch.columns, c, row)).collect::<Vec<_>>().join("; ");
    (0..batch.rows).map(row).collect()
}

fn check<S: ByteSource>(reader: &Reader<S>, wanted: &[String]) {
    let all = Projection::all(reader.schema());
    let mut scanned = Vec::new();
    for batch in reader.scan(&all, 0..reader.rows(), 97).unwrap() {
        scanned.extend(shown(reader.schema(), &batch.unwrap()));
    }
    assert!(scanned == wanted, "scan");
    let n = reader.rows();
    let picked: Vec<u64> = (0..500).map(|i| random(77, i) % n).chain([0, n - 1, 64, 63, 65, 65]).collect();
    let batch = reader.take(&picked, &all).unwrap();
    for (found, row) in shown(reader.schema(), &batch).iter().zip(&picked) {
        assert_eq!(*found, wanted[*row as usize], "row {row}");
    }
    let mut batch = Batch::default();
    for row in picked.iter().take(50) {
        reader.row(*row, &all, &mut batch).unwrap();
        assert_eq!(shown(reader.schema(), &batch), [wanted[*row as usize].as_str()]);
    }
    let sorted: Vec<u64> = (0..n).filter(|row| row % 7 < 3).collect();
    let batch = reader.take(&sorted, &all).unwrap();
    assert!(shown(reader.schema(), &batch).iter().eq(sorted.iter().map(|&row| &wanted[row as usize])));
    reader.verify(|_| {}).unwrap();
}

#[test]
fn lists_come_back_in_every_layout() {
    let table = table(3000);
    let wanted = shown(&table.schema, &table.rows());
    for layout in [Layout::Paper, Layout::Compact] {
        for segment_rows in [65_536, 1000, 61] {
            let options = Options::default().with_layout(layout).with_segment_rows(segment_rows);
            let bytes = table.file(&options);
            check(&Reader::new(&bytes[..]).unwrap(), &wanted);
        }
    }
}

#[test]
fn how_rows_are_batched_changes_no_byte() {
    let table = table(2000);
    let whole = table.file(&Options::default().with_segment_rows(300));
    let all = table.rows();
    let parts = Reader::new(&whole[..]).unwrap();
    let every = Projection::all(parts.schema());
    let batches: Vec<Batch> = parts.scan(&every, 0..2000, 17).unwrap().map(Result::unwrap).collect();
    assert!(batches.len() > 100);
    let cut = Memory { schema: table.schema.clone(), batches, ..Memory::default() };
    assert_eq!(shown(&table.schema, &cut.rows()), shown(&table.schema, &all));
    for threads in [1, 3] {
        assert!(
            cut.file(&Options::default().with_segment_rows(300).with_threads(threads)) == whole,
            "{threads}"
        );
    }
}

#[test]
fn classes_cover_lists() {
    let builder = Builder::new(500).number("class", Kind::Unsigned, 8, |i| u128::from(random(30, i) % 4));
    let numbers = |b: Builder| b.number("item", Kind::Unsigned, 32, |i| i as u128);
    let table = builder.list(None, "l", true, |i| length(31, i), numbers).finish();
    let wanted = shown(&table.schema, &table.rows());
    let bytes = table.file(&Options::default().with_class("class"));
    check(&Reader::new(&bytes[..]).unwrap(), &wanted);
}

#[test]
fn items_that_repeat_each_other_are_compressed_in_chunks() {
    // A few phrases, in any order, many times.
    let phrase = |i: usize| random(40 + random(41, i / 8) % 20, i % 8) % 8000;
    let table = Builder::new(2000)
        .list(
            None,
            "tokens",
            false,
            |i| Some(20 + random(42, i) as usize % 60),
            |b| b.number("item", Kind::Signed, 32, |i| phrase(i).into()),
        )
        .finish();
    let wanted = shown(&table.schema, &table.rows());
    let chunked = table.file(&Options::default());
    let plain = table.file(&Options::default().without(Part::Chunks));
    let features = |bytes: &[u8]| Reader::new(bytes).unwrap().features().collect::<Vec<_>>().join(",");
    assert!(features(&chunked).contains("chunked records") && !features(&plain).contains("chunked records"));
    assert!(chunked.len() * 2 < plain.len(), "{} against {}", chunked.len(), plain.len());
    for bytes in [chunked, plain] {
        check(&Reader::new(&bytes[..]).unwrap(), &wanted);
    }
}

#[test]
fn lists_are_no_classes() {
    let table = table(50);
    let folder = tempfile::tempdir().unwrap();
    for options in [
        Options::default().with_class("three"),
        Options::default().with_target("three", TargetKind::Class),
        Options::default().with_target("numbers", TargetKind::Auto),
    ] {
        let error = Writer::new(options).write(folder.path().join("t.gede"), &table).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
