//! CSV files. The type of a column is the first of a list that holds every value of the file, so that
//! nothing is changed by reading it: bool, int64, float64, date, timestamp (with or without a zone), decimal,
//! else text. Numbers written with leading zeros and integers too large for their type stay text; empty
//! fields are nulls.

mod delimiter;
mod header;
mod notes;
mod nulls;
mod number;
mod options;
mod records;
mod text;
mod time;
mod types;
mod values;

pub use header::HEADER_NAME;
pub use options::{CsvInput, CsvType};
pub use text::TextEncoding;

use super::stamp::Stamp;
use super::{BatchSource, RecordBatches, guarded, unreadable};
use crate::error::{Error, ErrorKind, Result};
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use header::Names;
use nulls::Nulls;
use options::Type;
use records::{RawRecords, RecordReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use text::{Text, TextError};
use time::Clock;
use types::Column;
use values::Misfit;

/// Fields of a batch, about.
const BATCH_FIELDS: usize = 1 << 19;

/// Memory that a column takes whatever is in it, and what the columns of a small file may take.
const COLUMN_BYTES: u64 = 1024;
const ALWAYS_ALLOWED: u64 = 24 << 20;

/// Bytes of text from which the delimiter is found.
const START: usize = 1 << 16;

/// A CSV file.
#[derive(Clone)]
pub(crate) struct Csv {
    path: PathBuf,
    stamp: Stamp,
    delimiter: u8,
    encoding: Option<TextEncoding>,
    header: bool,
    nulls: Nulls,
    clock: Clock,
    schema: SchemaRef,
    rows: u64,
    notes: Vec<String>,
}

impl Csv {
    /// Reads the file once for the types of its columns. Its name decides if its delimiter is the tab.
    pub fn open(path: &Path, options: &CsvInput, tabs: bool) -> Result<Self> {
        let stamp = Stamp::new(path)?;
        let mut notes = Vec::new();
        let start = start(path, options.encoding)?;
        // Latin text in UTF-16 without a mark is UTF-8 too, with a zero for every other character.
        if options.encoding.is_none() && start.iter().filter(|&&b| b == 0).count() * 4 > start.len() {
            let what = format!(
                "{}: line 1: zeros as in UTF-16; --encoding utf-16le or utf-16be reads it",
                path.display()
            );
            return Err(Error::new(ErrorKind::Input, what));
        }
        let delimiter = match options.delimiter {
            Some(delimiter) => delimiter,
            None if tabs => b'\t',
            None => delimiter::sniff(path, &start),
        };
        if options.delimiter.is_none() && !tabs && delimiter != b',' {
            let name =
                if delimiter == b'\t' { "tab".to_owned() } else { format!("\"{}\"", char::from(delimiter)) };
            notes.push(format!(
                "fields are separated by {name}, as the first lines are (--delimiter says otherwise)"
            ));
        }
        let mut csv = Self {
            path: path.to_owned(),
            stamp,
            delimiter,
            encoding: options.encoding,
            header: !options.no_header,
            nulls: Nulls::new(options.nulls.as_deref()),
            clock: guarded(path, Clock::new)?,
            schema: Arc::new(Schema::empty()),
            rows: 0,
            notes,
        };
        csv.find_types(options).map_err(|e| csv.stamp.explain(e))?;
        csv.stamp.check()?;
        Ok(csv)
    }

    /// The first pass: the names and types of the columns, the number of rows.
    fn find_types(&mut self, options: &CsvInput) -> Result<()> {
        let mut records = self.records()?;
        let mut rows = RawRecords::default();
        records.next(&mut rows, 1)?;
        if rows.len() == 0 {
            let what =
                if self.header { "a line with the columns' names is needed" } else { "it has no rows" };
            return Err(records.refuse(1, format!("the file is empty; {what}")));
        }
        let first: Vec<String> = {
            let fields =
                rows.fields().map_err(|(_, field)| self.no_text(&records, &rows, (0, field), &[]))?;
            fields.record(0).map(str::to_owned).collect()
        };
        self.refuse_emptiness(&records, first.len())?;
        let Names { names, doubles, mut notes } = match self.header {
            true => Names::of_header(first.iter().map(String::as_str)),
            false => Names::numbered(first.len()),
        };
        let given = self.given(&names, options)?;
        self.notes.extend(
            records.encoding().map(|e| format!("the text is {e}")).filter(|_| self.encoding.is_none()),
        );
        self.notes.append(&mut notes);

        let most = batch_rows(names.len());
        let mut columns = vec![Column::new(); names.len()];
        if self.header {
            records.next(&mut rows, most)?;
        }
        while rows.len() > 0 {
            let fields = rows.fields().map_err(|at| self.no_text(&records, &rows, at, &names))?;
            for (index, (column, given)) in columns.iter_mut().zip(&given).enumerate() {
                let values = || fields.column(index);
                let (fits, wanted) = match given {
                    Some(Type::This(DataType::Utf8)) => continue,
                    Some(Type::This(wanted)) => (
                        values::array(wanted, values(), &self.nulls, self.clock).map(drop),
                        wanted.to_string(),
                    ),
                    Some(Type::Timestamp) => {
                        (values::times(values(), &self.nulls, self.clock), "a timestamp".to_owned())
                    }
                    None => (Ok(()), String::new()),
                };
                fits.map_err(|misfit| self.misfit(&rows, misfit, &names[index], &wanted))?;
                for (row, value) in values().enumerate() {
                    column.add(value, rows.line(row), &self.nulls, self.clock);
                }
            }
            self.rows += rows.len() as u64;
            records.next(&mut rows, most)?;
        }
        if let (blank @ 1.., line) = records.blank_lines() {
            let lines = if blank == 1 { "1 empty line was" } else { &format!("{blank} empty lines were") };
            self.notes.push(format!("{lines} passed over, first line {line}"));
        }
        let fields = names.iter().zip(&columns).zip(&given).map(|((name, column), given)| {
            let data_type = match given {
                Some(Type::This(data_type)) => data_type.clone(),
                Some(Type::Timestamp) => self.timestamp(name, column)?,
                None => column.data_type(&self.nulls),
            };
            let double = doubles.get(name).map(|header| (HEADER_NAME.to_owned(), header.clone()));
            Ok(Field::new(name, data_type, true).with_metadata(double.into_iter().collect()))
        });
        self.schema = Arc::new(Schema::new(fields.collect::<Result<Fields>>()?));
        let given: Vec<bool> = given.iter().map(Option::is_some).collect();
        self.notes.extend(notes::of_columns(&self.schema, &columns, &given, &self.nulls));
        self.notes.extend(self.header_hint(&first));
        Ok(())
    }

    /// Fails if the header has far more columns than the file has bytes to fill them with.
    fn refuse_emptiness(&self, records: &RecordReader, columns: usize) -> Result<()> {
        let length = self.stamp.length();
        if columns as u64 * COLUMN_BYTES <= ALWAYS_ALLOWED + 4 * length {
            return Ok(());
        }
        let most = ALWAYS_ALLOWED / COLUMN_BYTES;
        let what = format!(
            "{columns} columns in a file of {length} bytes, next to nothing a column; more than {most} are read of larger \
             files only: turn the table round"
        );
        Err(records.refuse(1, what))
    }

    /// The types that were asked for, column by column.
    fn given(&self, names: &[String], options: &CsvInput) -> Result<Vec<Option<Type>>> {
        let mut given = vec![None; names.len()];
        for (name, CsvType(data_type)) in &options.types {
            let refuse = |what| Err(Error::argument(format!("{}: {what}", self.path.display())));
            let Some(index) = names.iter().position(|n| n == name) else {
                let all: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
                return refuse(format!("no column \"{name}\" for --type; there are {}", header::some(&all)));
            };
            if given[index].replace(data_type.clone()).is_some() {
                return refuse(format!("column \"{name}\" is given two types"));
            }
        }
        Ok(given)
    }

    /// The type of a column that was said to be one of timestamps.
    fn timestamp(&self, name: &str, column: &Column) -> Result<DataType> {
        column.time().ok_or_else(|| {
            let what = match &column.unheld {
                Some(seen) => format!("line {}: column \"{name}\": no timestamp holds {}", seen.line, seen.value),
                None => format!(
                    "column \"{name}\": no timestamp holds all its times: some have a zone and some have none, or their \
                     range is too large for their precision"
                ),
            };
            Error::new(ErrorKind::Input, format!("{}: {what}", self.path.display()))
        })
    }

    /// True if a header looks like a row: what is in the columns of numbers and times is of their types.
    fn header_hint(&self, first: &[String]) -> Option<String> {
        let typed = || {
            let fields = self.schema.fields().iter().zip(first);
            fields.filter(|(field, _)| !matches!(field.data_type(), DataType::Utf8 | DataType::Null))
        };
        let fits = |(field, name): (&Arc<Field>, &String)| {
            let mut column = Column::new();
            column.add(name, 1, &self.nulls, self.clock);
            // Whole numbers stand in columns of floats too.
            column.values == 1 && column.others == 0 && *field.data_type() != DataType::Boolean
        };
        let looks = self.header && self.rows > 0 && typed().next().is_some() && typed().all(fits);
        looks.then(|| {
            let names: Vec<String> = first.iter().map(|name| format!("\"{name}\"")).collect();
            let names = header::some(&names);
            format!("the first line looks like a row, but is read as the columns' names {names} (--no-header reads it as a row)")
        })
    }

    fn records(&self) -> Result<RecordReader> {
        Ok(RecordReader::new(Text::open(&self.path, self.encoding)?, self.delimiter, self.stamp.length()))
    }

    fn no_text(
        &self,
        records: &RecordReader,
        rows: &RawRecords,
        at: (usize, usize),
        names: &[String],
    ) -> Error {
        let (row, field) = at;
        let column = names.get(field).map_or_else(|| format!("{}", field + 1), |name| format!("\"{name}\""));
        let what =
            format!("column {column}: the text is not UTF-8; name its encoding, such as --encoding latin-1");
        records.refuse(rows.line(row), what)
    }

    fn misfit(&self, rows: &RawRecords, misfit: Misfit, column: &str, wanted: &str) -> Error {
        let (path, line, value) =
            (self.path.display(), rows.line(misfit.row), types::shortened(&misfit.value));
        let what = format!("{path}: line {line}: column \"{column}\": \"{value}\" is not {wanted}");
        Error::new(ErrorKind::Input, what)
    }
}

/// Rows of a batch, at most.
fn batch_rows(columns: usize) -> usize {
    (BATCH_FIELDS / columns.max(1)).clamp(1, 8192)
}

/// The first lines of a file.
fn start(path: &Path, encoding: Option<TextEncoding>) -> Result<Vec<u8>> {
    let mut text = Text::open(path, encoding)?;
    let (mut start, mut next) = (Vec::new(), Vec::new());
    while start.len() < START {
        // Bytes of another encoding are refused with their line when the file is read.
        match text.next(&mut next) {
            Ok(()) if next.is_empty() => return Ok(start),
            Ok(()) => start.append(&mut next),
            Err(TextError::File(e)) => return Err(e),
            Err(TextError::Malformed(_)) => return Ok(start),
        }
    }
    start.truncate(start.iter().rposition(|&b| b == b'\n').map_or(start.len(), |end| end + 1));
    Ok(start)
}

impl BatchSource for Csv {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        self.stamp.check()?;
        let mut records = self.records()?;
        let mut rows = RawRecords::default();
        if self.header {
            records.next(&mut rows, 1).map_err(|e| self.stamp.explain(e))?;
        }
        Ok(Box::new(Pass { csv: self, records, rows, seen: 0, ended: false }))
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn is_csv(&self) -> bool {
        true
    }

    fn as_text(&self, column: usize) -> Option<Box<dyn BatchSource>> {
        let mut fields = self.schema.fields().to_vec();
        fields[column] = Arc::new(fields[column].as_ref().clone().with_data_type(DataType::Utf8));
        Some(Box::new(Self { schema: Arc::new(Schema::new(fields)), ..self.clone() }))
    }
}

/// A pass over the rows, after the first that found the types.
struct Pass<'a> {
    csv: &'a Csv,
    records: RecordReader,
    rows: RawRecords,
    seen: u64,
    ended: bool,
}

