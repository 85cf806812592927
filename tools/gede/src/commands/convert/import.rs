//! `gede convert` of tables and images to a gede file.

use super::{Convert, columns, is_gede, is_pipe};
use crate::commands::{RawSize, misuse};
use crate::output::{self, bytes, many, percent, seconds};
use crate::progress::Bar;
use arrow::datatypes::Field;
use gede::Writer;
use gede::arrow::{ArrowTable, HEADER_NAME, InputKind, InputOptions};
use gede::column::Schema;
use gede::write::{Report, Table};
use gede::{Error, Result};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

impl Convert {
    /// Writes one gede file from all inputs. `spooled` if one of them was standard input.
    pub(super) fn import(
        &self,
        inputs: &[PathBuf],
        spooled: bool,
        as_json: bool,
        started: Instant,
    ) -> Result<()> {
        let Some(first) = inputs.first() else { return Err(misuse("no files to read")) };
        self.refuse_export_options(first, inputs)?;
        let mut options = InputOptions::from(self.images.input());
        self.text.add_to(&mut options);
        options.kind = self.pipes.from.or(spooled.then_some(InputKind::Csv));
        let table = ArrowTable::open_many(inputs, &options)?;
        self.refuse_ambiguous_names(first, &table)?;
        let bar = Bar::new();
        let options = self.how.options(self.overwrite);
        let report = Writer::new(options)
            .progress(bar.on_pass())
            .write(self.output(), &table)
            .map_err(|e| placed(e, inputs, self.output()))?;
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

    /// Refuses options and outputs that only a gede file has, and gede files among the inputs.
    fn refuse_export_options(&self, first: &Path, inputs: &[PathBuf]) -> Result<()> {
        let (input, output) = (first.display(), self.output());
        if self.images.format().is_some() {
            return Err(misuse(format!("{input}: --format writes images out of a gede file; leave it out")));
        }
        if !self.portion.is_all() {
            return Err(misuse(format!(
                "{input}: --columns, --rows and --where choose from a gede file; leave them out"
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
            let output = output.display();
            return Err(misuse(format!("{output}: {input} becomes a gede file; end its name in .gede")));
        }
        Ok(())
    }

    /// Refuses a target or a class whose name several columns have.
    fn refuse_ambiguous_names(&self, first: &Path, table: &ArrowTable) -> Result<()> {
        for name in self.how.named() {
            let renamed = |field: &&Arc<Field>| field.metadata().get(HEADER_NAME).is_some_and(|n| *n == name);
            let others = table.arrow().fields().iter().filter(renamed).count();
            if others > 0 {
                let what = format!("{} columns are named \"{name}\"; rename all but one", others + 1);
                return Err(misuse(format!("{}: {what}", first.display())));
            }
        }
        Ok(())
    }

    fn summary(&self, report: &Report, schema: &Schema, taken: f64) -> String {
        let length = report.file_length;
        let mut text =
            format!("{}: {} in {}", self.output().display(), many(report.rows, "row", "rows"), bytes(length));
        if let Some(raw) = RawSize::new(schema, report.rows) {
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
