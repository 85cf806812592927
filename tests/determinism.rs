//! Promise 5: the same input and options give the same bytes, whatever the threads and the batches.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::memory::{Builder, Memory};
use common::zoo::{self, random};
use gede::Reader;
use gede::column::{Batch, Kind};
use gede::read::Projection;
use gede::write::{CellLimit, Options, StorageGroups, TargetKind};

fn table() -> Memory {
    Builder::new(5000)
        .f64("x", |i| (random(1, i) % 10_000) as f64 / 100.0)
        .f64("y", |i| (random(2, i) as f64).sqrt())
        .nullable("z", Kind::Signed, 16, |i| (i % 7 > 0).then(|| u128::from(random(3, i) % 900)))
        .text("t", |i| format!("{:x}", random(4, i) % 700))
        .text("u", |i| format!("{:x}", random(5, i)))
        .number("class", Kind::Unsigned, 8, |i| u128::from(random(6, i) % 4))
        .finish()
}

fn options() -> Vec<Options> {
    let base = Options::default().with_segment_rows(300).with_cells(CellLimit::None);
    let value = base.clone().with_target("y", TargetKind::Value).with_cells(CellLimit::Most(60));
    let class = base.clone().with_target("class", TargetKind::Class).with_cells(CellLimit::Beta(6));
    let class_wise = value.clone().with_class("class");
    let apart = value.clone().with_groups(StorageGroups::Columns);
    vec![base, value, class, class_wise, apart]
}

#[test]
fn threads_do_not_change_the_bytes() {
    let table = table();
    for options in options() {
        let one = table.file(&options.clone().with_threads(1));
        for threads in [2, 3, 8] {
            assert!(table.file(&options.clone().with_threads(threads)) == one, "{threads}: {options:?}");
        }
    }
}

#[test]
fn sums_in_scratch_files_give_the_same_bytes() {
    let table = table();
    for base in options().into_iter().filter(|options| options.summaries.target.is_some()) {
        for cells in [CellLimit::Most(60), CellLimit::Most(5000)] {
            let options = base.clone().with_cells(cells).with_cell_covariances(true);
            let whole = table.file(&options);
            // No memory at all, and some for a few segments that wait.
            for sums_in_memory in [0, 200_000] {
                let spilled = table.file(&options.clone().with_sums_in_memory(sums_in_memory));
                assert!(spilled == whole, "{sums_in_memory}: {options:?}");
            }
        }
    }
}

#[test]
fn writing_twice_gives_the_same_bytes() {
    for animal in zoo::all() {
        assert!(animal.table.file(&animal.options) == animal.table.file(&animal.options), "{}", animal.name);
    }
}

#[test]
fn batches_do_not_change_the_bytes() {
    let table = table();
    let reader = Reader::new(table.file(&Options::default())).unwrap();
    let all = Projection::all(reader.schema());
    for options in options() {
        let whole = table.file(&options);
        for rows in [1, 97, 300, 4999] {
            let batches: gede::Result<Vec<Batch>> =
                reader.scan(&all, 0..reader.rows(), rows).unwrap().collect();
            let cut = Memory { batches: batches.unwrap(), ..table.clone() };
            assert!(cut.file(&options) == whole, "batches of {rows}: {options:?}");
        }
    }
}

/// Guards the bytes across machines, and across versions of gede: an identity is of all that they write but their name. A writer that writes something else on purpose runs `golden_make.rs`.
#[test]
fn identities_are_those_of_every_machine() {
    let known = include_str!("data/written.txt");
    let written = zoo::all().into_iter().map(|animal| {
        let reader = Reader::new(animal.table.file(&animal.options)).unwrap();
        format!("{} {}\n", reader.identity(), animal.name)
    });
    assert_eq!(written.collect::<String>(), known);
}
