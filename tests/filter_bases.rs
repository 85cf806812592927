//! A filter decides on base ids and frames as it does on values.

#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, UInt32Array};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use gede::arrow::ArrowTable;
use gede::read::{FileSource, Predicate};
use gede::write::{Options, StatisticsPolicy, StorageGroups};
use gede::{Reader, Writer};

fn written(batch: &RecordBatch, options: Options) -> (tempfile::TempDir, Reader<FileSource>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.gede");
    let table = ArrowTable::from_batches(batch.schema(), vec![batch.clone()]).unwrap();
    Writer::new(options.with_threads(1)).write(&path, &table).unwrap();
    let reader = Reader::open(&path).unwrap();
    (folder, reader)
}

/// Numbers of which most are small, so that code groups cut them into bins.
fn skewed(row: u64) -> u64 {
    let mut z = row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^= z >> 27;
    (z >> 40) >> (z % 18)
}

#[test]
fn bases_decide_as_the_values_do() {
    let rows = 0..20_000u64;
    let whole: Vec<u64> = rows.clone().map(skewed).collect();
    let null = |row: u64| skewed(row + 1_000_000) % 5 == 0;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("whole", Arc::new(UInt32Array::from_iter_values(whole.iter().map(|&x| x as u32)))),
        ("price", Arc::new(Float64Array::from_iter_values(whole.iter().map(|&x| x as f64 / 100.0)))),
        (
            "single",
            Arc::new(Float64Array::from_iter_values(whole.iter().map(|&x| f64::from((x as f32).sqrt())))),
        ),
        (
            "maybe",
            Arc::new(Int64Array::from_iter(
                rows.clone().map(|row| (!null(row)).then(|| skewed(row) as i64 - 50)),
            )),
        ),
        (
            "few",
            Arc::new(Int64Array::from_iter_values(
                whole.iter().map(|&x| [7, -3, 900, 14, 2][x as usize % 5]),
            )),
        ),
    ];
    let schema = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(schema.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(schema, columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    for groups in [StorageGroups::Rows, StorageGroups::Columns] {
        let options = Options::default().with_statistics(StatisticsPolicy::Never).with_groups(groups);
        let (_folder, reader) = written(&batch, options);
        let count = |text: String| {
            let predicate = Predicate::parse(&text, reader.schema()).unwrap();
            reader.count(&predicate).unwrap() as usize
        };
        let mut sorted = whole.clone();
        sorted.sort_unstable();
        for at in [0, 1, 10, 1000, 10_000, 19_000, 19_900, 19_990, 19_999] {
            let x = sorted[at];
            let naive = |passes: &dyn Fn(u64, u64) -> bool| {
                rows.clone().filter(|&row| passes(row, whole[row as usize])).count()
            };
            assert_eq!(count(format!("whole >= {x}")), naive(&|_, y| y >= x));
            assert_eq!(
                count(format!("not whole > {x} and few in (900, -3)")),
                naive(&|_, y| y <= x && [1, 2].contains(&(y % 5)))
            );
            assert_eq!(count(format!("price = {}", x as f64 / 100.0)), naive(&|_, y| y == x));
            let root = f64::from((x as f32).sqrt());
            assert_eq!(
                count(format!("single > {root} or whole != {x} and few = 14")),
                naive(&|_, y| f64::from((y as f32).sqrt()) > root || y != x && y % 5 == 3)
            );
            assert_eq!(count(format!("maybe > {}", x as i64 - 50)), naive(&|row, y| !null(row) && y > x));
            assert_eq!(
                count(format!("not maybe > {} or price < 0.05", x as i64 - 50)),
                naive(&|row, y| !null(row) && y <= x || y < 5)
            );
            assert_eq!(
                count(format!("maybe is null and whole between 2 and {x}")),
                naive(&|row, y| null(row) && (2..=x).contains(&y))
            );
        }
    }
}
