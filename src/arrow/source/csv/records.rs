//! The records of CSV text. The state machine is our own since the readers of the `csv` and `arrow`
//! crates take an unclosed quote for a field to the end of the file, text after a closing quote for a
//! part of the field, and count records where people count lines.

use super::text::{Text, TextError};
use crate::error::{Error, ErrorKind, Result};
use std::ops::Range;

/// Most columns. A header of commas alone would take memory for a column a byte.
pub(crate) const MAX_COLUMNS: usize = 65_535;

/// Longest record in bytes. A quote that is never closed takes the rest of the file into one.
const MAX_RECORD: usize = 64 << 20;

/// Longest record of any file. Beyond that a record may have four times the bytes of its file, which only one in a
/// compressed file has.
const ALWAYS_ALLOWED: usize = 4 << 20;

/// Bytes of text after which a batch is handed out.
const BATCH_BYTES: usize = 4 << 20;

/// Some records of one length.
#[derive(Default)]
pub(crate) struct RawRecords {
    data: Vec<u8>,
    /// Where fields end in `data`, record after record.
    ends: Vec<usize>,
    /// The line where each record begins.
    lines: Vec<u64>,
}

impl RawRecords {
    pub fn clear(&mut self) {
        self.data.clear();
        self.ends.clear();
        self.lines.clear();
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line where a record begins.
    pub fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }

    fn columns(&self) -> usize {
        self.ends.len() / self.lines.len().max(1)
    }

    fn range(&self, field: usize) -> Range<usize> {
        let start = if field == 0 { 0 } else { self.ends[field - 1] };
        start..self.ends[field]
    }

    /// The records as text; the error is the record and the field that are not UTF-8.
    pub fn fields(&self) -> std::result::Result<Fields<'_>, (usize, usize)> {
        // Parts of a character at the end of one field and the start of the next are UTF-8 only together.
        let whole = |text: &&str| self.ends.iter().all(|&end| text.is_char_boundary(end));
        if let Some(text) = std::str::from_utf8(&self.data).ok().filter(whole) {
            return Ok(Fields { rows: self, text });
        }
        let is_text = |field| std::str::from_utf8(&self.data[self.range(field)]).is_ok();
        let bad = (0..self.ends.len()).take_while(|&field| is_text(field)).count();
        Err((bad / self.columns(), bad % self.columns()))
    }
}

/// Records whose text is known to be UTF-8.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    rows: &'a RawRecords,
    text: &'a str,
}

impl<'a> Fields<'a> {
    /// The fields of a record.
    pub fn record(self, row: usize) -> impl Iterator<Item = &'a str> {
        let columns = self.rows.columns();
        (row * columns..(row + 1) * columns).map(move |field| &self.text[self.rows.range(field)])
    }

    /// The values of a column.
    pub fn column(self, column: usize) -> impl Iterator<Item = &'a str> {
        let columns = self.rows.columns();
        (0..self.rows.len()).map(move |row| &self.text[self.rows.range(row * columns + column)])
    }
}

/// Records of a text, from its start.
pub(crate) struct RecordReader {
    text: Text,
    delimiter: u8,
    /// Bytes of the longest record.
    most: usize,
    buffer: Vec<u8>,
    at: usize,
    line: u64,
    /// Fields of a record, once the first was read.
    columns: Option<usize>,
    blank: u64,
    first_blank: u64,
}

impl RecordReader {
    /// The records of a text in a file of `length` bytes.
    pub fn new(text: Text, delimiter: u8, length: u64) -> Self {
        let buffer = Vec::new();
        let most = usize::try_from(length.saturating_mul(4)).unwrap_or(MAX_RECORD);
        let most = most.clamp(ALWAYS_ALLOWED, MAX_RECORD);
        Self { text, delimiter, most, buffer, at: 0, line: 1, columns: None, blank: 0, first_blank: 0 }
    }

    /// Lines without a character that were passed over, and the first of them.
    pub fn blank_lines(&self) -> (u64, u64) {
        (self.blank, self.first_blank)
    }

