//! Cutting batches into segments.

use super::table::Batches;
use crate::column::{Batch, Schema};
use crate::error::Result;

/// Rows coded together, at most.
pub(crate) const SEGMENT_ROWS: usize = 65_536;
/// Memory that the fields, or the values, of a segment may take.
pub(crate) const SEGMENT_BYTES: usize = 64 << 20;

/// Most rows of a segment of a schema.
pub(super) fn segment_rows(schema: &Schema, wanted: usize) -> usize {
    wanted.min(SEGMENT_BYTES / schema.row_bytes().max(8)).max(1)
}

/// The segments of a pass.
pub(super) struct Segments<'a> {
    schema: &'a Schema,
    batches: Batches<'a>,
    rows: usize,
    /// A batch and how many of its rows are used up.
    current: Option<(Batch, usize)>,
}

impl<'a> Segments<'a> {
    /// Cuts batches into segments of `rows` rows, fewer where strings are long.
    pub fn new(schema: &'a Schema, batches: Batches<'a>, rows: usize) -> Self {
        Self { schema, batches, rows, current: None }
    }

    fn fill(&mut self) -> Result<Option<Batch>> {
        let mut segment = Batch::empty(self.schema);
        while segment.rows < self.rows && segment.bytes() < SEGMENT_BYTES {
            let (batch, used) = match self.current.take() {
                Some(current) => current,
                None => match self.batches.next().transpose()? {
                    Some(batch) => {
                        batch.check(self.schema)?;
                        (batch, 0)
                    }
                    None => break,
                },
            };
            // Of long strings no more than fit: rows are counted by the batch's mean.
            let mean = batch.bytes() / batch.rows.max(1);
            let room = (SEGMENT_BYTES - segment.bytes()) / mean.max(1) + 1;
            let take = (batch.rows - used).min(self.rows - segment.rows).min(room);
            if segment.rows == 0 && used == 0 && take == batch.rows {
                segment = batch;
                continue;
            }
            segment.append(self.schema, &batch, used..used + take);
            if used + take < batch.rows {
                self.current = Some((batch, used + take));
            }
        }
        Ok((segment.rows > 0).then_some(segment))
    }
}

impl Iterator for Segments<'_> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        self.fill().transpose()
    }
}
