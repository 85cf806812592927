//! Text columns, as gede and as Parquet have them:
//!
//!     text gede OUT ROWS FORM LAYOUT
//!     text parquet OUT ROWS FORM ZSTD_LEVEL
//!     text measure FILE SECONDS
//!
//! FORM is `words` (one a row), `sentences` (one a row) or `both` (a column of each). `gede` and `parquet` write
//! such a table and print the length of the file; `measure` tells how long rows of a gede file take, whether
//! all in turn or 10,000 in random order. A new one is drawn each time; every page has been checked before.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs)]

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use cpu_time::ProcessTime;
use gede::Writer;
use gede::arrow::ArrowTable;
use gede::column::Batch;
use gede::read::Projection;
use gede::write::{Layout, Options};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

#[path = "mod.rs"]
mod text;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rows taken at once, and rows of a batch in a scan.
const TAKEN: usize = 10_000;
const BATCH_ROWS: usize = 8192;

fn main() -> Result<()> {
    // `cargo bench` adds an option of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["gede", out, rows, form, layout] => {
            let layout = if layout == "paper" { Layout::Paper } else { Layout::Compact };
            let batch = table(form, rows.parse()?);
            let table = ArrowTable::from_batches(batch.schema(), vec![batch])?;
            let options = Options::default().with_layout(layout).with_overwrite(true);
            let clock = Instant::now();
            let bytes = Writer::new(options.clone()).write(out, &table)?.file_length;
            println!(r#"{{"bytes": {bytes}, "seconds": {:.3}}}"#, clock.elapsed().as_secs_f64());
        }
        ["parquet", out, rows, form, level] => {
            let batch = table(form, rows.parse()?);
            let compression = Compression::ZSTD(ZstdLevel::try_new(level.parse()?)?);
            let properties = WriterProperties::builder().set_compression(compression).build();
            let mut writer =
                ArrowWriter::try_new(std::fs::File::create(out)?, batch.schema(), Some(properties))?;
            writer.write(&batch)?;
            writer.close()?;
            println!(r#"{{"bytes": {}}}"#, std::fs::metadata(out)?.len());
        }
        ["measure", file, seconds] => measure(file, seconds.parse()?)?,
        _ => println!("see the top of benches/text/main.rs"),
    }
    Ok(())
}

/// A table of text.
fn table(form: &str, rows: usize) -> RecordBatch {
    let mut writer = text::Writer::new(1);
    let array = |strings: Vec<String>| -> ArrayRef { Arc::new(StringArray::from(strings)) };
    let mut columns = Vec::new();
    if form != "sentences" {
        columns.push(("word", array(writer.words(rows))));
    }
    if form != "words" {
        columns.push(("sentence", array(writer.sentences(rows))));
    }
    RecordBatch::try_from_iter(columns).expect("columns of the same length")
}

fn measure(file: &str, seconds: f64) -> Result<()> {
    // SAFETY: the file is this bench's own, and nobody writes to it while it is measured.
    let reader = unsafe { gede::Reader::map(file) }?;
    let (all, mut batch) = (Projection::all(reader.schema()), Batch::default());
    let mut random = ChaCha8Rng::seed_from_u64(1);
    repeat("scan", seconds, || {
        let mut scan = reader.scan(&all, 0..reader.rows(), BATCH_ROWS)?;
        while scan.next_into(black_box(&mut batch))? {}
        Ok(())
    })?;
    repeat("take", seconds, || {
        let rows: Vec<u64> = (0..TAKEN).map(|_| random.next_u64() % reader.rows()).collect();
        black_box(reader.take(&rows, &all)?);
        Ok(())
    })
}

/// Prints the least and the median time of some work, on the processor.
fn repeat(what: &str, seconds: f64, mut work: impl FnMut() -> gede::Result<()>) -> Result<()> {
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < 9 || begin.elapsed().as_secs_f64() < seconds {
        let processor = ProcessTime::now();
        work()?;
        times.push(processor.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    println!(
        r#"{{"what": "{what}", "least_ms": {:.3}, "median_ms": {:.3}}}"#,
        times[0],
        times[times.len() / 2]
    );
    Ok(())
}
