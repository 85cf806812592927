//! The sensor table: a synthetic table that looks like what machines log, from a seed.
//!
//! Twelve columns, 60 bytes a row:
//!
//! | columns | type | bytes | what |
//! |---|---|---|---|
//! | `time` | timestamp in us | 8 | a row every 10 ms, jittered |
//! | `temperature`, `humidity`, `pressure`, `voltage` | f32 | 16 | random walks with 2 decimals |
//! | `energy`, `cost` | f64 | 16 | products of uniform numbers, hence skewed, with 2 decimals |
//! | `state`, `zone`, `device`, `errors` | i32 | 16 | skewed, below 8, 300, 50,000 and 16 |
//! | `label` | i32 | 4 | one of 4 classes, as rare as 1 in 25 |
//!
//! The same seed gives the same rows on every machine: the generator is ChaCha8, and the arithmetic is
//! addition, multiplication and rounding only. A shorter table is the beginning of a longer one. Included
//! by path from each bench, so that each builds it with the Arrow its format needs.

use std::sync::Arc;

use arrow::array::{Float32Array, Float64Array, Int32Array, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Bytes of a row in memory.
pub const ROW_BYTES: u64 = 60;

/// Names of the columns, in order.
pub const COLUMNS: [&str; 12] = [
    "time",
    "temperature",
    "humidity",
    "pressure",
    "voltage",
    "energy",
    "cost",
    "state",
    "zone",
    "device",
    "errors",
    "label",
];

/// 2024-01-01T00:00:00Z in microseconds.
const START: i64 = 1_704_067_200_000_000;
/// Microseconds from a row to the next.
const INTERVAL: i64 = 10_000;
/// A row is off by less than this many microseconds either way.
const JITTER: i64 = 1_000;
/// What each walk is drawn back to, and the size of its steps, in units of the sensor.
const WALKS: [(f64, f64); 4] = [(21.0, 0.04), (55.0, 0.08), (1013.0, 0.06), (230.0, 0.12)];
/// The share of its distance from the mean that a walk loses in a step.
const PULL: f64 = 1.0 / 4096.0;
/// The largest value of each product.
const PRODUCTS: [f64; 2] = [90.0, 400.0];
/// The range of each skewed integer.
const RANGES: [f64; 4] = [8.0, 300.0, 50_000.0, 16.0];

/// The Arrow schema of the table.
pub fn schema() -> SchemaRef {
    let types = [
        vec![DataType::Timestamp(TimeUnit::Microsecond, None)],
        vec![DataType::Float32; 4],
        vec![DataType::Float64; 2],
        vec![DataType::Int32; 5],
    ];
    let fields = COLUMNS.iter().zip(types.concat()).map(|(name, kind)| Field::new(*name, kind, false));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The table from row 0 on, in batches of `batch_rows` rows, the last one shorter.
pub fn batches(seed: u64, rows: u64, batch_rows: u64) -> impl Iterator<Item = RecordBatch> {
    let mut sensor = Sensor::new(seed);
    (0..rows).step_by(batch_rows as usize).map(move |from| sensor.batch(batch_rows.min(rows - from) as usize))
}

/// Where the generator stands.
struct Sensor {
    random: ChaCha8Rng,
    schema: SchemaRef,
    row: i64,
    walks: [f64; 4],
}

impl Sensor {
    fn new(seed: u64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self { random, schema: schema(), row: 0, walks: WALKS.map(|(mean, _)| mean) }
    }

    /// The next `rows` rows.
    fn batch(&mut self, rows: usize) -> RecordBatch {
        let mut times = Vec::with_capacity(rows);
        let mut walks: [Vec<f32>; 4] = [(); 4].map(|()| Vec::with_capacity(rows));
        let mut products: [Vec<f64>; 2] = [(); 2].map(|()| Vec::with_capacity(rows));
        let mut integers: [Vec<i32>; 4] = [(); 4].map(|()| Vec::with_capacity(rows));
        let mut labels = Vec::with_capacity(rows);
        for _ in 0..rows {
            let jitter = (self.uniform() + self.uniform() - 1.0) * JITTER as f64;
            times.push(START + self.row * INTERVAL + jitter as i64);
            self.row += 1;
            for (i, walk) in walks.iter_mut().enumerate() {
                walk.push(self.step(i));
            }
            for (product, largest) in products.iter_mut().zip(PRODUCTS) {
                product.push((largest * self.uniform() * self.uniform() * 100.0).round() / 100.0);
            }
            for (integer, range) in integers.iter_mut().zip(RANGES) {
                integer.push((range * self.uniform() * self.uniform() * self.uniform()) as i32);
            }
            labels.push(match self.uniform() {
                u if u < 0.60 => 0,
                u if u < 0.85 => 1,
                u if u < 0.96 => 2,
                _ => 3,
            });
        }
        let mut columns: Vec<arrow::array::ArrayRef> = vec![Arc::new(TimestampMicrosecondArray::from(times))];
        columns.extend(walks.map(|walk| Arc::new(Float32Array::from(walk)) as _));
        columns.extend(products.map(|product| Arc::new(Float64Array::from(product)) as _));
        columns.extend(integers.map(|integer| Arc::new(Int32Array::from(integer)) as _));
        columns.push(Arc::new(Int32Array::from(labels)));
        RecordBatch::try_new(self.schema.clone(), columns).expect("columns of the schema's types")
    }

    /// The next value of a walk. The sum of four uniform numbers is near enough to a normal one.
    fn step(&mut self, walk: usize) -> f32 {
        let (mean, size) = WALKS[walk];
        let noise = self.uniform() + self.uniform() + self.uniform() + self.uniform() - 2.0;
        let level = self.walks[walk];
        self.walks[walk] = level + (mean - level) * PULL + noise * size * 3f64.sqrt();
        ((self.walks[walk] * 100.0).round() / 100.0) as f32
    }

    /// A number in [0, 1), of 32 random bits.
    fn uniform(&mut self) -> f64 {
        f64::from(self.random.next_u32()) / 4_294_967_296.0
    }
}
