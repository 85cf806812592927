//! Verdicts of this crate on files, for `spec/differential.py`: reads a path a line from the input and prints a line for
//! each: `whole` with the checksums of its dumps (rows, condensed samples, covariances, coreset), or the kind of the
//! error and its message.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../common/dump.rs"]
mod dump;

use std::io::{BufRead, Write};
use std::panic::catch_unwind;

use gede::Reader;
use gede::error::Result;
use gede::read::Projection;

/// Rows that are dumped at most: a few bytes of a file may stand for any number.
const MOST_ROWS: u64 = 1 << 16;

fn main() {
    for path in std::io::stdin().lock().lines() {
        let path = path.expect("paths");
        let verdict = match catch_unwind(|| verdict(&path)) {
            Ok(Ok(whole)) => whole,
            Ok(Err(error)) => format!("{:?} {}", error.kind(), error.to_string().replace('\n', " ")),
            Err(_) => "Panic".to_owned(),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{verdict}").and_then(|()| out.flush()).expect("output");
    }
}

fn verdict(path: &str) -> Result<String> {
    let reader = Reader::open(path)?;
    reader.verify(|_| {})?;
    if reader.rows() > MOST_ROWS {
        return Ok("Many".to_owned());
    }
    let all: Vec<u64> = (0..reader.rows()).collect();
    let rows = dump::dump(reader.schema(), &reader.take(&all, &Projection::all(reader.schema()))?);
    let condensed = reader.condensed()?;
    let features = condensed.as_ref().map_or(0, |c| c.features.len());
    let dumps = [
        Some(rows),
        // The names of the condensed table are free.
        condensed
            .map(|c| dump::dump_condensed(&c))
            .map(|text| text[text.find('\n').unwrap_or(0)..].to_owned()),
        reader.cell_covariances()?.map(|c| dump::dump_covariances(features, &c)),
        reader.coreset()?.map(|c| dump::dump_coreset(reader.schema(), &c)),
    ];
    let sums = dumps
        .map(|dump| dump.map_or("-".to_owned(), |text| format!("{:08x}", crc32fast::hash(text.as_bytes()))));
    Ok(format!("whole {}", sums.join(" ")))
}
