//! The rows of the result table, as they are written to CSV.

use serde::Serialize;

/// One way to store one table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TableRow {
    pub set: String,
    /// `gede`, or the format that it is compared with.
    pub format: &'static str,
    /// How it is stored.
    pub what: String,
    /// True if the row only shows the worth of one part of the coding.
    pub ablation: bool,
    pub rows: u64,
    pub columns: u64,
    /// 8 bytes a number, as the paper counts, and what strings have with 4 bytes for each; of the generated table its
    /// types' bytes.
    pub raw_bytes: u64,
    /// Bytes of whole files; for coders of columns, the sum over the columns.
    pub bytes: u64,
    /// The bytes, in percent of the raw ones.
    pub share: f64,
    /// Microseconds of the processor that a random row takes, 1,000 different ones at a time, to an Arrow batch.
    pub random_row_us: Option<f64>,
    /// Milliseconds of the processor that all rows take, to Arrow batches; of coders of columns to vectors.
    pub scan_ms: Option<f64>,
    /// Millions of raw bytes a second of the processor, one thread.
    pub encode_mb_s: f64,
    pub machine: String,
}
