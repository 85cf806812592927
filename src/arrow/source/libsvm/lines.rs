//! The lines of LIBSVM text.

use super::super::compressed::{failed, open_decompressed};
use crate::error::{Error, ErrorKind, Result};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Largest index; a row of a file has at most so many lanes.
pub(crate) const MAX_INDEX: usize = (1 << 20) - 1;

/// Longest line in bytes: pairs of 32 bytes.
const MAX_LINE: u64 = 32 * MAX_INDEX as u64;

/// A label, or the number of a query.
#[derive(Clone, Copy, Default)]
pub(crate) struct Label {
    pub float: f64,
    /// The same as an integer, if it is one.
    pub integer: Option<i64>,
}

impl Label {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let wrong = |what: &str| format!("label \"{}\" {what}", shortened(text));
        let float = number(text).map_err(|what| wrong(&what))?;
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let is_digits = digits.bytes().all(|b| b.is_ascii_digit());
        let integer = match text.parse::<i64>() {
            _ if float.to_bits() == 1 << 63 => None,
            Ok(integer) => Some(integer),
            Err(_) if is_digits => return Err(wrong("is beyond 64 bits")),
            Err(_) => (float.fract() == 0.0 && float.abs() <= (1u64 << 53) as f64).then_some(float as i64),
        };
        Ok(Self { float, integer })
    }
}

/// A line: its label, its query and its pairs, by index.
#[derive(Default)]
pub(crate) struct Row {
    pub label: Label,
    pub query: Option<i64>,
    pub pairs: Vec<(usize, f64)>,
}

impl Row {
    /// Parses a line that is not empty; the error says what is wrong with it.
    pub fn parse(&mut self, line: &str) -> std::result::Result<(), String> {
        let mut words = line.split_ascii_whitespace();
        self.label = Label::parse(words.next().unwrap_or_default())?;
        self.query = None;
        self.pairs.clear();
        for (number, word) in words.enumerate() {
            let shown = || shortened(word);
            let (index, value) =
                word.split_once(':').ok_or_else(|| format!("\"{}\" is not index:value", shown()))?;
            if index == "qid" {
                if number > 0 {
                    return Err(format!("\"{}\": qid comes right after the label", shown()));
                }
                let query =
                    value.parse().map_err(|_| format!("\"{}\": the query is not an integer", shown()))?;
                self.query = Some(query);
                continue;
            }
            let index: usize =
                index.parse().map_err(|_| format!("\"{}\": the index is not a number", shown()))?;
            let value = self::number(value).map_err(|what| format!("\"{}\": the value {what}", shown()))?;
            if index > MAX_INDEX {
                return Err(format!("\"{}\": more than {MAX_INDEX} features", shown()));
            }
            self.pairs.push((index, value));
        }
        if !self.pairs.is_sorted_by(|a, b| a.0 < b.0) {
            self.pairs.sort_by_key(|&(index, _)| index);
            if let Some(pair) = self.pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(format!("index {} comes twice", pair[0].0));
            }
        }
        Ok(())
    }
}

/// A number that float64 holds, if not to the last digit.
fn number(text: &str) -> std::result::Result<f64, String> {
    let float: f64 = text.parse().map_err(|_| "is not a number".to_owned())?;
    if float.is_infinite() && text.bytes().any(|b| b.is_ascii_digit()) {
        return Err("is beyond float64".to_owned());
    }
    Ok(float)
}

/// The lines of a file that say anything, parsed.
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<Box<dyn Read + Send>>,
    line: Vec<u8>,
    number: u64,
    /// Bytes of text read so far.
    pub bytes: u64,
}

impl Lines {
    pub fn open(path: &Path) -> Result<Self> {
        let reader = BufReader::new(open_decompressed(path)?);
        Ok(Self { path: path.to_owned(), reader, line: Vec::new(), number: 0, bytes: 0 })
    }

    /// Parses the next line into `row`; false at the end.
    pub fn next(&mut self, row: &mut Row) -> Result<bool> {
        loop {
            self.line.clear();
            self.number += 1;
            let mut reader = (&mut self.reader).take(MAX_LINE);
            let read = reader.read_until(b'\n', &mut self.line).map_err(|e| failed(&self.path, e))? as u64;
            self.bytes += read;
            if read == 0 {
                return Ok(false);
            }
            if read == MAX_LINE {
                return Err(self.refuse("it is too long for LIBSVM text"));
            }
            let line = std::str::from_utf8(&self.line).map_err(|_| self.refuse("it is not text"))?;
            let line = content(line);
            if !line.is_empty() {
                return row.parse(line).map(|()| true).map_err(|what| self.refuse(what));
            }
        }
    }

    /// An error in the line that was read last.
    pub fn refuse(&self, what: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Input, format!("{}: line {}: {what}", self.path.display(), self.number))
    }
}

/// True if the first line of text that says anything is a label and pairs of LIBSVM.
pub(crate) fn looks_like_libsvm(start: &str) -> bool {
    let mut lines = start.lines().map(content).filter(|line| !line.is_empty());
    lines.next().is_some_and(|line| line.contains(':') && Row::default().parse(line).is_ok())
}

/// A line without its comment.
fn content(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// The start of a word, for a message.
fn shortened(word: &str) -> String {
    word.chars().take(40).collect()
}
