//! The rows of a damaged file that can still be read.

use std::ops::Range;

use crate::column::values::Batch;
use crate::error::{ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::read::projection::Projection;
use crate::read::reader::Reader;

/// Rows read at once, at most.
const ROWS: u64 = 4096;

impl<S: ByteSource> Reader<S> {
    /// The rows whose values of some columns are all in whole pages, in order; `progress` gets rows as they are done. Pages
    /// that no row needs, such as those of moments, are not looked at.
    ///
    /// # Errors
    /// Errors of opening or reading, but for damage of rows.
    pub fn whole_rows(
        &self,
        projection: &Projection,
        mut progress: impl FnMut(u64),
    ) -> Result<Vec<Range<u64>>> {
        let mut whole: Vec<Range<u64>> = Vec::new();
        let mut batch = Batch::default();
        let mut next = 0;
        while next < self.rows() {
            let end = self.rows().min(next + ROWS);
            // The next range is the last: a range that is damaged is put back in halves.
            let mut ranges: Vec<Range<u64>> = std::iter::once(next..end).collect();
            while let Some(rows) = ranges.pop() {
                match self.range_into(rows.clone(), projection, &mut batch) {
                    Ok(()) => match whole.last_mut() {
                        Some(last) if last.end == rows.start => last.end = rows.end,
                        _ => whole.push(rows),
                    },
                    Err(e) if e.kind() != ErrorKind::Corrupt => return Err(e),
                    Err(_) if rows.end - rows.start == 1 || self.is_lost(&rows, projection) => {}
                    Err(_) => {
                        let middle = rows.start + (rows.end - rows.start) / 2;
                        ranges.extend([middle..rows.end, rows.start..middle]);
                    }
                }
            }
            progress(end - next);
            next = end;
        }
        Ok(whole)
    }

    /// True if all of these rows are in a segment in which the layout of a storage group is damaged that has columns wanted.
    fn is_lost(&self, rows: &Range<u64>, projection: &Projection) -> bool {
        let segment = |row| self.table.find(&self.pages, row).ok();
        let both =
            segment(rows.start).filter(|first| self.index.is_none() && segment(rows.end - 1) == Some(*first));
        let nodes = projection.nodes().iter().map(|&node| &self.schema().nodes()[node]);
        let mut groups: Vec<u32> = nodes.filter(|node| node.image.is_none()).map(|node| node.group).collect();
        groups.dedup();
        let is_damaged =
            |segment| groups.iter().any(|&g| self.table.block(self.context(), segment, g).is_err());
        both.is_some_and(is_damaged)
    }
}
