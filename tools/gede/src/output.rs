//! Output for people and machines: lines, tables, JSON.

use gede::internal::NewFile;
use gede::{Error, ErrorKind, Result};
use serde::Serialize;
use std::error::Error as _;
use std::io::{self, Write};
use std::path::Path;

/// Writes to standard output.
pub fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Writes bytes to standard output.
pub fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(failed)
}

/// Writes a value as JSON, indented.
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| Error::new(ErrorKind::Argument, format!("as JSON: {e}")))?;
    print(&(text + "\n"))
}

/// Writes to standard error what standard output has no room for, if anybody listens.
pub fn print_aside(text: &str) -> Result<()> {
    let _ = io::stderr().lock().write_all(text.as_bytes());
    Ok(())
}

/// The same of a value as JSON.
pub fn json_aside(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| Error::new(ErrorKind::Argument, format!("as JSON: {e}")))?;
    print_aside(&(text + "\n"))
}

/// Notes as lines below a summary.
pub fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| format!("  {note}\n")).collect()
}

/// A path as JSON has it, which is text: a byte that is not UTF-8 becomes a replacement character, as people see it.
/// `serde_json` fails on such a path.
pub fn path(path: &Path) -> String {
    path.display().to_string()
}

/// Writes a line to standard error, after the program's name, if anybody listens.
pub fn complain(program: &str, line: &str) {
    let _ = writeln!(io::stderr(), "{program}: {line}");
}

/// Writes a file that appears whole: a failure leaves what was there.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = NewFile::create(path, true)?;
    file.write_all(bytes).map_err(|e| Error::io(format!("cannot write {}", path.display()), e))?;
    file.commit()
}

/// An error of writing to standard output.
pub fn failed(error: io::Error) -> Error {
    Error::io("standard output", error)
}

/// True if the reader of standard output closed it: the command has then done enough.
pub fn is_closed(error: &Error) -> bool {
    let source = error.source().and_then(|e| e.downcast_ref::<io::Error>());
    source.is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// Columns of text, aligned.
#[derive(Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    left: usize,
}

impl Table {
    /// A table whose first `left` columns are aligned to the left, the others to the right.
    pub fn new(left: usize) -> Self {
        Self { rows: Vec::new(), left }
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.map(str::to_owned).to_vec());
    }

    pub fn push(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines, each after `indent` spaces.
    pub fn render(&self, indent: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |i: usize| {
            self.rows.iter().filter_map(|row| row.get(i)).map(|c| c.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let gap = if i == 0 { "" } else { "  " };
                line += &if i < self.left {
                    format!("{gap}{cell:<width$}")
                } else {
                    format!("{gap}{cell:>width$}")
                };
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

/// A whole number in groups of three digits: `20,640`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = tail.as_bytes().chunks(3).map(|g| String::from_utf8_lossy(g).into_owned());
    let all: Vec<String> =
        Some(head.to_owned()).filter(|h| !h.is_empty()).into_iter().chain(groups).collect();
    all.join(",")
}

/// A number of bytes in the unit that suits it: `1.4 MB`.
pub fn bytes(n: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
    let (mut value, mut unit) = (n as f64, 0);
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    match (unit, value < 9.95) {
        (0, _) => format!("{n} bytes"),
        (_, true) => format!("{value:.1} {}", units[unit]),
        _ => format!("{value:.0} {}", units[unit]),
    }
}

/// A part of a whole in per cent: `41.3 %`.
pub fn percent(part: f64, whole: f64) -> String {
    if whole > 0.0 { format!("{:.1} %", 100.0 * part / whole) } else { "-".to_owned() }
}

/// Seconds in the unit that suits them: `3.2 ms`.
pub fn seconds(s: f64) -> String {
    match s {
        s if s < 0.999_5e-3 => format!("{:.0} µs", s * 1e6),
        s if s < 0.099_95 => format!("{:.1} ms", s * 1e3),
        s if s < 0.999_5 => format!("{:.0} ms", s * 1e3),
        s => format!("{s:.1} s"),
    }
}

/// A number of things: `1 row`, `2 rows`.
pub fn many(n: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { more })
}

/// Names in a line: the first ten, and how many more there are.
pub fn list<T: AsRef<str>>(names: &[T]) -> String {
    const MOST: usize = 10;
    let mut text = names.iter().take(MOST).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if let Some(more) = names.len().checked_sub(MOST).filter(|&more| more > 0) {
        text += &format!(" and {} more", count(more as u64));
    }
    text
}
