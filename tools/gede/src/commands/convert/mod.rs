//! `gede convert`: other formats to gede, gede to other formats.

mod columns;
mod how;
mod images;
mod out;
mod pipes;
mod portion;
mod text;

use super::large::{Large, all, batch_bytes};
use super::{RawSize, columns as columns_of, misuse, open, passed_on, refuse_existing, row_bytes};
use crate::output::{self, bytes, many, percent, seconds};
use crate::progress::Bar;
use arrow::datatypes::Field;
use gede::arrow::{ArrowTable, HEADER_NAME, ImageSink, InputKind, InputOptions, Sink};
use gede::column::Schema;
use gede::read::{Projection, Source};
use gede::write::{Progress, Report, Table};
use gede::{Error, ErrorKind, Reader, Result, Writer};
pub use how::How;
use images::Images;
use out::Out;
use pipes::{Pipes, Spool, Stream, is_pipe};
use portion::Portion;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use text::Text;

/// Bytes of values, about, in a batch on its way out.
const BATCH_BYTES: usize = 16 << 20;

/// Convert tables and sets of images to gede, or gede to what others read
#[derive(clap::Args)]
pub struct Convert {
    /// IN: a table (Parquet, Arrow IPC, CSV, LIBSVM), an IDX file of images, a CIFAR file or a folder of them, or a folder
    /// of pictures or of such folders by class: its bytes tell what it is (.csv, .tsv and .bin go by name; text may be .gz
    /// or .zst). Several tables, folders of Parquet, Arrow or CSV files and quoted patterns ('data/*.parquet') become one
    /// table, columns matched by name; folders named key=value give columns. - is standard input.
    /// OUT, the last: a .gede file; or .parquet, .arrow, .feather, .ipc or .csv, or a new folder with --format, if IN is a
    /// gede file; or - for standard output
    // One argument, since options may stand between inputs and output.
    #[arg(value_name = "IN... OUT", required = true)]
    paths: Vec<PathBuf>,
    /// Replace OUT if it is there; a folder is never replaced, unless it is empty
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    text: Text,
    #[command(flatten)]
    portion: Portion,
    #[command(flatten)]
    pipes: Pipes,
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    large: Large,
    #[command(flatten)]
    how: How,
}

impl Convert {
    fn inputs(&self) -> &[PathBuf] {
        &self.paths[..self.paths.len() - 1]
    }

    fn output(&self) -> &Path {
        &self.paths[self.paths.len() - 1]
    }

    pub fn run(&self, as_json: bool) -> Result<()> {
        if self.inputs().is_empty() {
            return Err(misuse(format!("{}: name the output after it", self.output().display())));
        }
        if self.images.format().is_none() && !is_pipe(self.output()) {
            refuse_existing(self.output(), self.overwrite)?;
        }
        if self.pipes.to.is_some() && !is_pipe(self.output()) {
            return Err(misuse(
                "--to is for standard output, OUT being -; the name of a file tells what it is",
            ));
        }
        let started = Instant::now();
        let piped = self.inputs().iter().filter(|input| is_pipe(input)).count();
        if piped > 1 {
            return Err(misuse("- is named more than once; standard input is one table"));
        }
        let spool = if piped > 0 { Some(Spool::read(self.output())?) } else { None };
        let own = |input: &PathBuf| match &spool {
            Some(spool) if is_pipe(input) => spool.path.clone(),
            _ => input.clone(),
        };
        let inputs: Vec<PathBuf> = self.inputs().iter().map(own).collect();
        let done = match inputs.as_slice() {
            [input] if input.is_file() || is_gede(input) && !input.is_dir() => match open(input) {
                Ok(reader) => self.export(input, &reader, as_json, started),
                Err(e) if e.kind() == ErrorKind::NotGede && !is_gede(input) => {
                    self.import(&inputs, spool.is_some(), as_json, started)
                }
                Err(e) => Err(e),
            },
            inputs => self.import(inputs, spool.is_some(), as_json, started),
        };
        done.map_err(|e| match &spool {
            Some(spool) => spool.named(e),
            None => e,
        })
    }

