//! `gede append`: more rows behind those of a file.

use super::convert::{Pipes, Spool, Text, is_pipe};
use super::misuse;
use crate::output::{bytes, json, many, notes, path, print, seconds};
use crate::progress::Bar;
use gede::arrow::{ArrowTable, InputKind, InputOptions};
use gede::write::Options;
use gede::{Reader, Result, Writer};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

const EXAMPLES: &str = "\
Examples:
  gede append sensors.gede today.parquet
  gede append sensors.gede 'week/*.csv'
  producer | gede append sensors.gede - --from csv";

/// Append the rows of tables to a gede file, in place
///
/// Only the new rows are written, and a new end of the file: the directory, the checksums and what sums up all rows. Until
/// that is done, and if it fails, every reader finds the file as it was. Columns are matched by name and keep the types
/// of the file.
#[derive(clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Append {
    /// The gede file
    file: PathBuf,
    /// The tables to append, as gede convert reads them, or gede files; - is standard input
    #[arg(value_name = "MORE", required = true)]
    inputs: Vec<PathBuf>,
    /// Number of threads; the bytes of the file do not depend on it [default: one per processor]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    text: Text,
    /// Format of a table whose name does not show it; its first bytes take precedence [default for -: detected among Arrow
    /// streams, Parquet and CSV]
    #[arg(long, value_name = "KIND", value_parser = Pipes::kinds())]
    from: Option<InputKind>,
}

impl Append {
    pub fn run(&self, as_json: bool) -> Result<()> {
        if self.inputs.contains(&self.file) {
            return Err(misuse(format!("{}: is to be read and to be appended to", self.file.display())));
        }
        match self.inputs.iter().filter(|input| is_pipe(input)).count() {
            0 => self.append(&self.inputs, false, as_json),
            1 => {
                let spool = Spool::read(&self.file)?;
                let named = |input: &PathBuf| if is_pipe(input) { spool.path.clone() } else { input.clone() };
                let inputs: Vec<PathBuf> = self.inputs.iter().map(named).collect();
                self.append(&inputs, true, as_json).map_err(|e| spool.named(e))
            }
            _ => Err(misuse("- is named more than once; standard input is one table")),
        }
    }

    /// Appends inputs. `spooled` if one of them was standard input.
    fn append(&self, inputs: &[PathBuf], spooled: bool, as_json: bool) -> Result<()> {
        let started = Instant::now();
        let (rows, length) = {
            // What follows its end goes.
            let reader = Reader::open(&self.file)?;
            (reader.rows(), reader.file_length())
        };
        let mut input = InputOptions::default();
        self.text.add_to(&mut input);
        input.kind = self.from.or(spooled.then_some(InputKind::Csv));
        let table = ArrowTable::open_for(&self.file, inputs, &input)?;
        let mut options = Options::default();
        options.threads = self.threads.unwrap_or(options.threads);
        let bar = Bar::new();
        let report = Writer::new(options).progress(bar.on_pass()).append(&self.file, &table)?;
        drop(bar);
        let taken = started.elapsed().as_secs_f64();
        let mut said = report.left_out.clone();
        said.extend(table.notes());
        let more = report.rows - rows;
        if as_json {
            return json(&json!({
                "file": path(&self.file),
                "rows": report.rows,
                "appended": more,
                "file_length": report.file_length,
                "notes": said,
                "seconds": taken,
            }));
        }
        let summary = format!(
            "{}: {} more, {} in {}, {} of them new; {}\n",
            self.file.display(),
            many(more, "row", "rows"),
            many(report.rows, "row", "rows"),
            bytes(report.file_length),
            bytes(report.file_length.saturating_sub(length)),
            seconds(taken)
        );
        print(&(summary + &notes(&said)))
    }
}

/// The note on a file that has bytes behind the end of its table.
pub fn unfinished(file: &Path, length: u64) -> String {
    format!(
        "{}: {} behind its end are passed over: rows are being appended, or an append did not come to its end",
        file.display(),
        bytes(length)
    )
}
