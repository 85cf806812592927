//! Record batches as the batches of a writer, none too large.

use super::expanded;
use super::ingest::ingest_from;
use crate::column::Batch;
use crate::earned::room;
use crate::error::{Error, Result};
use crate::format::schema::Schema;
use arrow::record_batch::RecordBatch;

/// Most rows and bytes, about, of a piece.
const ROWS: usize = 65_536;
const BYTES: usize = 8 << 20;

/// Cuts record batches into pieces and turns these into values.
pub(super) struct Pieces {
    /// Most rows of a piece.
    most: usize,
    rest: Option<RecordBatch>,
    /// The number of the next row, for errors.
    row: u64,
}

impl Pieces {
    pub fn new(schema: &Schema) -> Self {
        let row_bytes = schema.nodes().iter().map(|n| n.instances as usize * usize::from(n.bits.max(8)) / 8);
        let most = (BYTES / row_bytes.sum::<usize>().max(1)).clamp(1, ROWS);
        Self { most, rest: None, row: 0 }
    }

    /// Takes a batch, once the pieces of the last one are used up.
    pub fn put(&mut self, batch: RecordBatch) {
        debug_assert!(self.rest.is_none(), "pieces are left");
        self.rest = (batch.num_rows() > 0).then_some(batch);
    }
}

/// The pieces of the batch.
impl Iterator for Pieces {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        let batch = self.rest.take()?;
        let rows = batch.num_rows();
        let taken = expanded::rows_within(&batch, self.most, BYTES);
        self.rest = (rows > taken).then(|| batch.slice(taken, rows - taken));
        let first = self.row;
        self.row += taken as u64;
        let batch = batch.slice(0, taken);
        let room = room(expanded::bytes(&batch, taken) as u64);
        Some(room.map_err(|e| Error::io("cannot read a batch", e)).and_then(|()| ingest_from(&batch, first)))
    }
}
