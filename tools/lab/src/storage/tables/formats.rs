//! The measurements of every format, made in the same way.

use cpu_time::ProcessTime;
use gede::Result;

use super::rows::TableRow;
use super::set::TableSet;

/// A table in a format.
pub struct Stored {
    pub bytes: u64,
    /// Seconds of the processor.
    pub seconds: f64,
}

impl Stored {
    /// Times the making of some bytes.
    pub fn timed(make: impl FnOnce() -> Result<u64>) -> Result<Self> {
        let begun = ProcessTime::now();
        let bytes = make()?;
        Ok(Self { bytes, seconds: begun.elapsed().as_secs_f64() })
    }

    /// The row of the result table, without times of reading.
    pub fn row(
        &self,
        set: &TableSet,
        blank: &TableRow,
        format: &'static str,
        what: impl Into<String>,
    ) -> TableRow {
        TableRow {
            format,
            what: what.into(),
            bytes: self.bytes,
            share: 100.0 * self.bytes as f64 / set.raw_bytes as f64,
            encode_mb_s: set.raw_bytes as f64 / self.seconds / 1e6,
            ..blank.clone()
        }
    }
}
