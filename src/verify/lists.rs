//! The items of lists tile their tables: every item belongs to one list, in the order of the rows.

use crate::codec::block::Block;
use crate::codec::lists::ANCHOR_ROWS;
use crate::codec::lists::block::BlockList;
use crate::codec::row_selection::RowSelection;
use crate::column::values::{Batch, Values};
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::read::table::TableView;

/// Rows whose lengths are read at a time.
const ROWS: u64 = 1 << 16;

impl<S: ByteSource> Reader<S> {
    /// Checks the lists of a table.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(crate) fn check_lists(&self, table: &TableView) -> Result<()> {
        for (node, items) in &table.items {
            let name = &table.schema.nodes()[*node].name;
            let place = |e: Error| e.at(format_args!("lists of column \"{name}\""));
            if table.is_group_known(table.schema.nodes()[*node].group)
                && table.schema.refusal(*node).is_none()
            {
                self.check_tiling(table, *node, items.rows).map_err(place)?;
            }
        }
        Ok(())
    }

    /// The items of each block follow those of the block before, and the last are the last of the table.
    fn check_tiling(&self, table: &TableView, node: usize, items: u64) -> Result<()> {
        let mut next = 0;
        for segment in 0..table.segments {
            let place = |e: Error| e.at(format_args!("segment {segment}"));
            let block = table.block(self.context(), segment, table.schema.nodes()[node].group)?;
            let list = block.lists.iter().find(|list| list.node == node);
            let list = list.ok_or_else(|| place(Error::corrupt("its lists are not in the block")))?;
            if list.first != next {
                return Err(place(Error::corrupt("its items do not follow those of the segment before")));
            }
            self.check_lengths(table, &block, list).map_err(place)?;
            next = list.first + list.items;
        }
        if next == items { Ok(()) } else { Err(Error::corrupt("the table of items has others, or fewer")) }
    }

    /// The lengths of a block add up to its anchors and to its items.
    fn check_lengths(&self, table: &TableView, block: &Block, list: &BlockList) -> Result<()> {
        if list.one_length.is_some() {
            return Ok(());
        }
        let (start, rows) = (block.head.first_row, block.head.rows);
        let columns =
            Projection::nodes_of(&table.schema, &[table.schema.column_of(list.node)]).only_checked();
        let column = columns.nodes().iter().position(|&n| n == list.node);
        let mut out = Batch::default();
        let mut before = 0u64;
        for from in (0..rows).step_by(ROWS as usize) {
            let count = ROWS.min(rows - from) as usize;
            let picked = RowSelection::Range(start + from, count);
            table.take_own(self.context(), picked, None, &columns, &mut out)?;
            let Some(Values::Lists { offsets, .. }) = column.map(|c| &out.columns[c].values) else {
                return Err(Error::internal("a list was read as something else"));
            };
            for i in (0..count).step_by(ANCHOR_ROWS as usize) {
                let anchor = list.items_before((from + i as u64) / ANCHOR_ROWS);
                if before.checked_add(offsets[i]) != Some(anchor) {
                    return Err(Error::corrupt("lists do not have the items that their anchors say"));
                }
            }
            before = before.saturating_add(offsets[count]);
        }
        match before == list.items {
            true => Ok(()),
            false => Err(Error::corrupt("the lists of a block do not have all of its items")),
        }
    }
}
