//! LIBSVM text: a label, perhaps a query (`qid:3`) and `index:value` pairs a line; what is not given is 0.
//! Columns are `label`, an integer if all labels are, `qid` if lines have it, and the features, all float64:
//! `f1` to `fN`, or `f0` to `fN` if an index is 0.

mod lines;

pub(crate) use lines::looks_like_libsvm;

use super::stamp::Stamp;
use super::{BatchSource, RecordBatches, unreadable};
use crate::error::{Error, ErrorKind, Result};
use arrow::array::{ArrayRef, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use lines::{Lines, Row};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Values of a batch, about.
const BATCH_VALUES: usize = 1 << 19;

/// A table may have so many times the bytes of its text when it is made dense.
const MOST_EXPANSION: u64 = 64;

/// Bytes of a dense table that are always allowed.
const ALWAYS_ALLOWED: u64 = 4 << 20;

/// Bytes of a column whose rows are few: its names and its place in the file.
const COLUMN_BYTES: u64 = 128;

/// How LIBSVM text is read.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LibsvmInput {
    /// Zeros are stored however many there are: a table may have more than 64 times the bytes of its text.
    pub dense: bool,
}

/// A LIBSVM text file.
pub(crate) struct Libsvm {
    path: PathBuf,
    stamp: Stamp,
    schema: SchemaRef,
    integers: bool,
    queries: bool,
    /// The index of the first feature.
    first: usize,
    features: usize,
    rows: u64,
}

impl Libsvm {
    /// Reads the file once for its rows, its features and the type of its labels.
    pub fn open(path: &Path, options: &LibsvmInput) -> Result<Self> {
        let stamp = Stamp::new(path)?;
        let mut found = Self {
            path: path.to_owned(),
            stamp,
            schema: Arc::new(Schema::empty()),
            integers: true,
            queries: false,
            first: 1,
            features: 0,
            rows: 0,
        };
        let mut lines = Lines::open(path)?;
        let end = found.scan(&mut lines).map_err(|e| found.stamp.explain(e))?;
        found.stamp.check()?;
        if found.rows == 0 {
            return Err(Error::new(
                ErrorKind::Input,
                format!("{}: line 1: the file is empty", path.display()),
            ));
        }
        found.features = end - found.first;
        if !options.dense {
            found.refuse_expansion(lines.bytes)?;
        }
        let label = if found.integers { DataType::Int64 } else { DataType::Float64 };
        let query = found.queries.then(|| Field::new("qid", DataType::Int64, false));
        let features = (found.first..end).map(|i| Field::new(format!("f{i}"), DataType::Float64, false));
        let fields = std::iter::once(Field::new("label", label, false)).chain(query).chain(features);
        found.schema = Arc::new(Schema::new(fields.collect::<Fields>()));
        Ok(found)
    }

    /// Reads all lines, and returns the index after the last feature.
    fn scan(&mut self, lines: &mut Lines) -> Result<usize> {
        let mut end = 1;
        let mut row = Row::default();
        while lines.next(&mut row)? {
            let queries = row.query.is_some();
            if self.rows > 0 && queries != self.queries {
                let what = if queries { "has a qid where lines before have none" } else { "has no qid" };
                return Err(lines.refuse(format!("the line {what}; all lines need one or none")));
            }
            self.queries = queries;
            self.integers &= row.label.integer.is_some();
            self.first = row.pairs.first().map_or(self.first, |&(index, _)| self.first.min(index));
            end = row.pairs.last().map_or(end, |&(index, _)| end.max(index + 1));
            self.rows += 1;
        }
        Ok(end)
    }

    /// Fails if the table is far larger than its text.
    fn refuse_expansion(&self, text: u64) -> Result<()> {
        let column = self.rows.saturating_mul(8).saturating_add(COLUMN_BYTES);
        let dense = column.saturating_mul(self.features as u64);
        if dense <= ALWAYS_ALLOWED.max(text.saturating_mul(MOST_EXPANSION)) {
            return Ok(());
        }
        let (path, rows, features) = (self.path.display(), self.rows, self.features);
        let what = format!(
            "{path}: its {text} bytes become {dense} bytes of {rows} rows with {features} features each, since \
             zeros are stored; more than {MOST_EXPANSION} times are read only with --dense"
        );
        Err(Error::new(ErrorKind::Input, what))
    }

    /// The next rows of a pass; none at its end.
    fn batch(&self, pass: &mut Pass) -> Result<Option<RecordBatch>> {
        let most = (BATCH_VALUES / (self.features + 1)).clamp(1, 8192);
        let (mut labels, mut queries) = (Vec::with_capacity(most), Vec::new());
        let mut columns: Vec<Vec<f64>> = (0..self.features).map(|_| Vec::with_capacity(most)).collect();
        while labels.len() < most && pass.lines.next(&mut pass.row)? {
            let row = labels.len();
            for &(index, value) in &pass.row.pairs {
                let column = index.checked_sub(self.first).and_then(|index| columns.get_mut(index));
                let column = column.ok_or_else(|| self.changed(&pass.lines))?;
                column.resize(row, 0.0);
                column.push(value);
            }
            if self.integers && pass.row.label.integer.is_none() || self.queries != pass.row.query.is_some() {
                return Err(self.changed(&pass.lines));
            }
            queries.extend(pass.row.query);
            labels.push(pass.row.label);
        }
        if labels.is_empty() {
            self.stamp.check_rows(pass.rows, self.rows)?;
            return Ok(None);
        }
        let rows = labels.len();
        pass.rows += rows as u64;
        let label: ArrayRef = match self.integers {
            true => Arc::new(Int64Array::from_iter(labels.iter().map(|l| l.integer))),
            false => Arc::new(Float64Array::from_iter_values(labels.iter().map(|l| l.float))),
        };
        let query = self.queries.then(|| Arc::new(Int64Array::from(queries)) as ArrayRef);
        let columns = columns.into_iter().map(|mut column| {
            column.resize(rows, 0.0);
            Arc::new(Float64Array::from(column)) as ArrayRef
        });
        let columns = std::iter::once(label).chain(query).chain(columns).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns);
        batch.map(Some).map_err(|e| unreadable(&self.path, e))
    }

    /// An error of a line that was not there when the file was first read.
    fn changed(&self, lines: &Lines) -> Error {
        lines.refuse("the file changed while it was read; convert it when it is complete")
    }
}

/// A pass over the rows.
struct Pass {
    lines: Lines,
    row: Row,
    rows: u64,
}

impl BatchSource for Libsvm {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn notes(&self) -> Vec<String> {
        let last = self.features.saturating_sub(1);
        let zero = format!("indices start at 0: the features are f0 to f{last}");
        (self.first == 0).then_some(zero).into_iter().collect()
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        self.stamp.check()?;
        let mut pass = Pass { lines: Lines::open(&self.path)?, row: Row::default(), rows: 0 };
        let next = move || self.batch(&mut pass).map_err(|e| self.stamp.explain(e)).transpose();
        Ok(Box::new(std::iter::from_fn(next)))
    }
}
