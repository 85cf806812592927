//! Lists, as gede and as Parquet have them. Run by `lists.py`:
//!
//!     lists FILE.parquet FOLDER
//!
//! Writes the table as gede, as Parquet by zstd-1, and as Parquet with pages of 1,024 rows, and takes 1,000 random
//! rows of each, a new draw each time: bytes of the files, and the median time on the processor. Every draw's rows are held equal.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs)]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use bytes::Bytes;
use cpu_time::ProcessTime;
use gede::Writer;
use gede::arrow::{ArrowReader, ArrowTable};
use gede::read::Projection;
use gede::write::Options;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::WriterProperties;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const TAKEN: usize = 1000;
const DRAWS: usize = 31;
const PAGE_ROWS: usize = 1024;

fn main() -> Result<()> {
    // `cargo bench` adds an option of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [file, folder] = &arguments[..] else {
        println!("see the top of benches/lists/main.rs");
        return Ok(());
    };
    let folder = Path::new(folder);
    let batches: Vec<RecordBatch> = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(file)?)?
        .with_batch_size(1 << 14)
        .build()?
        .collect::<std::result::Result<_, _>>()?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let schema = batches[0].schema();

    let gede = folder.join("lists.gede");
    let table = ArrowTable::from_batches(schema.clone(), batches.clone())?;
    let written = ProcessTime::now();
    let bytes = Writer::new(Options::default().with_overwrite(true)).write(&gede, &table)?.file_length;
    let written = written.elapsed().as_secs_f64();
    // SAFETY: the file is this bench's own, and nobody writes to it while it is measured.
    let reader = unsafe { gede::Reader::map(&gede) }?;
    let all = ArrowReader::new(&reader, &Projection::all(reader.schema()))?;
    let (ms, found) = measure(rows, |rows| Ok(all.take(rows)?))?;
    print("gede", bytes, ms, written);

    for (name, page_rows) in [("parquet zstd-1", None), ("parquet zstd-1, pages of 1024", Some(PAGE_ROWS))] {
        let (bytes, written) = write_parquet(&folder.join("out.parquet"), &batches, page_rows)?;
        let source = Bytes::from(std::fs::read(folder.join("out.parquet"))?);
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let metadata = ArrowReaderMetadata::load(&source, options)?;
        let (ms, same) = measure(rows, |rows| take_parquet(&source, &metadata, rows))?;
        assert_eq!(found, same, "{name} returns other rows");
        print(name, bytes, ms, written);
    }
    Ok(())
}

fn print(name: &str, bytes: u64, ms: f64, written: f64) {
    println!(
        r#"{{"format": "{name}", "bytes": {bytes}, "take_ms": {ms:.3}, "write_seconds": {written:.3}}}"#
    );
}

/// The median time of a take, and the last rows that it returned.
fn measure(rows: usize, mut take: impl FnMut(&[u64]) -> Result<RecordBatch>) -> Result<(f64, RecordBatch)> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..DRAWS {
        let drawn: Vec<u64> = (0..TAKEN).map(|_| random.next_u64() % rows as u64).collect();
        let processor = ProcessTime::now();
        last = Some(black_box(take(&drawn)?));
        times.push(processor.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok((times[DRAWS / 2], last.expect("a draw")))
}

fn write_parquet(out: &Path, batches: &[RecordBatch], page_rows: Option<usize>) -> Result<(u64, f64)> {
    let compression = Compression::ZSTD(ZstdLevel::try_new(1)?);
    let mut properties = WriterProperties::builder().set_compression(compression);
    if let Some(rows) = page_rows {
        // The limit is looked at after each batch of the writer.
        properties = properties.set_data_page_row_count_limit(rows).set_write_batch_size(rows);
    }
    let written = ProcessTime::now();
    let file = std::fs::File::create(out)?;
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), Some(properties.build()))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok((std::fs::metadata(out)?.len(), written.elapsed().as_secs_f64()))
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
