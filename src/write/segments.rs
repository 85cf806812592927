//! Cutting batches into segments.

use std::ops::Range;

use crate::column::values::Batch;
use crate::earned::room;
use crate::error::{Error, Result};
use crate::format::schema::Schema;
use crate::write::table::Batches;

/// Rows coded together, at most.
pub(crate) const SEGMENT_ROWS: usize = 65_536;
/// Memory that the fields, or the values, of a segment may take.
pub(crate) const SEGMENT_BYTES: usize = 64 << 20;

/// Most rows of a segment of a schema.
pub(crate) fn segment_rows(schema: &Schema, wanted: usize) -> usize {
    wanted.min(SEGMENT_BYTES / schema.row_bytes().max(8)).max(1)
}

/// The segments of a pass.
pub(crate) struct Segments<'a> {
    schema: &'a Schema,
    batches: Batches<'a>,
    rows: usize,
    /// Rows that are still to come, where this is known.
    left: Option<u64>,
    /// A batch and how many of its rows are used up.
    current: Option<(Batch, usize)>,
}

impl<'a> Segments<'a> {
    /// Cuts batches, of `all` rows if this is known, into segments of `rows` rows, fewer where strings are long.
    pub fn new(schema: &'a Schema, batches: Batches<'a>, all: Option<u64>, rows: usize) -> Self {
        Self { schema, batches, rows, left: all, current: None }
    }

    /// Rows that the next segment is expected to have; 0 if this is not known.
    fn expected(&self) -> usize {
        self.left.map_or(0, |left| self.rows.min(usize::try_from(left).unwrap_or(self.rows)))
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
            let most = (batch.rows - used).min(self.rows - segment.rows);
            let take = rows_within(&batch, used..used + most, SEGMENT_BYTES - segment.bytes());
            // A segment that grows is moved to twice its place.
            room(2 * (segment.bytes() + batch.bytes() / batch.rows.max(1) * take) as u64)
                .map_err(|e| Error::io("cannot hold a segment", e))?;
            if segment.rows == 0 && used == 0 && take == batch.rows {
                segment = batch;
                segment.reserve(self.schema, self.expected().saturating_sub(take));
                continue;
            }
            if segment.rows == 0 {
                segment.reserve(self.schema, self.expected().max(take));
            }
            segment.append(self.schema, &batch, used..used + take);
            if used + take < batch.rows {
                self.current = Some((batch, used + take));
            }
        }
        self.left = self.left.map(|left| left.saturating_sub(segment.rows as u64));
        Ok((segment.rows > 0).then_some(segment))
    }
}

/// Cuts rows of a batch where they reach `room` bytes; keeps all if they do not. Counted row by row, so that
/// segments do not depend on how the rows were batched.
pub(crate) fn rows_within(batch: &Batch, rows: Range<usize>, room: usize) -> usize {
    let (mut fits, mut reaches) = (0, rows.len());
    while reaches - fits > 1 {
        let middle = fits + (reaches - fits) / 2;
        if batch.bytes_of(rows.start..rows.start + middle) < room { fits = middle } else { reaches = middle }
    }
    reaches
}

impl Iterator for Segments<'_> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        self.fill().transpose()
    }
}
