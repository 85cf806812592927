//! LIBSVM text: a label and `index:value` pairs a line, indices from 1 and ascending; what is not
//! given is 0. Columns are `label`, an integer if all labels are, and `f1` to `fN`, all float64.

use super::{RecordBatches, Source, open};
use crate::error::{Error, ErrorKind, Result};
use arrow::array::{ArrayRef, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most features; a row of a file has at most so many lanes.
const MAX_FEATURES: usize = (1 << 20) - 1;

/// Values of a batch, about.
const BATCH_VALUES: usize = 1 << 19;

/// A LIBSVM text file.
pub(in crate::arrow) struct Libsvm {
    path: PathBuf,
    schema: SchemaRef,
    integers: bool,
    rows: u64,
}

impl Libsvm {
    /// Reads the file once for its rows, its features and the type of its labels.
    pub fn open(path: &Path) -> Result<Self> {
        let (mut rows, mut features, mut integers) = (0, 0, true);
        let mut lines = Lines::open(path)?;
        while let Some(label) = lines.next(|index, _| features = features.max(index))? {
            integers &=
                label.fract() == 0.0 && label.abs() <= (1u64 << 53) as f64 && label.to_bits() != 1 << 63;
            rows += 1;
        }
        if rows == 0 {
            return Err(Error::new(
                ErrorKind::Input,
                format!("{}: line 1: the file is empty", path.display()),
            ));
        }
        let label = Field::new("label", if integers { DataType::Int64 } else { DataType::Float64 }, false);
        let features = (1..=features).map(|i| Field::new(format!("f{i}"), DataType::Float64, false));
        let schema = Arc::new(Schema::new(std::iter::once(label).chain(features).collect::<Fields>()));
        Ok(Self { path: path.to_owned(), schema, integers, rows })
    }

    /// The next rows of a pass; none at its end.
    fn batch(&self, lines: &mut Lines) -> Result<Option<RecordBatch>> {
        let features = self.schema.fields().len() - 1;
        let most = (BATCH_VALUES / (features + 1)).clamp(1, 8192);
        let mut labels = Vec::with_capacity(most);
        let mut columns: Vec<Vec<f64>> = (0..features).map(|_| Vec::with_capacity(most)).collect();
        while labels.len() < most {
            let row = labels.len();
            let label = lines.next(|index, value| {
                if let Some(column) = columns.get_mut(index - 1) {
                    column.resize(row, 0.0);
                    column.push(value);
                }
            })?;
            let Some(label) = label else { break };
            labels.push(label);
        }
        if labels.is_empty() {
            return Ok(None);
        }
        let rows = labels.len();
        let label: ArrayRef = match self.integers {
            true => Arc::new(Int64Array::from_iter_values(labels.into_iter().map(|l| l as i64))),
            false => Arc::new(Float64Array::from(labels)),
        };
        let columns = columns.into_iter().map(|mut column| {
            column.resize(rows, 0.0);
            Arc::new(Float64Array::from(column)) as ArrayRef
        });
        let columns = std::iter::once(label).chain(columns).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns);
        batch.map(Some).map_err(|e| super::unreadable(&self.path, e))
    }
}

impl Source for Libsvm {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let mut lines = Lines::open(&self.path)?;
        Ok(Box::new(std::iter::from_fn(move || self.batch(&mut lines).transpose())))
    }
}

/// Whether the first line of text that says anything is a label and pairs of LIBSVM.
pub(in crate::arrow) fn looks_like_libsvm(start: &str) -> bool {
    let mut lines = start.lines().map(content).filter(|line| !line.is_empty());
    lines.next().is_some_and(|line| line.contains(':') && parse(line, |_, _| {}).is_ok())
}

/// The lines of a file that say anything, parsed.
struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Longest line in bytes: `MAX_FEATURES` pairs of 32 bytes.
    const MAX: u64 = 32 * MAX_FEATURES as u64;

    fn open(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_owned(), reader: BufReader::new(open(path)?), line: Vec::new(), number: 0 })
    }

    /// Gives the pairs of the next line to `pair` and returns its label; none at the end.
    fn next(&mut self, pair: impl FnMut(usize, f64)) -> Result<Option<f64>> {
        loop {
            self.line.clear();
            self.number += 1;
            let mut reader = (&mut self.reader).take(Self::MAX);
            let read = reader.read_until(b'\n', &mut self.line);
            let read = read.map_err(|e| Error::io(format!("cannot read {}", self.path.display()), e))?;
            if read == 0 {
                return Ok(None);
            }
            let refuse = |what: String| {
                Error::new(ErrorKind::Input, format!("{}: line {}: {what}", self.path.display(), self.number))
            };
            if read as u64 == Self::MAX {
                return Err(refuse("it is too long for LIBSVM text".to_owned()));
            }
            let line = std::str::from_utf8(&self.line).map_err(|_| refuse("it is not text".to_owned()))?;
            let line = content(line);
            if !line.is_empty() {
                return parse(line, pair).map(Some).map_err(refuse);
            }
        }
    }
}

/// A line without its comment.
fn content(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// Gives the pairs of a line to `pair` and returns its label, or what is wrong.
fn parse(line: &str, mut pair: impl FnMut(usize, f64)) -> std::result::Result<f64, String> {
    let mut words = line.split_ascii_whitespace();
    let label = words.next().unwrap_or_default();
    let label: f64 = label.parse().map_err(|_| format!("label \"{}\" is not a number", shortened(label)))?;
    let mut last = 0;
    for word in words {
        let shown = || shortened(word);
        let (index, value) =
            word.split_once(':').ok_or_else(|| format!("\"{}\" is not index:value", shown()))?;
        let index: usize =
            index.parse().map_err(|_| format!("\"{}\": the index is not a number", shown()))?;
        let value: f64 = value.parse().map_err(|_| format!("\"{}\": the value is not a number", shown()))?;
        if index <= last {
            return Err(format!("\"{}\": indices start at 1 and ascend", shown()));
        }
        if index > MAX_FEATURES {
            return Err(format!("\"{}\": more than {MAX_FEATURES} features", shown()));
        }
        last = index;
        pair(index, value);
    }
    Ok(label)
}

/// The start of a word, for a message.
fn shortened(word: &str) -> String {
    word.chars().take(40).collect()
}
