//! `gede salvage`: the rows of a damaged file that are whole, in a new one.

use super::convert::How;
use super::merge::inherit;
use super::{misuse, refuse_existing, row_bytes};
use crate::output::{bytes, json, many, notes, path, print};
use crate::progress::Bar;
use gede::arrow::ArrowTable;
use gede::read::Projection;
use gede::write::Progress;
use gede::{Error, ErrorKind, Reader, Result, Writer};
use serde_json::json;
use std::ops::Range;
use std::path::PathBuf;

/// Bytes of values that are always read, and how many times its own a file may have beyond that.
const MOST_BYTES: u64 = 1 << 30;
const MOST_TIMES: u64 = 1000;

/// Copy the undamaged rows of a damaged file to a new one, and list the damaged rows
#[derive(clap::Args)]
pub struct Salvage {
    /// The damaged gede file
    damaged: PathBuf,
    /// The file to write
    output: PathBuf,
    /// Columns to write, in this order; damage to others does not matter [default: all]
    ///
    /// Name the target with --target in this case: it is not taken over from the damaged file.
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// Replace the file to write if it exists
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    how: How,
}

impl Salvage {
    pub fn run(&self, as_json: bool) -> Result<()> {
        if self.damaged == self.output {
            return Err(misuse(format!("{}: is to be read and to be written", self.output.display())));
        }
        refuse_existing(&self.output, self.overwrite)?;
        let at = |e: Error| e.at(self.damaged.display());
        // Not mapped: the pages of a failing disk may not be there when they are touched.
        let reader = Reader::open(&self.damaged)?;
        let columns = match &self.columns {
            Some(names) => Projection::columns(reader.schema(), names)?.with_large_lists(),
            None => Projection::all(reader.schema()).with_large_lists(),
        };
        let (bar, of) = (Bar::new(), reader.rows());
        let size = of.saturating_mul(row_bytes(reader.schema()) as u64);
        if size > MOST_BYTES && size / MOST_TIMES > reader.file_length() {
            let file = bytes(reader.file_length());
            let what =
                format!("{of} rows of {} in {file}: more than {MOST_TIMES} times the file", bytes(size));
            return Err(at(Error::new(ErrorKind::Argument, what)));
        }
        let mut done = 0;
        let whole = reader.whole_rows(&columns, |more| {
            done += more;
            bar.set(Progress { pass: "looking at rows", rows: done, of: Some(of) });
        });
        let whole = whole.map_err(at)?;
        let damaged = between(&whole, of);
        if whole.is_empty() && of > 0 {
            let what = "no row of it is whole; --columns leaves out columns that are damaged";
            return Err(at(Error::new(ErrorKind::Corrupt, what)));
        }
        let (mut options, mut said) = (self.how.options(self.overwrite), Vec::new());
        if self.columns.is_none()
            && let Err(e) = inherit(&reader, &mut options)
        {
            said.push(format!(
                "its condensed samples and moments are left out: {e}; --target computes new ones"
            ));
        }
        match reader.metadata() {
            Ok(mut metadata) => {
                metadata.append(&mut options.metadata);
                options.metadata = metadata;
            }
            Err(e) => said.push(format!("its key-values are left out: {e}; --metadata stores new ones")),
        }
        let table = ArrowTable::from_part(&self.damaged, &columns, &whole)?;
        let report = Writer::new(options.clone()).progress(bar.on_pass()).write(&self.output, &table)?;
        if as_json {
            return json(&json!({
                "file": path(&self.damaged),
                "rows": of,
                "whole": report.rows,
                "damaged": damaged.iter().map(|rows| [rows.start, rows.end]).collect::<Vec<_>>(),
                "file_length": report.file_length,
                "notes": said,
            }));
        }
        let lost = damaged.iter().map(|rows| format!("damaged: rows {}..{}", rows.start, rows.end));
        said.splice(0..0, lost);
        let (rows, length) = (many(of, "row", "rows"), bytes(report.file_length));
        let summary = format!("{}: {} of {rows} in {length}\n", self.output.display(), report.rows);
        print(&(summary + &notes(&said)))
    }
}

/// The rows that are in none of some ranges, which are in order.
fn between(ranges: &[Range<u64>], rows: u64) -> Vec<Range<u64>> {
    let mut next = 0;
    let mut others = Vec::new();
    for range in ranges.iter().cloned().chain(std::iter::once(rows..rows)) {
        if range.start > next {
            others.push(next..range.start);
        }
        next = range.end;
    }
    others
}
