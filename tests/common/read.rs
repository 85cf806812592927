//! Everything a reader can be asked, asked.

use gede::column::Batch;
use gede::read::{ByteSource, Projection};
use gede::{Error, Reader, Result};

/// All rows, taken at once.
pub fn rows<S: ByteSource>(reader: &Reader<S>) -> Result<Batch> {
    let all: Vec<u64> = (0..reader.rows()).collect();
    reader.take(&all, &Projection::all(reader.schema()))
}

/// Opens the bytes and asks for all there is; at most `limit` rows at a time and in all. The first error.
pub fn everything(bytes: &[u8], limit: u64) -> Result<()> {
    let reader = Reader::new(bytes)?;
    let mut first: Result<()> = Ok(());
    let mut note = |result: Result<()>| {
        if first.is_ok() {
            first = result;
        }
    };
    note(reader.verify(|_| {}));
    note(take(&reader, limit));
    note(scan(&reader, limit));
    note(others(&reader));
    let unchecked = Reader::new_unchecked(bytes)?;
    note(take(&unchecked, limit));
    first
}

/// Rows from both ends and out of order, whole and by column, as values and as codes.
pub fn take<S: ByteSource>(reader: &Reader<S>, limit: u64) -> Result<()> {
    let n = reader.rows();
    let all = Projection::all(reader.schema());
    let mut rows: Vec<u64> = (0..n.min(limit)).collect();
    rows.extend(n.saturating_sub(limit.min(64))..n);
    rows.extend((0..n.min(16)).rev());
    let mut result = reader.take(&rows, &all).map(drop);
    let mut batch = Batch::default();
    for column in reader.schema().columns().take(8) {
        let projection = Projection::nodes_of(reader.schema(), &[column]).with_codes();
        for row in rows.iter().step_by(7).take(32) {
            result = result.and(reader.row(*row, &projection, &mut batch));
        }
    }
    for row in [n, u64::MAX] {
        if reader.take(&[row], &all).is_ok() {
            return Err(Error::new(gede::ErrorKind::Corrupt, "a row came back that is not there"));
        }
    }
    result
}

/// The first rows, in batches.
pub fn scan<S: ByteSource>(reader: &Reader<S>, limit: u64) -> Result<()> {
    let all = Projection::all(reader.schema());
    for batch in reader.scan(&all, 0..reader.rows().min(limit), 100)? {
        batch?;
    }
    Ok(())
}

/// What is beside the rows.
pub fn others<S: ByteSource>(reader: &Reader<S>) -> Result<()> {
    let mut result = reader.condensed().map(drop).and(reader.moments().map(drop));
    for node in 0..reader.schema().nodes().len().min(64) {
        result = result.and(reader.dictionary(node).map(drop));
    }
    if let Some((_, classes)) = reader.classes() {
        for class in 0..classes.min(64) {
            result = result.and(reader.class(class).map(drop));
        }
        for stored in 0..reader.rows().min(64) {
            result = result.and(reader.row_at(stored).map(drop));
        }
    }
    result.and(reader.account().map(drop))
}
