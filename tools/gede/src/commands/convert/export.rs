//! `gede convert` of a gede file to other formats.

use super::out::{Out, length};
use super::pipes::{Stream, is_pipe};
use super::{Convert, How, is_gede};
use crate::commands::large::{Measure, all, batch_bytes};
use crate::commands::{columns, misuse, passed_on, row_bytes};
use crate::output::{self, bytes, many, seconds};
use crate::progress::Bar;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use gede::arrow::{ArrowFileWriter, ImageFolderWriter};
use gede::read::{ByteSource, Projection};
use gede::write::Progress;
use gede::{Error, Reader, Result};
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Bytes of values, about, in a batch on its way out.
const BATCH_BYTES: usize = 16 << 20;

impl Convert {
    /// Writes rows of a gede file to a file, a folder of images, or standard output.
    pub(super) fn export(
        &self,
        input: &Path,
        reader: &Reader<impl ByteSource>,
        as_json: bool,
        started: Instant,
    ) -> Result<()> {
        self.refuse_import_options(input)?;
        let at_input = |e: Error| e.at(input.display());
        let chosen = self.portion.rows(reader.rows()).map_err(at_input)?;
        let table = columns(reader, self.portion.columns.as_deref()).map_err(at_input)?;
        let condition = self.portion.condition(reader.schema()).map_err(at_input)?;
        let passing =
            condition.as_ref().map(|condition| reader.count(condition)).transpose().map_err(at_input)?;
        let of = (chosen.end - chosen.start).min(passing.unwrap_or(u64::MAX));
        let measure = self.measure(reader, of).map_err(at_input)?;
        let schema = with_metadata(table.schema(), reader).map_err(at_input)?;
        let mut out = self.create_output(&schema)?;
        let mut batches = table.scan(chosen, batch_rows(reader)).map_err(at_input)?;
        if let Some(condition) = &condition {
            batches = batches.filter(condition).map_err(at_input)?;
        }
        let batches = batches.map(|batch| batch.map_err(|e| at_input(passed_on(e))));
        let rows = self.write_rows(input, batches, of, measure, &mut out)?;
        let notes = out.notes();
        out.finish()?;
        self.report_export(rows, &notes, as_json, started.elapsed().as_secs_f64())
    }

    /// Refuses options that only have a meaning for a gede file that is written.
    fn refuse_import_options(&self, input: &Path) -> Result<()> {
        let (input, output) = (input.display(), self.output().display());
        if is_gede(self.output()) {
            return Err(misuse(format!(
                "{input}: is a gede file already; copy it, or convert its origin again"
            )));
        }
        if self.how != How::with_class(self.exported_class()) {
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
        Ok(())
    }

    /// The column of classes for a folder of images; `--class` has no meaning for other outputs.
    fn exported_class(&self) -> Option<&str> {
        self.images.format().and_then(|_| self.how.class())
    }

    /// The limit on what the chosen rows may grow to.
    fn measure(&self, reader: &Reader<impl ByteSource>, rows: u64) -> Result<Measure> {
        let schema = reader.schema();
        let nodes = match self.portion.columns.as_deref() {
            Some(names) => Projection::columns(schema, names)?.nodes().to_vec(),
            None => all(schema),
        };
        self.large.output(reader.file_length()).rows(reader, &nodes, rows)
    }

    fn create_output(&self, schema: &SchemaRef) -> Result<Out> {
        let (output, piped) = (self.output(), is_pipe(self.output()));
        Ok(match self.images.format() {
            Some(_) if piped => return Err(misuse("-: --format writes a folder; name it")),
            None if piped => Out::Stream(Stream::new(schema, self.pipes.to.unwrap_or_default())?),
            Some(format) => Out::Folder(Box::new(ImageFolderWriter::create(
                output,
                schema,
                format,
                self.exported_class(),
            )?)),
            None => Out::File(Box::new(ArrowFileWriter::create(output, schema, self.overwrite)?)),
        })
    }

    /// Writes all batches, which have `of` rows, and returns the number of rows.
    fn write_rows(
        &self,
        input: &Path,
        batches: impl Iterator<Item = Result<RecordBatch>>,
        of: u64,
        mut measure: Measure,
        out: &mut Out,
    ) -> Result<u64> {
        let is_csv = self.output().extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
        let plain = out.is_plain() || is_csv;
        let bar = Bar::new();
        let mut rows = 0;
        for batch in batches {
            let batch = batch?;
            measure.add(batch_bytes(&batch, plain)).map_err(|e| e.at(input.display()))?;
            out.write(&batch)?;
            rows += batch.num_rows() as u64;
            bar.set(Progress { pass: "writing", rows, of: Some(of) });
        }
        Ok(rows)
    }

    fn report_export(&self, rows: u64, notes: &[String], as_json: bool, taken: f64) -> Result<()> {
        let output = self.output().display();
        if is_pipe(self.output()) {
            // Standard output holds the rows and nothing else.
            return if as_json {
                output::json_aside(&json!({ "rows": rows, "seconds": taken }))
            } else {
                output::print_aside(&format!("{output}: {}, {}\n", many(rows, "row", "rows"), seconds(taken)))
            };
        }
        let length = length(self.output());
        if as_json {
            let report = json!({ "rows": rows, "file_length": length, "seconds": taken, "notes": notes });
            return output::json(&report);
        }
        let (rows, length) = (many(rows, "row", "rows"), bytes(length));
        let text = format!("{output}: {rows} in {length}, {}\n", seconds(taken));
        output::print(&(text + &output::notes(notes)))
    }
}

/// The schema with the key-values of the file; a key that the schema has itself stays.
fn with_metadata(schema: &SchemaRef, reader: &Reader<impl ByteSource>) -> Result<SchemaRef> {
    let mut metadata: HashMap<_, _> = reader.metadata()?.into_iter().collect();
    metadata.extend(schema.metadata().clone());
    Ok(Arc::new(schema.as_ref().clone().with_metadata(metadata)))
}

/// Rows of a batch. Long strings, above all pictures, count with their bytes in the file: a schema does not bound them.
fn batch_rows(reader: &Reader<impl ByteSource>) -> usize {
    let stored = reader.file_length().checked_div(reader.rows()).unwrap_or(0); // a file without rows
    let row_bytes = row_bytes(reader.schema()).max(usize::try_from(stored).unwrap_or(usize::MAX));
    (BATCH_BYTES / row_bytes.max(1)).clamp(1, 65_536)
}