    pub fn encoding(&self) -> Option<&'static str> {
        self.text.encoding()
    }

    /// Replaces `rows` by the next ones, at most `most`; by none at the end. All have as many fields as the
    /// first that was read.
    pub fn next(&mut self, rows: &mut RawRecords, most: usize) -> Result<()> {
        rows.clear();
        while rows.len() < most && rows.data.len() < BATCH_BYTES {
            let line = self.line;
            let before = rows.ends.len();
            if !self.record(rows)? {
                break;
            }
            let fields = rows.ends.len() - before;
            let columns = *self.columns.get_or_insert(fields);
            if fields != columns {
                return Err(self.ragged(line, fields, columns));
            }
            rows.lines.push(line);
        }
        Ok(())
    }

    /// The number of fields of the next record; none at the end.
    pub fn count(&mut self, rows: &mut RawRecords) -> Result<Option<usize>> {
        rows.clear();
        Ok(self.record(rows)?.then_some(rows.ends.len()))
    }

    /// An error in a line.
    pub fn refuse(&self, line: u64, what: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Input, format!("{}: line {line}: {what}", self.text.path().display()))
    }

    fn ragged(&self, line: u64, fields: usize, columns: usize) -> Error {
        let last = self.line - 1;
        let spans = match last > line {
            true => format!("; a quote takes it to line {last}"),
            false => String::new(),
        };
        let many = |n: usize| if n == 1 { "1 field".to_owned() } else { format!("{n} fields") };
        let (fields, columns) = (many(fields), many(columns));
        self.refuse(line, format!("{fields} where the first line has {columns}{spans}"))
    }

    /// The byte that comes next; none at the end.
    fn peek(&mut self) -> Result<Option<u8>> {
        if self.at == self.buffer.len() {
            self.at = 0;
            self.text.next(&mut self.buffer).map_err(|e| match e {
                TextError::File(e) => e,
                TextError::Malformed(what) => self.refuse(self.line, what),
            })?;
        }
        Ok(self.buffer.get(self.at).copied())
    }

    /// Adds the fields of the next record; false at the end. Lines without a character are none.
    fn record(&mut self, rows: &mut RawRecords) -> Result<bool> {
        let start = rows.data.len();
        let first = self.line;
        loop {
            match self.peek()? {
                None => return Ok(false),
                Some(b'\n' | b'\r') => {
                    if self.blank == 0 {
                        self.first_blank = self.line;
                    }
                    self.blank += 1;
                    self.end_of_line()?;
                }
                Some(_) => break,
            }
        }
        let mut fields = 0;
        loop {
            if self.peek()? == Some(b'"') {
                self.quoted(rows, start)?;
            } else {
                self.plain(rows, start, first)?;
            }
            rows.ends.push(rows.data.len());
            fields += 1;
            match self.peek()? {
                Some(byte) if byte == self.delimiter => {
                    self.at += 1;
                    if fields == MAX_COLUMNS {
                        let what = format!("more than {MAX_COLUMNS} columns; turn the table round");
                        return Err(self.refuse(first, what));
                    }
                }
                Some(_) => {
                    self.end_of_line()?;
                    break;
                }
                None => {
                    // So that the lines of a record are those before `line`, as with an end of line.
                    self.line += 1;
                    break;
                }
            }
        }
        Ok(true)
    }

    /// A field without quotes, up to the delimiter or the end of the line.
    fn plain(&mut self, rows: &mut RawRecords, start: usize, first: u64) -> Result<()> {
        while self.peek()?.is_some() {
            let rest = &self.buffer[self.at..];
            let delimiter = self.delimiter;
            let end = rest.iter().position(|&b| b == delimiter || b == b'\n' || b == b'\r');
            rows.data.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
            self.at += end.unwrap_or(rest.len());
            if rows.data.len() - start > self.most {
                let what = format!("the row is longer than {} MiB", self.most >> 20);
                return Err(self.refuse(first, what));
            }
            if end.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// A field in quotes, in which a quote is written twice.
    fn quoted(&mut self, rows: &mut RawRecords, start: usize) -> Result<()> {
        let opened = self.line;
        self.at += 1;
        loop {
            if self.peek()?.is_none() {
                let what =
                    "the quote that opens here is not closed; close it, or write it twice within quotes";
                return Err(self.refuse(opened, what));
            }
            let rest = &self.buffer[self.at..];
            let end = rest.iter().position(|&b| b == b'"');
            let part = &rest[..end.unwrap_or(rest.len())];
            self.line += part.iter().filter(|&&b| b == b'\n').count() as u64;
            rows.data.extend_from_slice(part);
            self.at += part.len();
            if rows.data.len() - start > self.most {
                let what = format!("the quote that opens here is not closed for {} MiB", self.most >> 20);
                return Err(self.refuse(opened, what));
            }
            if end.is_none() {
                continue;
            }
            self.at += 1;
            match self.peek()? {
                Some(b'"') => {
                    rows.data.push(b'"');
                    self.at += 1;
                }
                None | Some(b'\n' | b'\r') => return Ok(()),
                Some(byte) if byte == self.delimiter => return Ok(()),
                Some(_) if opened == self.line => {
                    let what = "text follows a closing quote; a quote within quotes is written twice";
                    return Err(self.refuse(opened, what));
                }
                Some(_) => {
                    let what = format!(
                        "the quote that opens here is not closed before line {}, where text follows a quote",
                        self.line
                    );
                    return Err(self.refuse(opened, what));
                }
            }
        }
    }

    /// Passes over `\n`, `\r\n` or `\r`.
    fn end_of_line(&mut self) -> Result<()> {
        if self.peek()? == Some(b'\r') {
            self.at += 1;
            if self.peek()? == Some(b'\n') {
                self.at += 1;
            }
        } else {
            self.at += 1;
        }
        self.line += 1;
        Ok(())
    }
}
