//! The items of a list on their way into a table of their own.

use crate::column::values::Batch;
use crate::error::Result;
use crate::write::file::FileWriter;
use crate::write::options::Options;
use crate::write::pipeline::Pipeline;
use crate::write::segments::{SEGMENT_BYTES, rows_within, segment_rows};

/// The items of a list: they are cut into segments of their own, whatever segments their lists are in.
pub(crate) struct Items<'a> {
    /// The node of the list.
    pub node: usize,
    pub pipeline: Pipeline<'a>,
    /// Items of the lists that are written.
    pub rows: u64,
    /// Items that do not fill a segment yet.
    pending: Batch,
    segment_rows: usize,
}

impl<'a> Items<'a> {
    /// No items of the list of a node; `pipeline` encodes them.
    pub fn new(node: usize, mut pipeline: Pipeline<'a>, options: &Options) -> Self {
        pipeline.coding.in_runs = true;
        let segment_rows = segment_rows(pipeline.schema, options.layout.segment_rows.max(1));
        let pending = Batch::empty(pipeline.schema);
        Self { node, pipeline, rows: 0, pending, segment_rows }
    }

    /// Appends items, and writes the segments that are full.
    pub fn push(&mut self, out: &mut FileWriter, items: Batch) -> Result<()> {
        if self.pending.rows == 0 {
            self.pending = items;
        } else {
            self.pending.append(self.pipeline.schema, &items, 0..items.rows);
        }
        let (mut segments, mut from) = (Vec::new(), 0);
        while let Some(rows) = self.full(from) {
            segments.push(from..from + rows);
            from += rows;
        }
        if from == 0 {
            return Ok(());
        }
        let schema = self.pipeline.schema;
        let part = |rows: std::ops::Range<usize>| {
            let mut part = Batch::empty(schema);
            part.append(schema, &self.pending, rows);
            part
        };
        let left = part(from..self.pending.rows);
        self.pipeline.run(out, segments.into_iter().map(|rows| Ok(part(rows))), &|_| Ok(()))?;
        self.pending = left;
        Ok(())
    }

    /// Rows of the segment that begins at one of the rows at hand, if it is full.
    fn full(&self, from: usize) -> Option<usize> {
        let most = (self.pending.rows - from).min(self.segment_rows);
        let rows = rows_within(&self.pending, from..from + most, SEGMENT_BYTES);
        let is_full = rows == self.segment_rows || self.pending.bytes_of(from..from + rows) >= SEGMENT_BYTES;
        (rows > 0 && is_full).then_some(rows)
    }

    /// Writes the last segment, and the items of its own lists.
    pub fn finish(&mut self, out: &mut FileWriter) -> Result<()> {
        let last = std::mem::take(&mut self.pending);
        if last.rows > 0 {
            self.pipeline.run(out, std::iter::once(Ok(last)), &|_| Ok(()))?;
        }
        self.pipeline.finish(out)
    }
}
