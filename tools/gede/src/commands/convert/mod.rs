//! `gede convert`: other formats to gede, gede to other formats.

mod columns;
mod how;
mod images;
mod out;
mod text;

use super::{RawSize, columns as columns_of, misuse, open, passed_on, refuse_existing, row_bytes};
use crate::output::{bytes, json, many, percent, print, seconds};
use crate::progress::Bar;
use gede::arrow::{ArrowTable, ImageSink, InputOptions, Sink};
use gede::column::Schema;
use gede::read::Source;
use gede::write::{Disk, Progress, Report, Table, write_to};
use gede::{Error, ErrorKind, Reader, Result};
pub use how::How;
use images::Images;
use out::Out;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;
use text::Text;

/// Bytes of values, about, in a batch on its way out.
const BATCH_BYTES: usize = 16 << 20;

/// Convert tables and sets of images to gede, or gede to what others read
#[derive(clap::Args)]
pub struct Convert {
    /// A table (Parquet, Arrow IPC, CSV, LIBSVM), an IDX file of images, a CIFAR file or a folder of them, or a folder of
    /// pictures or of such folders by class: its bytes tell what it is (.csv, .tsv and .bin go by name; text may be .gz or .zst)
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// A .gede file; or .parquet, .arrow, .feather, .ipc or .csv, or a new folder with --format, if IN is a gede file
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Replace OUT if it is there; a folder is never replaced, unless it is empty
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    text: Text,
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    how: How,
}

impl Convert {
    pub fn run(&self, as_json: bool) -> Result<()> {
        if self.images.format().is_none() {
            refuse_existing(&self.output, self.overwrite)?;
        }
        let started = Instant::now();
        if self.input.is_dir() {
            return self.import(as_json, started);
        }
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
        if self.images.format().is_some() {
            let input = input.display();
            return Err(misuse(format!(
                "{input}: --format is for what comes out of a gede file; leave it out"
            )));
        }
        if !is_gede(output) {
            let (input, output) = (input.display(), output.display());
            return Err(misuse(format!("{output}: {input} becomes a gede file; end its name in .gede")));
        }
        let mut inputs = InputOptions::from(self.images.input());
        self.text.add_to(&mut inputs);
        let table = ArrowTable::open_with(input, &inputs)?;
        let bar = Bar::new();
        let options = self.how.options(self.overwrite);
        let report = write_to(&Disk, output, &table, &options, &|progress| bar.set(progress))
            .map_err(|e| placed(e, [input, output]))?;
        drop(bar);
        let taken = started.elapsed().as_secs_f64();
        let notes = table.notes();
        if as_json {
            return json(&json!({
                "rows": report.rows,
                "segments": report.segments,
                "file_length": report.file_length,
                "beta": report.beta,
                "condensed_samples": report.cells,
                "classes": report.classes,
                "notes": notes,
                "columns": columns::json(report.columns.as_ref()),
                "seconds": taken,
            }));
        }
        let notes: String = notes.iter().map(|note| format!("  {note}\n")).collect();
        print(&(self.summary(&report, table.schema(), taken) + &notes))
    }

    fn export(&self, reader: &Reader<impl Source>, as_json: bool, started: Instant) -> Result<()> {
        let (input, output) = (self.input.display(), self.output.display());
        if is_gede(&self.output) {
            return Err(misuse(format!(
                "{input}: is a gede file already; copy it, or convert its origin anew"
            )));
        }
        let class = self.images.format().and_then(|_| self.how.class());
        if self.how != How::of_class(class) {
            return Err(misuse(format!(
                "{output}: --target, --beta and the like are for gede files; leave them out"
            )));
        }
        if self.text.is_given() {
            return Err(misuse(format!("{output}: options on text are for gede files; leave them out")));
        }
        if self.images.is_for_input() {
            return Err(misuse(format!(
                "{output}: --labels, --image and options on pictures are for gede files; leave them out"
            )));
        }
        let at_input = |e: Error| e.at(&input);
        let table = columns_of(reader, None).map_err(at_input)?;
        let mut out = match self.images.format() {
            Some(format) => Out::Folder(ImageSink::create(&self.output, table.schema(), format, class)?),
            None => Out::File(Sink::create(&self.output, table.schema(), self.overwrite)?),
        };
        let bar = Bar::new();
        // Of long strings, pictures above all, by what they take in the file.
        let stored = reader.file_length().checked_div(reader.rows()).unwrap_or(0);
        let row_bytes = row_bytes(reader.schema()).max(usize::try_from(stored).unwrap_or(usize::MAX));
        let batch_rows = (BATCH_BYTES / row_bytes.max(1)).clamp(1, 65_536);
        let (mut rows, of) = (0, Some(reader.rows()));
        for batch in table.scan(0..reader.rows(), batch_rows).map_err(at_input)? {
            let batch = batch.map_err(|e| at_input(passed_on(e)))?;
            out.write(&batch)?;
            rows += batch.num_rows() as u64;
            bar.set(Progress { pass: "writing", rows, of });
        }
        let notes = out.notes();
        out.finish()?;
        drop(bar);
        let length = out::length(&self.output);
        let taken = started.elapsed().as_secs_f64();
        if as_json {
            return json(&json!({ "rows": rows, "file_length": length, "seconds": taken, "notes": notes }));
        }
        let (rows, length) = (many(rows, "row", "rows"), bytes(length));
        let notes: String = notes.iter().map(|note| format!("{note}\n")).collect();
        print(&format!("{output}: {rows} in {length}, {}\n{notes}", seconds(taken)))
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
        text += &format!("; {}\n", seconds(taken));
        text + &report.columns.as_ref().map_or(String::new(), columns::line)
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
