//! What is measured of every format, in the same way: `take`, full scan (of an open file, where a format
//! need not check what it checked before, and of one just opened), and scans of one column.
//!
//! A format is a [`Format`] in a program of its own; [`measure`] prints one JSON object a line, which
//! `compare.py` gathers. Every result carries a hash of the values that came back, so that a fast wrong
//! answer shows. Included by path from each bench.

use std::hint::black_box;
use std::time::{Duration, Instant};

use arrow::array::{Array, RecordBatch};
use cpu_time::ProcessTime;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How many rows are taken at once.
const TAKES: [usize; 2] = [100, 10_000];
/// Different sets of rows, in turn: as many as keep caches and branch predictors from learning one.
const SETS: usize = 32;

/// A table in some format, open and warm.
pub trait Format {
    /// Rows of the table.
    fn rows(&self) -> usize;

    /// Names of the columns.
    fn columns(&self) -> Vec<String>;

    /// Opens the table again, as if nothing of it had been read.
    fn reopen(&mut self);

    /// All columns of the rows named, in their order. `sorted` says that they ascend.
    fn take(&mut self, rows: &[u64], sorted: bool) -> RecordBatch;

    /// The whole table, or one column of it, batch by batch.
    fn scan(&mut self, column: Option<usize>, sink: &mut dyn FnMut(RecordBatch));
}

/// Measures everything, each for at least `seconds` and 9 repetitions, and prints it.
pub fn measure(format: &mut impl Format, seconds: f64) {
    for k in TAKES {
        for sorted in [true, false] {
            let sets: Vec<Vec<u64>> =
                (0..SETS).map(|seed| draw(seed as u64, format.rows(), k, sorted)).collect();
            let mut hash = Hash::default();
            sets.iter().for_each(|set| hash.add(&format.take(set, sorted)));
            let mut next = (0..SETS).cycle();
            let times = repeat(seconds, || {
                let set = &sets[next.next().unwrap_or(0)];
                assert_eq!(black_box(format.take(set, sorted)).num_rows(), k);
            });
            report(&format!("take {k} {}", if sorted { "sorted" } else { "shuffled" }), &times, &hash);
        }
    }
    for column in std::iter::once(None).chain((0..format.columns().len()).map(Some)) {
        let mut hash = Hash::default();
        format.scan(column, &mut |batch| hash.add(&batch));
        let times = repeat(seconds, || scan(format, column));
        let name = column.map_or_else(|| "all".to_string(), |c| format.columns().swap_remove(c));
        report(&format!("scan {name}"), &times, &hash);
        if column.is_none() {
            let times = repeat(seconds, || {
                format.reopen();
                scan(format, None);
            });
            report("open, scan all", &times, &hash);
        }
    }
}

fn scan(format: &mut impl Format, column: Option<usize>) {
    let mut rows = 0;
    format.scan(column, &mut |batch| rows += black_box(batch).num_rows());
    assert_eq!(rows, format.rows());
}

/// `k` different rows out of `rows`, ascending or in random order.
fn draw(seed: u64, rows: usize, k: usize, sorted: bool) -> Vec<u64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn: Vec<u64> = Vec::with_capacity(k);
    let mut seen = vec![false; rows];
    while drawn.len() < k.min(rows) {
        let row = random.next_u64() % rows as u64;
        if !std::mem::replace(&mut seen[row as usize], true) {
            drawn.push(row);
        }
    }
    if sorted {
        drawn.sort_unstable();
    }
    drawn
}

/// Times of one repetition: on the clock, and on the processor, over all threads.
struct Times {
    clock: Duration,
    processor: Duration,
}

/// Runs `work` until both a time and a number of repetitions are reached.
fn repeat(seconds: f64, mut work: impl FnMut()) -> Vec<Times> {
    let mut times = Vec::new();
    let begin = Instant::now();
    while times.len() < 9 || begin.elapsed().as_secs_f64() < seconds {
        let (clock, processor) = (Instant::now(), ProcessTime::now());
        work();
        times.push(Times { processor: processor.elapsed(), clock: clock.elapsed() });
    }
    times
}

fn report(what: &str, times: &[Times], hash: &Hash) {
    let median = |part: fn(&Times) -> Duration| {
        let mut parts: Vec<Duration> = times.iter().map(part).collect();
        parts.sort_unstable();
        parts[parts.len() / 2].as_secs_f64() * 1e3
    };
    println!(
        r#"{{"what": "{what}", "ms": {:.5}, "processor_ms": {:.5}, "repetitions": {}, "hash": "{:016x}"}}"#,
        median(|times| times.clock),
        median(|times| times.processor),
        times.len(),
        hash.value(),
    );
}

/// A hash of values in order, whatever the batches they come in: FNV-1a over each column's bytes.
#[derive(Default)]
struct Hash {
    columns: Vec<u64>,
}

impl Hash {
    fn add(&mut self, batch: &RecordBatch) {
        self.columns.resize(batch.num_columns(), 0xcbf2_9ce4_8422_2325);
        for (hash, column) in self.columns.iter_mut().zip(batch.columns()) {
            let data = column.to_data();
            assert_eq!(data.null_count(), 0);
            let width = data.data_type().primitive_width().expect("fixed-width columns");
            let bytes = &data.buffers()[0].as_slice()[data.offset() * width..][..data.len() * width];
            for &byte in bytes {
                *hash = (*hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
    }

    fn value(&self) -> u64 {
        self.columns.iter().fold(0, |all, &column| all.rotate_left(5).wrapping_mul(31) ^ column)
    }
}
