//! All measurements of one table.

use std::hint::black_box;
use std::path::Path;

use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};
use gede::arrow::ArrowReader;
use gede::internal::{TemporaryFolder, logical_eq};
use gede::read::{ByteSource, Projection};
use gede::write::{CellLimit, Layout, Options, Part};
use gede::{Error, ErrorKind, Reader, Result, Writer};
use indicatif::ProgressBar;

use super::formats::Stored;
use super::parquet;
use super::rows::TableRow;
use super::set::TableSet;
use super::streams::Stream;
use crate::open;
use crate::storage::speed::{machine, passes};

/// Rows of a batch in a scan.
const BATCH: usize = 8192;

/// Measures a table in every way, telling the bar.
pub fn measure(set: &TableSet, bar: &ProgressBar) -> Result<Vec<TableRow>> {
    let folder = TemporaryFolder::new(&std::env::temp_dir())?;
    let path = folder.path().join("table.gede");
    bar.inc_length((2 + Part::ALL.len() + Stream::ALL.len() + parquet::WAYS.len()) as u64);
    let blank = TableRow {
        set: set.name.clone(),
        rows: set.batch.num_rows() as u64,
        columns: set.batch.num_columns() as u64,
        raw_bytes: set.raw_bytes,
        machine: machine(),
        ..TableRow::default()
    };
    let step = |what: &str| {
        bar.inc(1);
        bar.set_message(format!("{}: {what}", set.name));
    };
    let mut rows = Vec::new();
    for (layout, what) in [(Layout::Compact, "compact"), (Layout::Paper, "paper")] {
        step(what);
        let options = options().with_layout(layout);
        let mut row = encode(set, &options, &path)?.row(set, &blank, "gede", what);
        verify(set, &path)?;
        let file = mapped(&path)?;
        let scan = passes(|| file.scan(|batch| drop(black_box(batch))))?;
        let take = passes(|| file.take(&set.some).map(|batch| drop(black_box(batch))))?;
        row.scan_ms = Some(scan.processor * 1e3);
        row.random_row_us = Some(take.processor * 1e6 / set.some.len() as f64);
        rows.push(row.clone());
        if layout == Layout::Paper {
            let bytes = Reader::open(&path)?.account()?.plain_length;
            let (random_row_us, scan_ms) = (None, None);
            let share = 100.0 * bytes as f64 / set.raw_bytes as f64;
            rows.push(TableRow {
                what: "bit packing".to_owned(),
                bytes,
                share,
                random_row_us,
                scan_ms,
                ..row
            });
        }
    }
    for stream in Stream::ALL {
        step(stream.name().0);
        rows.push(stream.measure(set, &blank)?);
    }
    for way in parquet::WAYS {
        step(way.what);
        rows.push(parquet::measure(set, way, &blank)?);
    }
    for part in Part::ALL {
        step(without(part));
        let options = options().without(part);
        let row = encode(set, &options, &path)?.row(set, &blank, "gede", without(part));
        verify(set, &path)?;
        rows.push(TableRow { ablation: true, ..row });
    }
    Ok(rows)
}

/// As `gede convert --max-condensed 0 --threads 1` has them.
fn options() -> Options {
    Options::default().with_cells(CellLimit::None).with_threads(1).with_overwrite(true)
}

fn without(part: Part) -> &'static str {
    match part {
        Part::Decimals => "without decimals",
        Part::Dictionaries => "without dictionaries",
        Part::Steps => "without steps",
        Part::Frames => "without frames and lines",
        Part::Bins => "without bins and code groups",
        Part::CodeGroups => "without code groups",
        Part::Symbols => "without symbols",
        Part::Chunks => "without chunks of items",
        Part::Tuples => "without tuples",
    }
}

fn encode(set: &TableSet, options: &Options, path: &Path) -> Result<Stored> {
    let table = set.table()?;
    Stored::timed(|| Ok(Writer::new(options.clone()).write(path, &table)?.file_length))
}

/// Checks that all rows come back bit for bit, in order and in random order.
fn verify(set: &TableSet, path: &Path) -> Result<()> {
    let file = mapped(path)?;
    let mut parts = Vec::new();
    file.scan(|batch| parts.push(batch))?;
    let wrong = || Error::new(ErrorKind::Corrupt, format!("{}: a row came back otherwise", set.name));
    let all = concat_batches(&set.schema(), &parts).map_err(|_| wrong())?;
    let places = UInt64Array::from(set.some.clone());
    let some = take_record_batch(&set.batch, &places).map_err(|_| wrong())?;
    if logical_eq(&all, &set.batch) && logical_eq(&file.take(&set.some)?, &some) {
        return Ok(());
    }
    Err(wrong())
}

/// A file that is mapped.
struct Open<S> {
    reader: Reader<S>,
    all: Projection,
}

fn mapped(path: &Path) -> Result<Open<impl ByteSource + use<>>> {
    let reader = open(path)?;
    let all = Projection::all(reader.schema());
    Ok(Open { reader, all })
}

impl<S: ByteSource> Open<S> {
    fn scan(&self, mut take: impl FnMut(RecordBatch)) -> Result<()> {
        let rows = ArrowReader::new(&self.reader, &self.all)?;
        for batch in rows.scan(0..self.reader.rows(), BATCH)? {
            take(batch.map_err(|e| Error::new(ErrorKind::Corrupt, e.to_string()))?);
        }
        Ok(())
    }

    fn take(&self, rows: &[u64]) -> Result<RecordBatch> {
        ArrowReader::new(&self.reader, &self.all)?.take(rows)
    }
}
