//! Rows at random.

use super::{Stage, unexpected};
use crate::commands::open;
use crate::output::{count, seconds};
use arrow::array::UInt64Array;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::record_batch::RecordBatch;
use gede::Result;
use gede::arrow::ArrowReader;
use gede::internal::logical_eq;
use gede::read::Projection;
use gede::train::permutation;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection};
use serde::Serialize;
use std::fs::File;
use std::time::Instant;

const ROWS: usize = 1000;

/// The best of so many is what counts.
const TRIES: usize = 5;

/// Seconds for `rows` whole rows in random order, files open and warm.
#[derive(Serialize)]
pub struct RandomRows {
    rows: usize,
    gede_seconds: f64,
    parquet_seconds: f64,
    equal: bool,
}

impl RandomRows {
    pub fn measure(stage: &Stage) -> Result<Self> {
        let n = stage.rows.num_rows();
        let rows: Vec<u64> = permutation(n, 0).into_iter().take(ROWS).map(|row| row as u64).collect();
        let reader = open(&stage.gede)?;
        let table = ArrowReader::new(&reader, &Projection::all(reader.schema()))?;
        let (gede, gede_seconds) = best(|| table.take(&rows))?;
        let (_, parquet_seconds) = best(|| from_parquet(stage, &rows))?;
        let equal = logical_eq(&gede, &stage.some(&rows)?);
        Ok(Self { rows: rows.len(), gede_seconds, parquet_seconds, equal })
    }

    pub fn text(&self) -> String {
        let equal = if self.equal { "bit for bit those of the table" } else { "NOT those of the table" };
        format!(
            "\n{} rows in random order\n  gede {}, Parquet with a row selection {}; gede's are {equal}\n",
            count(self.rows as u64),
            seconds(self.gede_seconds),
            seconds(self.parquet_seconds),
        )
    }
}

fn best(read: impl Fn() -> Result<RecordBatch>) -> Result<(RecordBatch, f64)> {
    let mut least = f64::INFINITY;
    let mut batch = read()?; // warms caches up
    for _ in 0..TRIES {
        let started = Instant::now();
        batch = read()?;
        least = least.min(started.elapsed().as_secs_f64());
    }
    Ok((batch, least))
}

/// Selects the rows in file order, then puts them into the order asked for.
fn from_parquet(stage: &Stage, rows: &[u64]) -> Result<RecordBatch> {
    let mut order: Vec<u64> = (0..rows.len() as u64).collect();
    order.sort_unstable_by_key(|&place| rows[place as usize]);
    let ranges = order.iter().map(|&place| rows[place as usize] as usize).map(|row| row..row + 1);
    let selection = RowSelection::from_consecutive_ranges(ranges, stage.rows.num_rows());
    let file = File::open(&stage.parquet).map_err(unexpected)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(unexpected)?;
    let batches = builder.with_row_selection(selection).build().map_err(unexpected)?;
    let batches = batches.collect::<std::result::Result<Vec<_>, _>>().map_err(unexpected)?;
    let sorted = concat_batches(stage.rows.schema_ref(), &batches).map_err(unexpected)?;
    let mut places = vec![0; rows.len()];
    order.iter().zip(0..).for_each(|(&place, at)| places[place as usize] = at);
    take_record_batch(&sorted, &UInt64Array::from(places)).map_err(unexpected)
}
