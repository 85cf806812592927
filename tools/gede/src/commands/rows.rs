//! Rows on standard output: a table for people, an array of objects for machines.

use super::row_values::{JsonValues, Text};
use crate::output::{Table, count, failed, print};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::json::writer::{ArrayWriter, JsonArray, WriterBuilder};
use arrow::record_batch::RecordBatch;
use gede::{Error, ErrorKind, Result};
use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Arc;

/// Columns that a table for people shows, and characters of a cell.
const COLUMNS: usize = 24;
const WIDTH: usize = 40;

/// Rows being printed.
pub enum RowPrinter {
    People { columns: Vec<String>, left_out: usize, started: bool },
    Machines(ArrayWriter<BufWriter<Stdout>>),
}

impl RowPrinter {
    pub fn new(schema: &SchemaRef, json: bool) -> Self {
        if json {
            let out = BufWriter::new(io::stdout());
            let builder =
                WriterBuilder::new().with_explicit_nulls(true).with_encoder_factory(Arc::new(JsonValues));
            return Self::Machines(builder.build::<_, JsonArray>(out));
        }
        let columns = schema.fields().iter().take(COLUMNS).map(|f| cell(f.name().clone())).collect();
        Self::People { columns, left_out: schema.fields().len().saturating_sub(COLUMNS), started: false }
    }

    /// Prints the rows of a batch.
    pub fn print(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Self::People { columns, started, .. } => {
                let mut table = Table::new(0);
                if !*started {
                    table.push(columns.clone());
                    *started = true;
                }
                let texts = batch.columns().iter().take(COLUMNS).map(|c| Text::new(c.as_ref()));
                let texts = texts.collect::<std::result::Result<Vec<_>, _>>().map_err(unprintable)?;
                for row in 0..batch.num_rows() {
                    table.push(texts.iter().map(|text| cell(text.value(row))).collect());
                }
                print(&table.render(0))
            }
            Self::Machines(writer) => writer.write(batch).map_err(unprintable),
        }
    }

    /// Ends the table.
    pub fn finish(self) -> Result<()> {
        match self {
            Self::People { columns, left_out, started } => {
                let mut table = Table::new(0);
                if !started {
                    table.push(columns);
                }
                let mut text = table.render(0);
                if left_out > 0 {
                    let left_out = count(left_out as u64);
                    text += &format!("and {left_out} more columns: --columns chooses some, --json has all\n");
                }
                print(&text)
            }
            Self::Machines(mut writer) => {
                writer.finish().map_err(unprintable)?;
                let mut out = writer.into_inner();
                out.write_all(b"\n").and_then(|()| out.flush()).map_err(failed)
            }
        }
    }
}

fn unprintable(error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, error) => failed(error),
        error => Error::new(ErrorKind::Type, error.to_string()),
    }
}

/// A value on one line, not too long.
fn cell(text: String) -> String {
    let plain = !text.chars().any(char::is_control);
    if plain && text.chars().count() <= WIDTH {
        return text;
    }
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match text.char_indices().nth(WIDTH - 1) {
        Some((at, _)) if text.chars().count() > WIDTH => format!("{}…", &text[..at]),
        _ => text,
    }
}
