//! Filters on the sensor table, as gede and as Parquet have them. Run by `filters.py`:
//!
//!     filters FOLDER ROWS
//!
//! Writes the table as gede, and as Parquet by zstd-1 with pages of 1,024 rows and with those of the default. Each filter keeps about
//! 0.1 % of the rows. The median time on the processor of: gede's own filter; a scan of gede whose record batches are filtered
//! afterwards; and parquet-rs, with the pages that its page index leaves and a row filter. All find the same rows.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs)]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Float64Type, Int32Type, Schema, TimestampMicrosecondType};
use bytes::Bytes;
use cpu_time::ProcessTime;
use gede::Writer;
use gede::arrow::{ArrowReader, ArrowTable};
use gede::read::{Predicate, Projection};
use gede::write::Options;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions,
    ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::WriterProperties;

#[path = "../sensor/mod.rs"]
#[allow(dead_code, reason = "each bench uses some of it")]
mod sensor;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const RUNS: usize = 15;
const BATCH_ROWS: usize = 8192;
const PAGE_ROWS: usize = 1024;

/// A column's numbers from `least` to `greatest`, both within.
#[derive(Clone)]
struct Range {
    column: &'static str,
    least: f64,
    greatest: f64,
}

impl Range {
    /// The condition as gede reads it.
    fn text(&self) -> String {
        let number = |x: f64| {
            if self.column != "time" {
                return x.to_string();
            }
            // Microseconds since 1970, within one day of January 2024.
            let (seconds, below) = ((x / 1e6).floor() as i64, x as i64 % 1_000_000);
            let (day, clock) = (seconds / 86_400 - 19_723 + 1, seconds % 86_400);
            let (hours, minutes, seconds) = (clock / 3600, clock / 60 % 60, clock % 60);
            format!("'2024-01-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{below:06}'")
        };
        format!("{} between {} and {}", self.column, number(self.least), number(self.greatest))
    }

    /// Which rows of a column pass. By hand, since the release profile of this repository does not optimise Arrow's comparisons.
    fn passing(&self, column: &dyn Array) -> BooleanArray {
        let within = |x: f64| self.least <= x && x <= self.greatest;
        if let Some(v) = column.as_primitive_opt::<Float64Type>() {
            return BooleanArray::from_unary(v, within);
        }
        if let Some(v) = column.as_primitive_opt::<Int32Type>() {
            return BooleanArray::from_unary(v, |x| within(x.into()));
        }
        let times = column.as_primitive::<TimestampMicrosecondType>();
        BooleanArray::from_unary(times, |x| within(x as f64))
    }
}

/// A value of a column that so many of 1,000 rows are not below.
fn quantile(batch: &RecordBatch, column: &str, of_thousand: f64) -> f64 {
    let own = batch.column_by_name(column).expect("a column");
    let mut values: Vec<f64> = match own.as_primitive_opt::<Float64Type>() {
        Some(v) => v.values().to_vec(),
        None => match own.as_primitive_opt::<Int32Type>() {
            Some(v) => v.values().iter().map(|&x| x.into()).collect(),
            None => {
                own.as_primitive::<TimestampMicrosecondType>().values().iter().map(|&x| x as f64).collect()
            }
        },
    };
    values.sort_unstable_by(f64::total_cmp);
    values[((1000.0 - of_thousand) / 1000.0 * (values.len() - 1) as f64) as usize]
}

