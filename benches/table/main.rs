//! gede, measured as its peers are. Run by `compare.py`:
//!
//!     table write OUT ROWS LAYOUT
//!     table measure FILE SECONDS
//!     table encode OUT ROWS LAYOUT
//!
//! `write` makes the sensor table (seed 1) in the layout `compact` or `paper`. `measure` maps the file and checks every page at first touch,
//! as anyone's reader does. `encode` writes the table out of record batches in memory, and tells the seconds
//! on the processor, and those on the clock, which hold two syncs of the disk.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs)]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use cpu_time::ProcessTime;
use gede::Writer;
use gede::column::{Batch, Schema};
use gede::internal::{Exporter, encode_schema, ingest, physical_schema};
use gede::read::Projection;
use gede::write::{Batches, Layout, Options, Table};
use memmap2::Mmap;

#[path = "../measure/mod.rs"]
mod measure;
#[path = "../sensor/mod.rs"]
#[allow(dead_code)] // its peers use the rest
mod sensor;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rows of a batch in a scan: as fast as any from 1,024 to 65,536.
const BATCH_ROWS: usize = 8192;

fn main() -> Result<()> {
    // `cargo bench` adds an option of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", out, rows, layout] => {
            let rows = rows.parse()?;
            let table = Sensor::new(|| Box::new(sensor::batches(1, rows, 65_536)))?;
            let bytes = write_table(out.as_ref(), &table, layout)?;
            println!(r#"{{"what": "size", "bytes": {bytes}}}"#);
        }
        ["measure", file, seconds] => measure::measure(&mut Gede::open(file)?, seconds.parse()?),
        ["encode", out, rows, layout] => {
            let batches: Arc<[RecordBatch]> = sensor::batches(1, rows.parse()?, 65_536).collect();
            let table = Sensor::new(|| {
                let batches = batches.clone();
                Box::new((0..batches.len()).map(move |i| batches[i].clone()))
            })?;
            let (clock, processor) = (Instant::now(), ProcessTime::now());
            write_table(out.as_ref(), &table, layout)?;
            let (clock, processor) = (clock.elapsed().as_secs_f64(), processor.elapsed().as_secs_f64());
            println!(r#"{{"what": "encode", "seconds": {processor:.6}, "clock_seconds": {clock:.6}}}"#);
        }
        _ => println!("run `python3 benches/compare.py`, or see the top of benches/table/main.rs"),
    }
    Ok(())
}

/// Writes a table in a layout; the length of the file.
fn write_table(out: &Path, table: &impl Table, layout: &str) -> Result<u64> {
    let layout = match layout {
        "compact" => Layout::Compact,
        "paper" => Layout::Paper,
        other => return Err(format!("no layout {other}").into()),
    };
    let options = Options::default().with_layout(layout).with_overwrite(true);
    Ok(Writer::new(options.clone()).write(out, table)?.file_length)
}

/// The sensor table as a writer reads it: `pass` starts again at its first row.
struct Sensor<P> {
    schema: Schema,
    arrow_schema: Vec<u8>,
    pass: P,
}

impl<P: Fn() -> Box<dyn Iterator<Item = RecordBatch> + Send> + Sync> Sensor<P> {
    fn new(pass: P) -> Result<Self> {
        let schema = sensor::schema();
        Ok(Self { schema: physical_schema(&schema)?, arrow_schema: encode_schema(&schema)?, pass })
    }
}

impl<P: Fn() -> Box<dyn Iterator<Item = RecordBatch> + Send> + Sync> Table for Sensor<P> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn arrow_schema(&self) -> Option<&[u8]> {
        Some(&self.arrow_schema)
    }

    fn batches(&self) -> gede::Result<Batches<'_>> {
        Ok(Box::new((self.pass)().map(|batch| ingest(&batch))))
    }
}

struct Gede<'a> {
    path: &'a str,
    reader: gede::Reader<Mmap>,
    /// For all columns, and for each.
    all: Exporter,
    each: Vec<Exporter>,
}

impl<'a> Gede<'a> {
    fn open(path: &'a str) -> Result<Self> {
        let reader = map(path)?;
        let schema = reader.schema();
        let exporter = |projection: &Projection| {
            Exporter::new(schema, reader.arrow_schema(), projection, |node| {
                Ok(reader.dictionary(node)?.expect("a dictionary"))
            })
        };
        let all = exporter(&Projection::all(schema))?;
        let each = schema.columns().map(|c| exporter(&Projection::nodes_of(schema, &[c])));
        let each = each.collect::<gede::Result<_>>()?;
        Ok(Self { path, all, each, reader })
    }
}

fn map(path: &str) -> gede::Result<gede::Reader<Mmap>> {
    // SAFETY: the file is this bench's own, and nobody writes to it while it is measured.
    unsafe { gede::Reader::map(path) }
}

impl measure::Format for Gede<'_> {
    fn rows(&self) -> usize {
        self.reader.rows() as usize
    }

    fn columns(&self) -> Vec<String> {
        self.all.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn reopen(&mut self) {
        self.reader = map(self.path).expect("a readable file");
    }

    fn take(&mut self, rows: &[u64], _sorted: bool) -> RecordBatch {
        let batch = self.reader.take(rows, self.all.projection()).expect("a readable file");
        self.all.batch(batch).expect("values of the schema's types")
    }

    fn scan(&mut self, column: Option<usize>, sink: &mut dyn FnMut(RecordBatch)) {
        let exporter = column.map_or(&self.all, |column| &self.each[column]);
        let rows = 0..self.reader.rows();
        let mut scan = self.reader.scan(exporter.projection(), rows, BATCH_ROWS).expect("rows of the table");
        let mut batch = Batch::default();
        while scan.next_into(&mut batch).expect("a readable file") {
            sink(exporter.batch(std::mem::take(&mut batch)).expect("values of the schema's types"));
        }
    }
}
