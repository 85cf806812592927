//! Rows in any order, with duplicates, equal the scan, whatever the source of the bytes, the columns asked for and
//! the way rows are stored; and everything equals what was written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::manual_is_multiple_of)]

mod common;

use common::counting::Counting;
use common::dump;
use common::groups::drawn_groups;
use common::memory::{Builder, Memory};
use common::zoo::{self, random};
use gede::Reader;
use gede::column::{Batch, Kind};
use gede::read::{ByteSource, Projection};
use gede::write::{CellLimit, ImageTransform, Layout, Options};
use proptest::prelude::*;

/// A column of a random table: its kind, whether it may be null, and how its values are drawn.
#[derive(Clone, Debug)]
struct Recipe {
    leaf: (Kind, u16, u32),
    nullable: bool,
    nested: u8,
    seed: u64,
    /// Values are drawn among so many; few repeat, none are alike.
    distinct: u64,
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let leaves = vec![
        (Kind::Bool, 1, 0),
        (Kind::Unsigned, 8, 0),
        (Kind::Unsigned, 16, 0),
        (Kind::Unsigned, 32, 0),
        (Kind::Unsigned, 64, 0),
        (Kind::Signed, 8, 0),
        (Kind::Signed, 16, 0),
        (Kind::Signed, 32, 0),
        (Kind::Signed, 64, 0),
        (Kind::Float, 16, 0),
        (Kind::Float, 32, 0),
        (Kind::Float, 64, 0),
        (Kind::Decimal, 32, 0),
        (Kind::Decimal, 64, 0),
        (Kind::Decimal, 128, 0),
        (Kind::Interval, 64, 0),
        (Kind::Interval, 128, 0),
        (Kind::FixedBytes, 8, 3),
        (Kind::Bytes, 0, 0),
        (Kind::Text, 0, 0),
    ];
    let distinct = prop_oneof![Just(1), 2..5u64, 5..300u64, Just(u64::MAX)];
    (prop::sample::select(leaves), any::<bool>(), 0..4u8, any::<u64>(), distinct).prop_map(
        |(leaf, nullable, nested, seed, distinct)| Recipe { leaf, nullable, nested, seed, distinct },
    )
}

/// The table of some recipes. Nested columns lie in a struct, a list or a list of structs.
fn table(recipes: &[Recipe], rows: usize) -> Memory {
    let mut builder = Builder::new(rows);
    let mut nodes = 0;
    for (c, r) in recipes.iter().enumerate() {
        let (kind, bits, length) = r.leaf;
        let is_text = matches!(kind, Kind::Bytes | Kind::Text);
        let nulls = |level: u64, instances: usize| -> Vec<u8> {
            (0..rows * instances).map(|i| u8::from(random(r.seed ^ level, i) % 5 > 0)).collect()
        };
        let (mut parent, mut instances) = (None, 1);
        if r.nested & 1 > 0 {
            builder = builder.column(None, &format!("s{c}"), Kind::Struct, 0, 0, Some(nulls(1, 1)), |_, _| 0);
            (parent, nodes) = (Some(nodes), nodes + 1);
        }
        if r.nested & 2 > 0 && !is_text {
            let validity = r.nullable.then(|| nulls(2, 1));
            builder = builder.column(parent, &format!("l{c}"), Kind::FixedList, 0, 2, validity, |_, _| 0);
            (parent, instances, nodes) = (Some(nodes), 2, nodes + 1);
        }
        let value = |i: usize| random(r.seed, (random(r.seed ^ 7, i) % r.distinct) as usize);
        let name = format!("c{c}");
        builder = if is_text {
            let null = |i: usize| r.nullable && random(r.seed ^ 3, i) % 5 == 0;
            let string = |i: usize| format!("{:x}", value(i) >> (value(i) % 60)).into_bytes();
            builder.strings(parent, &name, kind, r.nullable, |i| (!null(i)).then(|| string(i)))
        } else {
            let per_row = instances * length.max(1) as usize;
            let validity = r.nullable.then(|| nulls(3, instances));
            builder.column(parent, &name, kind, bits, length, validity, |i, e| {
                let raw = value(i * per_row + e);
                match kind {
                    Kind::Bool => u128::from(raw & 1),
                    // Half of the floats are decimals.
                    Kind::Float if bits == 64 && r.seed & 1 == 0 => {
                        u128::from(((raw % 10_000) as f64 / 100.0).to_bits())
                    }
                    _ if bits == 128 => u128::from(raw) * u128::from(r.seed),
                    _ => u128::from(raw >> (r.seed % 30)),
                }
            })
        };
        nodes += 1;
    }
    builder.finish()
}

/// Rows of a reader, by single rows: the slowest and plainest way.
fn one_by_one<S: ByteSource>(reader: &Reader<S>, rows: &[u64], all: &Projection) -> Vec<String> {
    let mut batch = Batch::default();
    let mut out = Vec::new();
    for &row in rows {
        reader.row(row, all, &mut batch).unwrap();
        out.extend(dump::rows(reader.schema(), &batch));
    }
    out
}