fn main() -> Result<()> {
    // `cargo bench` adds an option of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [folder, rows] = &arguments[..] else {
        println!("see the top of benches/filters/main.rs");
        return Ok(());
    };
    let folder = Path::new(folder);
    let batches: Vec<RecordBatch> = sensor::batches(1, rows.parse()?, 65_536).collect();
    let schema = batches[0].schema();
    let all = concat_batches(&schema, &batches)?;
    let part = |column, most: f64, least: f64| Range {
        column,
        least: quantile(&all, column, most),
        greatest: quantile(&all, column, least),
    };
    let from = |column, of_thousand| part(column, of_thousand, 0.0);
    let middle = part("time", 500.0, 499.0);
    let filters = [
        ("time, in order", vec![middle]),
        ("energy, in any order", vec![from("energy", 1.0)]),
        ("device, in any order", vec![from("device", 1.0)]),
        ("time and energy", vec![part("time", 520.0, 500.0), from("energy", 50.0)]),
        ("energy and cost, in any order", vec![from("energy", 31.0), from("cost", 31.0)]),
    ];

    let gede = folder.join("filters.gede");
    let table = ArrowTable::from_batches(schema.clone(), batches.clone())?;
    let report = Writer::new(Options::default().with_overwrite(true)).write(&gede, &table)?;
    // SAFETY: the file is this bench's own, and nobody writes to it while it is measured.
    let reader = unsafe { gede::Reader::map(&gede) }?;
    let columns = ArrowReader::new(&reader, &Projection::all(reader.schema()))?;
    let parquet = [("parquet zstd-1", None), ("parquet zstd-1, pages of 1024", Some(PAGE_ROWS))];
    let parquet = parquet.map(|(name, page_rows)| -> Result<_> {
        let bytes = Bytes::from(write_parquet(&folder.join("filters.parquet"), &batches, page_rows)?);
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        Ok((name, ArrowReaderMetadata::load(&bytes, options)?, bytes))
    });
    let parquet = parquet.into_iter().collect::<Result<Vec<_>>>()?;
    for (name, ranges) in filters {
        let text = ranges.iter().map(Range::text).collect::<Vec<_>>().join(" and ");
        let predicate = Predicate::parse(&text, reader.schema())?;
        let own = || -> Result<Vec<RecordBatch>> {
            let scan = columns.scan(0..reader.rows(), BATCH_ROWS)?.filter(&predicate)?;
            Ok(scan.collect::<std::result::Result<_, _>>()?)
        };
        let (ms, found) = measure(&schema, own)?;
        print(name, "gede", report.file_length, ms, found.num_rows());
        let (ms, count) = measure_count(|| Ok(reader.count(&predicate)?))?;
        assert_eq!(count, found.num_rows() as u64, "{name}: count");
        print(name, "gede, count", report.file_length, ms, found.num_rows());
        let scanned = || -> Result<Vec<RecordBatch>> {
            let scan = columns.scan(0..reader.rows(), BATCH_ROWS)?;
            scan.map(|batch| filtered(&batch?, &ranges)).collect()
        };
        let (ms, same) = measure(&schema, scanned)?;
        assert_eq!(found, same, "{name}: a filtered scan");
        print(name, "gede, filtered afterwards", report.file_length, ms, found.num_rows());
        for (format, metadata, bytes) in &parquet {
            let (ms, same) = measure(&schema, || read_parquet(bytes, metadata, &ranges))?;
            assert_eq!(found.columns(), same.columns(), "{name}: {format}");
            print(name, format, bytes.len() as u64, ms, found.num_rows());
        }
    }
    Ok(())
}

fn print(filter: &str, format: &str, bytes: u64, ms: f64, rows: usize) {
    println!(
        r#"{{"filter": "{filter}", "format": "{format}", "bytes": {bytes}, "rows": {rows}, "ms": {ms:.4}}}"#
    );
}

