//! `gede convert`: other formats to gede, gede to other formats.

mod how;

use super::{RawSize, columns, misuse, open, passed_on, refuse_existing, row_bytes};
use crate::output::{bytes, json, many, percent, print, seconds};
use crate::progress::Bar;
use gede::arrow::{ArrowTable, Sink};
use gede::column::Schema;
use gede::read::Source;
use gede::write::{Disk, Progress, Report, Table, write_to};
use gede::{Error, ErrorKind, Reader, Result};
use how::How;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Bytes of values, about, in a batch on its way out.
const BATCH_BYTES: usize = 16 << 20;

/// Convert Parquet, Arrow IPC, CSV or LIBSVM to gede, or gede to Parquet, Arrow IPC or CSV
#[derive(clap::Args)]
pub struct Convert {
    /// A table: its bytes tell what it is (.csv and .tsv go by name)
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// A .gede file; or .parquet, .arrow, .feather, .ipc or .csv if IN is a gede file
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Replace OUT if it is there
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    how: How,
}

impl Convert {
    pub fn run(&self, as_json: bool) -> Result<()> {
        refuse_existing(&self.output, self.overwrite)?;
        let started = Instant::now();
        match open(&self.input) {
            Ok(reader) => self.export(&reader, as_json, started),
            Err(e) if e.kind() == ErrorKind::NotGede && !is_gede(&self.input) => {
                self.import(as_json, started)
            }
            Err(e) => Err(e),
        }
    }

    fn import(&self, as_json: bool, started: Instant) -> Result<()> {
        let (input, output) = (&self.input, &self.output);
        if !is_gede(output) {
            let (input, output) = (input.display(), output.display());
            return Err(misuse(format!("{output}: {input} becomes a gede file; end its name in .gede")));
        }
        let table = ArrowTable::open(input)?;
        let bar = Bar::new();
        let options = self.how.options(self.overwrite);
        let report = write_to(&Disk, output, &table, &options, &|progress| bar.set(progress))
            .map_err(|e| placed(e, [input, output]))?;
        drop(bar);
        let taken = started.elapsed().as_secs_f64();
        if as_json {
            return json(&json!({
                "rows": report.rows,
                "segments": report.segments,
                "file_length": report.file_length,
                "beta": report.beta,
                "condensed_samples": report.cells,
                "classes": report.classes,
                "seconds": taken,
            }));
        }
        print(&self.summary(&report, table.schema(), taken))
    }

    fn export(&self, reader: &Reader<impl Source>, as_json: bool, started: Instant) -> Result<()> {
        let (input, output) = (self.input.display(), self.output.display());
        if is_gede(&self.output) {
            return Err(misuse(format!(
                "{input}: is a gede file already; copy it, or convert its origin anew"
            )));
        }
        if self.how != How::default() {
            return Err(misuse(format!(
                "{output}: --target, --beta and the like are for gede files; leave them out"
            )));
        }
        let at_input = |e: Error| e.at(&input);
        let table = columns(reader, None).map_err(at_input)?;
        let mut sink = Sink::create(&self.output, table.schema(), self.overwrite)?;
        let bar = Bar::new();
        let batch_rows = (BATCH_BYTES / row_bytes(reader.schema()).max(1)).clamp(1, 65_536);
        let (mut rows, of) = (0, Some(reader.rows()));
        for batch in table.scan(0..reader.rows(), batch_rows).map_err(at_input)? {
            let batch = batch.map_err(|e| at_input(passed_on(e)))?;
            sink.write(&batch)?;
            rows += batch.num_rows() as u64;
            bar.set(Progress { pass: "writing", rows, of });
        }
        sink.finish()?;
        drop(bar);
        let length = std::fs::metadata(&self.output).map(|m| m.len()).unwrap_or(0);
        let taken = started.elapsed().as_secs_f64();
        if as_json {
            return json(&json!({ "rows": rows, "file_length": length, "seconds": taken }));
        }
        let (rows, length) = (many(rows, "row", "rows"), bytes(length));
        print(&format!("{output}: {rows} in {length}, {}\n", seconds(taken)))
    }

    fn summary(&self, report: &Report, schema: &Schema, taken: f64) -> String {
        let length = report.file_length;
        let mut text =
            format!("{}: {} in {}", self.output.display(), many(report.rows, "row", "rows"), bytes(length));
        if let Some(raw) = RawSize::of(schema, report.rows) {
            text += &format!(", {} of {}", percent(length as f64, raw.bytes as f64), raw.what);
        }
        if report.classes > 0 {
            text += &format!("; {}", many(report.classes, "class", "classes"));
        }
        if report.cells > 0 {
            let share = percent(report.cells as f64, report.rows as f64);
            text += &format!(
                "; {} ({share} of the rows)",
                many(report.cells, "condensed sample", "condensed samples")
            );
        }
        text + &format!("; {}\n", seconds(taken))
    }
}

fn is_gede(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gede"))
}

/// An error that names one of the files, or else the first of them.
fn placed(error: Error, files: [&Path; 2]) -> Error {
    let message = error.to_string();
    match files.iter().any(|file| message.contains(&file.display().to_string())) {
        true => error,
        false => error.at(files[0].display()),
    }
}
