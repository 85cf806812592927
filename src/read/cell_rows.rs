//! The rows that condensed samples are rebuilt from: a few at a time, rows that are alike as one.

use std::ops::Range;
use std::sync::Arc;

use crate::codec::block::Block;
use crate::codec::row_selection::RowSelection;
use crate::column::values::Batch;
use crate::error::{ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::read::projection::{Projection, by_node};
use crate::read::reader::Reader;
use crate::summary::cells::section::{CellTarget, CellsSection};

/// Bytes of numbers, and of strings, that are decoded at a time.
const NUMBERS: u64 = 4 << 20;
const STRINGS: u64 = 4 << 20;

/// Called with rows, and with how many rows each stands for if they are runs.
type Each<'a> = &'a mut dyn FnMut(&Batch, Option<&[u64]>) -> Result<()>;

/// The columns of a file's rows that its cells are of.
pub(crate) struct CellRows<'a, S> {
    reader: &'a Reader<S>,
    projection: Projection,
    /// The storage groups of its columns.
    groups: Vec<u32>,
    /// Rows at a time.
    step: usize,
}

impl<S: ByteSource> Reader<S> {
    /// The rows that the cells of a section are of.
    pub(crate) fn cell_rows(&self, section: &CellsSection) -> CellRows<'_, S> {
        let mut nodes: Vec<usize> = section.features.iter().map(|f| f.node.get() as usize).collect();
        if let CellTarget::Value(node) | CellTarget::Class(node) = section.target {
            nodes.push(node as usize);
        }
        nodes.sort_unstable();
        nodes.dedup();
        let projection = Projection::nodes_of(self.schema(), &nodes).with_most(STRINGS);
        let step = (NUMBERS / (16 * nodes.len().max(1) as u64)).max(1) as usize;
        let mut groups: Vec<u32> = nodes.iter().map(|&node| self.schema().nodes()[node].group).collect();
        groups.sort_unstable();
        groups.dedup();
        CellRows { reader: self, projection, groups, step }
    }

    /// The rows that have exceptions in some of a segment's blocks, ascending; they have been found to be in order.
    pub(crate) fn exception_rows<'b>(
        &self,
        blocks: impl IntoIterator<Item = &'b Arc<Block>>,
    ) -> Result<Vec<u64>> {
        let mut rows: Vec<u64> = Vec::new();
        for block in blocks {
            let piece = block.head.exceptions.read(&self.pages)?;
            let own = block.exceptions.iter().flat_map(|e| (0..e.count).map(|i| e.row(&piece, i)));
            // Looked at again, since a map may change.
            rows.extend(own.filter(|&row| row < block.rows()));
        }
        rows.sort_unstable();
        rows.dedup();
        Ok(rows)
    }
}

impl<S: ByteSource> CellRows<'_, S> {
    /// Hands out the rows of all segments in stored order; see `each_of`.
    pub fn each(&self, mut each: impl FnMut(&Batch, Option<&[u64]>) -> Result<()>) -> Result<()> {
        (0..self.reader.segments()).try_for_each(|segment| self.each_of(segment, &mut each))
    }

    /// Hands out the rows of a segment in stored order, columns by node, and how often each comes if not once.
    pub fn each_of(
        &self,
        segment: u64,
        mut each: impl FnMut(&Batch, Option<&[u64]>) -> Result<()>,
    ) -> Result<()> {
        let reader = self.reader;
        let rows = reader.segment_range(segment)?;
        let blocks = self.groups.iter().map(|&group| reader.table.block(reader.context(), segment, group));
        let blocks: Vec<Arc<Block>> = blocks.collect::<Result<_>>()?;
        if !blocks.iter().all(|block| block.is_constant()) {
            let count = (rows.end - rows.start) as usize;
            return self.parts(RowSelection::Range(rows.start, count), None, &mut each);
        }
        for block in &blocks {
            let piece = block.head.exceptions.read(&reader.pages)?;
            block.exceptions.iter().try_for_each(|e| e.check_order(&piece, block.rows()))?;
        }
        let (list, times) = runs(&rows, &reader.exception_rows(&blocks)?);
        self.parts(RowSelection::List(&list), Some(&times), &mut each)
    }

    fn parts(&self, picked: RowSelection, times: Option<&[u64]>, each: Each) -> Result<()> {
        let reader = self.reader;
        let (mut from, mut step) = (0, self.step);
        while from < picked.len() {
            let to = picked.len().min(from + step);
            let mut batch = Batch::default();
            let taken = reader.table.take(
                reader.context(),
                picked.slice(from, to),
                None,
                &self.projection,
                &mut batch,
            );
            match taken {
                Err(e) if e.kind() == ErrorKind::Memory && to - from > 1 => {
                    step = (to - from) / 2;
                    continue;
                }
                taken => taken?,
            }
            let batch = by_node(reader.schema(), &self.projection, batch);
            each(&batch, times.and_then(|times| times.get(from..to)))?;
            from = to;
        }
        Ok(())
    }
}

/// Rows of a segment whose rows are alike but for some, in order, and how often each comes.
fn runs(rows: &Range<u64>, special: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let (mut list, mut times) = (Vec::new(), Vec::new());
    let mut next = rows.start;
    for row in special.iter().map(|row| rows.start + row) {
        if row > next {
            list.push(next);
            times.push(row - next);
        }
        list.push(row);
        times.push(1);
        next = row + 1;
    }
    if rows.end > next {
        list.push(next);
        times.push(rows.end - next);
    }
    (list, times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_every_row_once() {
        assert_eq!(runs(&(10..20), &[]), (vec![10], vec![10]));
        assert_eq!(runs(&(10..20), &[0, 1, 5, 9]), (vec![10, 11, 12, 15, 16, 19], vec![1, 1, 3, 1, 3, 1]));
        assert_eq!(runs(&(0..1_000_000_000_000), &[7]).1, [7, 1, 999_999_999_992]);
    }
}