/// The median time of a read, and its rows.
fn measure(
    schema: &std::sync::Arc<Schema>,
    read: impl Fn() -> Result<Vec<RecordBatch>>,
) -> Result<(f64, RecordBatch)> {
    let mut times = Vec::new();
    let mut last = Vec::new();
    for _ in 0..RUNS {
        let processor = ProcessTime::now();
        last = black_box(read()?);
        times.push(processor.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok((times[RUNS / 2], concat_batches(schema, &last)?))
}

fn measure_count(count: impl Fn() -> Result<u64>) -> Result<(f64, u64)> {
    let mut times = Vec::new();
    let mut last = 0;
    for _ in 0..RUNS {
        let processor = ProcessTime::now();
        last = black_box(count()?);
        times.push(processor.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok((times[RUNS / 2], last))
}

/// The rows of a batch that pass.
fn filtered(batch: &RecordBatch, ranges: &[Range]) -> Result<RecordBatch> {
    let passing =
        ranges.iter().map(|range| range.passing(batch.column_by_name(range.column).expect("a column")));
    let both = |a: BooleanArray, b: BooleanArray| BooleanArray::new(a.values() & b.values(), None);
    Ok(filter_record_batch(batch, &passing.reduce(both).expect("a range"))?)
}

fn write_parquet(out: &Path, batches: &[RecordBatch], page_rows: Option<usize>) -> Result<Vec<u8>> {
    let compression = Compression::ZSTD(ZstdLevel::try_new(1)?);
    let mut properties = WriterProperties::builder().set_compression(compression);
    if let Some(rows) = page_rows {
        // The limit is looked at after each batch of the writer.
        properties = properties.set_data_page_row_count_limit(rows).set_write_batch_size(rows);
    }
    let file = std::fs::File::create(out)?;
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), Some(properties.build()))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(std::fs::read(out)?)
}

/// The rows that pass: those of the pages that the page index leaves, by a row filter.
fn read_parquet(bytes: &Bytes, metadata: &ArrowReaderMetadata, ranges: &[Range]) -> Result<Vec<RecordBatch>> {
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes.clone(), metadata.clone());
    let own = builder.parquet_schema();
    let predicate = |range: &Range| -> Result<Box<dyn ArrowPredicate>> {
        let mask = ProjectionMask::columns(own, [range.column]);
        let range = range.clone();
        Ok(Box::new(ArrowPredicateFn::new(mask, move |batch| Ok(range.passing(batch.column(0))))))
    };
    let predicates = ranges.iter().map(predicate).collect::<Result<Vec<_>>>()?;
    let mut selection: Option<RowSelection> = None;
    for range in ranges {
        let pages = pages(metadata, builder.schema(), range)?;
        selection = Some(match selection {
            Some(selection) => selection.intersection(&pages),
            None => pages,
        });
    }
    let builder = builder.with_batch_size(BATCH_ROWS).with_row_filter(RowFilter::new(predicates));
    let reader = builder.with_row_selection(selection.expect("a range")).build()?;
    Ok(reader.collect::<std::result::Result<_, _>>()?)
}

/// The rows of the pages of which the least and greatest values leave any.
fn pages(metadata: &ArrowReaderMetadata, schema: &Schema, range: &Range) -> Result<RowSelection> {
    let file = metadata.metadata();
    let converter = StatisticsConverter::try_new(range.column, schema, file.file_metadata().schema_descr())?;
    let groups: Vec<usize> = (0..file.num_row_groups()).collect();
    let (column, offset) = (file.column_index().expect("an index"), file.offset_index().expect("an index"));
    let least = converter.data_page_mins(column, offset, &groups)?;
    let greatest = converter.data_page_maxes(column, offset, &groups)?;
    let counts = converter.data_page_row_counts(offset, file.row_groups(), &groups)?.expect("counts");
    let all = file.file_metadata().num_rows() as usize;
    let below = Range { greatest: range.greatest, least: f64::NEG_INFINITY, ..range.clone() }.passing(&least);
    let above = Range { least: range.least, greatest: f64::INFINITY, ..range.clone() }.passing(&greatest);
    let mut start = 0;
    let pages = counts.values().iter().enumerate().map(|(page, &rows)| {
        let own = start..start + rows as usize;
        start = own.end;
        (page, own)
    });
    let left: Vec<_> =
        pages.filter(|(page, _)| below.value(*page) && above.value(*page)).map(|(_, own)| own).collect();
    Ok(RowSelection::from_consecutive_ranges(left.into_iter(), all))
}