impl Pass<'_> {
    fn batch(&mut self) -> Result<Option<RecordBatch>> {
        let csv = self.csv;
        let columns = csv.schema.fields();
        self.records.next(&mut self.rows, batch_rows(columns.len()))?;
        if self.rows.len() == 0 {
            csv.stamp.check_rows(self.seen, csv.rows)?;
            return Ok(None);
        }
        self.seen += self.rows.len() as u64;
        let names = || columns.iter().map(|f| f.name().clone()).collect::<Vec<_>>();
        let fields = self.rows.fields().map_err(|at| csv.no_text(&self.records, &self.rows, at, &names()))?;
        let array = |(index, field): (usize, &Arc<Field>)| {
            let array = values::array(field.data_type(), fields.column(index), &csv.nulls, csv.clock);
            array.map_err(|misfit| {
                csv.misfit(&self.rows, misfit, field.name(), &field.data_type().to_string())
            })
        };
        let arrays = columns.iter().enumerate().map(array).collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows.len()));
        let batch = RecordBatch::try_new_with_options(csv.schema.clone(), arrays, &options);
        batch.map(Some).map_err(|e| unreadable(&csv.path, e))
    }
}

impl Iterator for Pass<'_> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let batch = self.batch().map_err(|e| self.csv.stamp.explain(e)).transpose();
        self.ended = !matches!(batch, Some(Ok(_)));
        batch
    }
}