    fn import(&self, inputs: &[PathBuf], spooled: bool, as_json: bool, started: Instant) -> Result<()> {
        let Some(input) = inputs.first() else { return Err(misuse("no files to read")) };
        let output = self.output();
        if self.images.format().is_some() {
            let input = input.display();
            return Err(misuse(format!(
                "{input}: --format is for what comes out of a gede file; leave it out"
            )));
        }
        if !self.portion.is_all() {
            let input = input.display();
            return Err(misuse(format!(
                "{input}: --columns and --rows are for what comes out of a gede file; leave them out"
            )));
        }
        if let Some(file) = inputs.iter().find(|input| is_gede(input)) {
            return Err(misuse(format!(
                "{}: is a gede file; gede merge writes several into one",
                file.display()
            )));
        }
        if is_pipe(output) {
            return Err(misuse("-: a gede file is not written to standard output; name it"));
        }
        if !is_gede(output) {
            let (input, output) = (input.display(), output.display());
            return Err(misuse(format!("{output}: {input} becomes a gede file; end its name in .gede")));
        }
        let mut options = InputOptions::from(self.images.input());
        self.text.add_to(&mut options);
        options.kind = self.pipes.from.map(pipes::From::kind).or(spooled.then_some(InputKind::Csv));
        let table = ArrowTable::open_many(inputs, &options)?;
        for name in self.how.named() {
            let renamed = |field: &&Arc<Field>| field.metadata().get(HEADER_NAME).is_some_and(|n| *n == name);
            let others = table.arrow().fields().iter().filter(renamed).count();
            if others > 0 {
                let what = format!("{} columns are named \"{name}\"; rename all but one", others + 1);
                return Err(misuse(format!("{}: {what}", inputs[0].display())));
            }
        }
        let bar = Bar::new();
        let options = self.how.options(self.overwrite);
        let report = Writer::new(options)
            .progress(bar.on_pass())
            .write(output, &table)
            .map_err(|e| placed(e, inputs, output))?;
        drop(bar);
        let taken = started.elapsed().as_secs_f64();
        let notes = table.notes();
        if as_json {
            return output::json(&json!({
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
        let text = self.summary(&report, table.schema(), taken);
        output::print(&(text + &output::notes(&notes)))
    }

    fn export(
        &self,
        input: &Path,
        reader: &Reader<impl Source>,
        as_json: bool,
        started: Instant,
    ) -> Result<()> {
        let (input, output) = (input.display(), self.output().display());
        if is_gede(self.output()) {
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
        if self.pipes.from.is_some() {
            return Err(misuse(format!(
                "{input}: --from is for tables, and this is a gede file; leave it out"
            )));
        }
        if self.images.is_for_input() {
            return Err(misuse(format!(
                "{output}: --labels, --image and options on pictures are for gede files; leave them out"
            )));
        }
        let at_input = |e: Error| e.at(&input);
        let chosen = self.portion.rows(reader.rows()).map_err(at_input)?;
        let table = columns_of(reader, self.portion.columns.as_deref()).map_err(at_input)?;
        let nodes = match self.portion.columns.as_deref() {
            Some(names) => Projection::columns(reader.schema(), names).map_err(at_input)?.nodes().to_vec(),
            None => all(reader.schema()),
        };
        let measure = self.large.output(reader.file_length());
        let measure = measure.rows(reader.schema(), &nodes, chosen.end - chosen.start);
        let mut measure = measure.map_err(at_input)?;
        let piped = is_pipe(self.output());
        let mut out = match self.images.format() {
            Some(_) if piped => return Err(misuse("-: --format writes a folder; name it")),
            None if piped => Out::Stream(Stream::new(table.schema(), self.pipes.to.unwrap_or_default())?),
            Some(format) => {
                Out::Folder(Box::new(ImageSink::create(self.output(), table.schema(), format, class)?))
            }
            None => Out::File(Box::new(Sink::create(self.output(), table.schema(), self.overwrite)?)),
        };
        let is_csv = self.output().extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
        let plain = out.is_plain() || is_csv;
        let bar = Bar::new();
        // Of long strings, pictures above all, by what they take in the file.
        let stored = reader.file_length().checked_div(reader.rows()).unwrap_or(0);
        let row_bytes = row_bytes(reader.schema()).max(usize::try_from(stored).unwrap_or(usize::MAX));
        let batch_rows = (BATCH_BYTES / row_bytes.max(1)).clamp(1, 65_536);
        let (mut rows, of) = (0, Some(chosen.end - chosen.start));
        for batch in table.scan(chosen, batch_rows).map_err(at_input)? {
            let batch = batch.map_err(|e| at_input(passed_on(e)))?;
            measure.add(batch_bytes(&batch, plain)).map_err(at_input)?;
            out.write(&batch)?;
            rows += batch.num_rows() as u64;
            bar.set(Progress { pass: "writing", rows, of });
        }
        let notes = out.notes();
        out.finish()?;
        drop(bar);
        let taken = started.elapsed().as_secs_f64();
        if piped {
            // Standard output holds the rows and nothing else.
            return match as_json {
                true => output::json_aside(&json!({ "rows": rows, "seconds": taken })),
                false => output::print_aside(&format!(
                    "{output}: {}, {}\n",
                    many(rows, "row", "rows"),
                    seconds(taken)
                )),
            };
        }
        let length = out::length(self.output());
        if as_json {
            let report = json!({ "rows": rows, "file_length": length, "seconds": taken, "notes": notes });
            return output::json(&report);
        }
        let (rows, length) = (many(rows, "row", "rows"), bytes(length));
        let text = format!("{output}: {rows} in {length}, {}\n", seconds(taken));
        output::print(&(text + &output::notes(&notes)))
    }

    fn summary(&self, report: &Report, schema: &Schema, taken: f64) -> String {
        let length = report.file_length;
        let mut text =
            format!("{}: {} in {}", self.output().display(), many(report.rows, "row", "rows"), bytes(length));
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

/// An error that names one of the files, or else the inputs.
fn placed(error: Error, inputs: &[PathBuf], output: &Path) -> Error {
    let message = error.to_string();
    let mut files = inputs.iter().map(PathBuf::as_path).chain([output]);
    if files.any(|file| message.contains(&file.display().to_string())) {
        return error;
    }
    match inputs {
        [] => error,
        [input] => error.at(input.display()),
        [first, more @ ..] => error.at(format!("{} and {} more", first.display(), more.len())),
    }
}
