//! One column of a table, as gede and as Parquet have it. Run by `columns.py`:
//!
//!     columns FILE.parquet FOLDER MOST
//!
//! Writes the table as gede with all columns together, each alone, and as chosen by default; as Parquet by zstd-1; and as
//! Parquet without compression in pages of 1,024 rows. Measures a scan of each of at most MOST columns, of files that are
//! open and warm, and the taking of 10,000 random rows: medians, on the processor. Values are held equal.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs)]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use bytes::Bytes;
use cpu_time::ProcessTime;
use gede::arrow::{ArrowReader, ArrowTable};
use gede::read::Projection;
use gede::write::{Options, StorageGroups};
use gede::{Reader, Writer};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::WriterProperties;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const TAKEN: usize = 10_000;
const TIMES: usize = 21;
const PAGE_ROWS: usize = 1024;
const BATCH_ROWS: usize = 8192;

fn main() -> Result<()> {
    // `cargo bench` adds an option of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [file, folder, most] = &arguments[..] else {
        println!("see the top of benches/columns/main.rs");
        return Ok(());
    };
    let (folder, most) = (Path::new(folder), most.parse::<usize>()?);
    let batches: Vec<RecordBatch> = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(file)?)?
        .with_batch_size(1 << 14)
        .build()?
        .collect::<std::result::Result<_, _>>()?;
    let schema = batches[0].schema();
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let step = names.len().div_ceil(most.max(1));
    let measured: Vec<usize> = (0..names.len()).step_by(step).collect();

    let groups =
        [("rows", StorageGroups::Rows), ("columns", StorageGroups::Columns), ("auto", StorageGroups::Auto)];
    let mut taken = Vec::new();
    for (name, groups) in groups {
        let path = folder.join(format!("{name}.gede"));
        let table = ArrowTable::from_batches(schema.clone(), batches.clone())?;
        let written = ProcessTime::now();
        let options = Options::default().with_overwrite(true).with_groups(groups);
        let bytes = Writer::new(options).write(&path, &table)?.file_length;
        let written = written.elapsed().as_secs_f64();
        // SAFETY: the file is this bench's own, and nobody writes to it while it is measured.
        let reader = unsafe { Reader::map(&path) }?;
        let all = ArrowReader::new(&reader, &Projection::all(reader.schema()))?;
        let (ms, found) = take(rows, |rows| Ok(all.take(rows)?))?;
        print(name, "size", bytes as f64);
        print(name, "write seconds", written);
        print(name, "take ms", ms);
        taken.push(found);
        for &column in &measured {
            let projection = Projection::columns(reader.schema(), &[&names[column]])?;
            let scanned = || -> Result<Vec<RecordBatch>> {
                let rows = ArrowReader::new(&reader, &projection)?;
                Ok(rows.scan(0..reader.rows(), BATCH_ROWS)?.collect::<std::result::Result<_, _>>()?)
            };
            print(name, &names[column], scan(&batches, column, scanned)?);
        }
        // What one column has a file read for, nothing of it having been read.
        let fresh = Reader::open(&path)?;
        let projection = Projection::columns(fresh.schema(), &[&names[names.len() / 2]])?;
        ArrowReader::new(&fresh, &projection)?
            .scan(0..fresh.rows(), BATCH_ROWS)?
            .try_for_each(|b| b.map(drop))?;
        print(name, "share read", fresh.touched_bytes() as f64 / bytes as f64);
    }

    for (name, page_rows) in [("parquet zstd-1", None), ("parquet plain, pages of 1024", Some(PAGE_ROWS))] {
        let path = folder.join("out.parquet");
        print(name, "size", write_parquet(&path, &batches, page_rows)? as f64);
        let source = Bytes::from(std::fs::read(&path)?);
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let metadata = ArrowReaderMetadata::load(&source, options)?;
        if page_rows.is_some() {
            let (ms, found) = take(rows, |rows| take_parquet(&source, &metadata, rows))?;
            assert!(taken.iter().all(|taken| *taken == found), "{name} returns other rows");
            print(name, "take ms", ms);
            continue;
        }
        for &column in &measured {
            let scanned = || -> Result<Vec<RecordBatch>> {
                let builder =
                    ParquetRecordBatchReaderBuilder::new_with_metadata(source.clone(), metadata.clone());
                let mask = ProjectionMask::roots(builder.parquet_schema(), [column]);
                let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()?;
                Ok(reader.collect::<std::result::Result<_, _>>()?)
            };
            print(name, &names[column], scan(&batches, column, scanned)?);
        }
    }
    Ok(())
}

fn print(format: &str, what: &str, value: f64) {
    println!("{}", serde_json::json!({ "format": format, "what": what, "value": value }));
}

/// The median milliseconds of a scan of one column, which returns that of the batches.
fn scan(
    batches: &[RecordBatch],
    column: usize,
    mut scanned: impl FnMut() -> Result<Vec<RecordBatch>>,
) -> Result<f64> {
    let (found, schema) = (scanned()?, batches[0].schema());
    let own =
        batches.iter().map(|batch| batch.project(&[column])).collect::<std::result::Result<Vec<_>, _>>()?;
    let schema = std::sync::Arc::new(schema.project(&[column])?);
    let (found, own) = (concat_batches(&found[0].schema(), &found)?, concat_batches(&schema, &own)?);
    assert!(found.column(0) == own.column(0), "a scan returns other values");
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let processor = ProcessTime::now();
        black_box(scanned()?);
        times.push(processor.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(times))
}

/// The median milliseconds of a take, and the last rows that it returned.
fn take(rows: usize, mut take: impl FnMut(&[u64]) -> Result<RecordBatch>) -> Result<(f64, RecordBatch)> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut times, mut last) = (Vec::new(), None);
    for _ in 0..TIMES {
        let drawn: Vec<u64> = (0..TAKEN).map(|_| random.next_u64() % rows as u64).collect();
        let processor = ProcessTime::now();
        last = Some(black_box(take(&drawn)?));
        times.push(processor.elapsed().as_secs_f64() * 1e3);
    }
    Ok((median(times), last.expect("a draw")))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Writes Parquet by zstd-1, or plain in pages of so many rows; the length of the file.
fn write_parquet(out: &Path, batches: &[RecordBatch], page_rows: Option<usize>) -> Result<u64> {
    let properties = match page_rows {
        None => WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?)),
        // The limit is looked at after each batch of the writer.
        Some(rows) => WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_data_page_row_count_limit(rows)
            .set_write_batch_size(rows),
    };
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(out)?, batches[0].schema(), Some(properties.build()))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(std::fs::metadata(out)?.len())
}

/// Rows by a row selection: pages without a wanted row are neither decompressed nor decoded.
fn take_parquet(source: &Bytes, metadata: &ArrowReaderMetadata, rows: &[u64]) -> Result<RecordBatch> {
    let mut wanted: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let all = metadata.metadata().file_metadata().num_rows() as usize;
    let selection = RowSelection::from_consecutive_ranges(wanted.iter().map(|&row| row..row + 1), all);
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(source.clone(), metadata.clone());
    let reader = builder.with_row_selection(selection).with_batch_size(rows.len()).build()?;
    let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
    let batch = concat_batches(metadata.schema(), &batches)?;
    let place = |row: &u64| wanted.binary_search(&(*row as usize)).expect("a row that was asked for") as u32;
    Ok(take_record_batch(&batch, &UInt32Array::from_iter_values(rows.iter().map(place)))?)
}
