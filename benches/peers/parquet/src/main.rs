//! Parquet at its best, measured as gede is.
//!
//!     gede-peer-parquet write OUT ROWS plain|raw|snappy|zstd-1 [PAGE_ROWS]
//!     gede-peer-parquet measure FILE memory|file SECONDS
//!
//! `write` makes the sensor table (seed 1). `measure` parses metadata and page index once, and takes rows
//! by a row selection, so that pages without a wanted row are neither decompressed nor decoded. `memory`
//! holds the file's bytes, as a map would: no system call is left in what is measured. `file` reads pages
//! from a (cached) file, as most programs do.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::ChunkReader;

#[path = "../../../measure/mod.rs"]
mod measure;
#[path = "../../../sensor/mod.rs"]
mod sensor;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rows of a batch in a scan: as fast as any from 1,024 to 65,536.
const BATCH_ROWS: usize = 8192;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", out, rows, compression] => write(out.as_ref(), rows.parse()?, compression, None),
        ["write", out, rows, compression, page_rows] => {
            write(out.as_ref(), rows.parse()?, compression, Some(page_rows.parse()?))
        }
        ["measure", file, "memory", seconds] => {
            let bytes = Bytes::from(std::fs::read(file)?);
            measure::measure(&mut Parquet::open(move || bytes.clone())?, seconds.parse()?);
            Ok(())
        }
        ["measure", file, "file", seconds] => {
            let file = File::open(file)?;
            measure::measure(
                &mut Parquet::open(move || file.try_clone().expect("a handle"))?,
                seconds.parse()?,
            );
            Ok(())
        }
        _ => {
            Err("usage: write OUT ROWS plain|raw|snappy|zstd-1 [PAGE_ROWS], or measure FILE memory|file SECONDS"
                .into())
        }
    }
}

/// Writes the sensor table with the writer's defaults (dictionaries, page index), except as told; `raw`
/// is without dictionaries.
fn write(out: &Path, rows: u64, name: &str, page_rows: Option<usize>) -> Result<()> {
    let compression = match name {
        "plain" | "raw" => Compression::UNCOMPRESSED,
        "snappy" => Compression::SNAPPY,
        "zstd-1" => Compression::ZSTD(ZstdLevel::try_new(1)?),
        other => return Err(format!("compression `{other}` is not one of plain, raw, snappy, zstd-1").into()),
    };
    let mut properties = WriterProperties::builder().set_compression(compression);
    if name == "raw" {
        properties = properties.set_dictionary_enabled(false);
    }
    if let Some(rows) = page_rows {
        // The limit is looked at after each batch of the writer.
        properties = properties.set_data_page_row_count_limit(rows).set_write_batch_size(rows);
    }
    let mut writer = ArrowWriter::try_new(File::create(out)?, sensor::schema(), Some(properties.build()))?;
    for batch in sensor::batches(1, rows, 65_536) {
        writer.write(&batch)?;
    }
    writer.close()?;
    let bytes = std::fs::metadata(out)?.len();
    let share = bytes as f64 / (rows * sensor::ROW_BYTES) as f64;
    println!(r#"{{"what": "size", "bytes": {bytes}, "share": {share:.4}}}"#);
    Ok(())
}

struct Parquet<S> {
    source: S,
    metadata: ArrowReaderMetadata,
}

impl<R: ChunkReader + 'static, S: Fn() -> R> Parquet<S> {
    fn open(source: S) -> Result<Self> {
        let metadata = load(&source())?;
        Ok(Self { source, metadata })
    }

    fn reader(&self) -> ParquetRecordBatchReaderBuilder<R> {
        ParquetRecordBatchReaderBuilder::new_with_metadata((self.source)(), self.metadata.clone())
    }
}

fn load(file: &impl ChunkReader) -> Result<ArrowReaderMetadata> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    Ok(ArrowReaderMetadata::load(file, options)?)
}

impl<R: ChunkReader + 'static, S: Fn() -> R> measure::Format for Parquet<S> {
    fn rows(&self) -> usize {
        self.metadata.metadata().file_metadata().num_rows() as usize
    }

    fn columns(&self) -> Vec<String> {
        self.metadata.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn reopen(&mut self) {
        self.metadata = load(&(self.source)()).expect("a readable file");
    }

    fn take(&mut self, rows: &[u64], sorted: bool) -> RecordBatch {
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        if !sorted {
            order.sort_unstable_by_key(|&i| rows[i as usize]);
        }
        let ranges = order.iter().map(|&i| rows[i as usize] as usize).map(|row| row..row + 1);
        let selection = RowSelection::from_consecutive_ranges(ranges, self.rows());
        let reader = self.reader().with_row_selection(selection).with_batch_size(rows.len()).build();
        let batches: Vec<RecordBatch> =
            reader.and_then(|reader| reader.map(|batch| Ok(batch?)).collect()).expect("a readable file");
        let batch = match &batches[..] {
            [batch] => batch.clone(),
            many => concat_batches(self.metadata.schema(), many).expect("batches of one schema"),
        };
        if sorted {
            return batch;
        }
        let mut places = vec![0; rows.len()];
        order.iter().enumerate().for_each(|(place, &i)| places[i as usize] = place as u32);
        take_record_batch(&batch, &UInt32Array::from(places)).expect("places within the batch")
    }

    fn scan(&mut self, column: Option<usize>, sink: &mut dyn FnMut(RecordBatch)) {
        let mask = match column {
            None => ProjectionMask::all(),
            Some(column) => ProjectionMask::roots(self.metadata.parquet_schema(), [column]),
        };
        let reader = self.reader().with_projection(mask).with_batch_size(BATCH_ROWS).build();
        reader.expect("a readable file").for_each(|batch| sink(batch.expect("a readable file")));
    }
}