fn check(table: &Memory, options: &Options, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    gede::Writer::new(options.clone()).write(&path, table).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let schema = &table.schema;
    let reader = Reader::new(bytes.as_slice()).unwrap();
    reader.verify(|_| {}).unwrap();
    let n = reader.rows();
    let all = Projection::all(reader.schema());
    let written = dump::rows(schema, &table.rows());
    assert_eq!(written.len() as u64, n);
    // The scan in batches of any size.
    let mut scanned = Vec::new();
    for batch in reader.scan(&all, 0..n, 1 + (seed % 90) as usize).unwrap() {
        scanned.extend(dump::rows(schema, &batch.unwrap()));
    }
    assert_eq!(scanned, written);
    let (start, end) = (n / 3, n - n / 4);
    let part: Vec<_> = reader.scan(&all, start..end, 1000).unwrap().map(Result::unwrap).collect();
    let part: Vec<String> = part.iter().flat_map(|b| dump::rows(schema, b)).collect();
    assert_eq!(part, written[start as usize..end as usize]);
    // Rows in any order, repeated, from every source.
    let rows: Vec<u64> = (0..n.min(1) as usize * 150).map(|i| random(seed, i) % n).collect();
    let expected: Vec<String> = rows.iter().map(|&r| written[r as usize].clone()).collect();
    let taken = reader.take(&rows, &all).unwrap();
    assert_eq!(dump::rows(schema, &taken), expected);
    assert_eq!(Reader::new_unchecked(bytes.as_slice()).unwrap().take(&rows, &all).unwrap(), taken);
    assert_eq!(Reader::open(&path).unwrap().take(&rows, &all).unwrap(), taken);
    let counting = Counting::new(bytes.clone());
    assert_eq!(Reader::new(&counting).unwrap().take(&rows, &all).unwrap(), taken);
    // SAFETY: nobody else knows the file.
    let mapped = unsafe { Reader::map(&path) }.unwrap();
    assert_eq!(mapped.take(&rows, &all).unwrap(), taken);
    let few = &rows[..rows.len().min(5)];
    assert_eq!(one_by_one(&reader, few, &all), expected[..few.len()]);
    // Some columns, in another order.
    let mut columns: Vec<usize> = schema.columns().collect();
    columns.reverse();
    columns.truncate(2);
    let projection = Projection::nodes_of(schema, &columns);
    let some = reader.take(&rows, &projection).unwrap();
    assert_eq!(some.columns.len(), projection.nodes().len());
    for (&node, column) in projection.nodes().iter().zip(&some.columns) {
        assert!(*column == taken.columns[node]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_in_any_order_equal_the_scan(
        recipes in prop::collection::vec(recipe(), 1..6),
        rows in 0..200usize,
        segment_rows in 1..120usize,
        by_class in any::<bool>(),
        paper in any::<bool>(),
        groups in any::<u64>(),
        seed in any::<u64>(),
    ) {
        let mut table = table(&recipes, rows);
        let layout = if paper { Layout::Paper } else { Layout::Compact };
        let mut options = Options::default().with_segment_rows(segment_rows).with_layout(layout).with_cells(CellLimit::None);
        let first = table.schema.columns().next();
        let class = first.map(|n| &table.schema.nodes()[n]);
        if let Some(class) = class.filter(|c| by_class && c.kind != Kind::Struct && c.kind != Kind::FixedList && c.kind != Kind::FixedBytes) {
            options.layout.class = Some(class.name.clone());
        }
        let columns = table.schema.columns().map(|column| &table.schema.nodes()[column]);
        let names = columns.filter(|node| node.image.is_none()).map(|node| node.name.as_str());
        options.layout.groups = drawn_groups(names, groups);
        table.arrow_schema = None;
        check(&table, &options, seed);
    }
}

#[test]
fn the_animals_are_read_in_any_order() {
    let exact = |a: &zoo::Animal| a.options.images.transform != ImageTransform::Dct;
    for animal in zoo::all().into_iter().filter(exact) {
        check(&animal.table, &animal.options, 5);
    }
}

#[test]
fn a_long_class_wise_file_is_read_in_any_order() {
    // More than 8192 ones and zeros a level: the index takes all its steps.
    let table = Builder::new(40_000)
        .number("class", Kind::Unsigned, 8, |i| u128::from(random(1, i) % 5 * (random(2, i / 9000) % 3)))
        .number("x", Kind::Unsigned, 16, |i| i as u128 % 65_536)
        .finish();
    let options = Options::default().with_class("class").with_cells(CellLimit::None);
    let reader = Reader::new(table.file(&options)).unwrap();
    reader.verify(|_| {}).unwrap();
    let rows: Vec<u64> = (0..10_000).map(|i| random(3, i) % 40_000).collect();
    let all = Projection::all(reader.schema());
    let gede::column::Values::U16(x) = &reader.take(&rows, &all).unwrap().columns[1].values else { panic!() };
    assert!(rows.iter().zip(x).all(|(&row, &x)| row as u16 == x));
    // And back: every stored place has its own row.
    let mut seen = vec![false; 40_000];
    for stored in 0..40_000 {
        let row = reader.row_at(stored).unwrap() as usize;
        assert!(!std::mem::replace(&mut seen[row], true));
    }
}

#[test]
fn long_strings_that_repeat() {
    let long = |i: usize| format!("{:x} ", random(5, i % 3)).repeat([1, 20, 5000][i % 3]);
    let table = Builder::new(20).text("t", long).finish();
    for layout in [Layout::Paper, Layout::Compact] {
        check(&table, &Options::default().with_layout(layout), 3);
    }
}
