//! Lists: which rows of the table of items a list has, and these rows.

use crate::codec::block::Block;
use crate::codec::context::Context;
use crate::codec::lists::{ANCHOR_ROWS, BlockList};
use crate::codec::row_selection::RowSelection;
use crate::codec::transform::limits::column_place;
use crate::codec::transform::target::Target;
use crate::column::values::{Batch, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::read::decode::{Decode, Fields, Output};
use crate::read::projection::Projection;
use crate::read::table::TableView;

/// Items of a list on average, from which on lists are read one by one.
const LONG_RUN: u64 = 16;

/// Bytes of items that a byte of a file vouches for, and those that every file may have in one read.
const PER_BYTE: u64 = 64;
const FREE: u64 = 4 << 20;

/// Bytes that the place of an item takes while it is read.
const PLACE_BYTES: u64 = 12;

/// The lists of a column being read, by output row.
#[derive(Default)]
pub(crate) struct Lists {
    pub lengths: Vec<u64>,
    /// The row of the table of items that has the first item.
    pub starts: Vec<u64>,
}

impl Lists {
    /// Lists of so many rows, all empty.
    ///
    /// # Errors
    /// `Memory`.
    pub fn new(rows: usize) -> Result<Self> {
        let mut this = Self::default();
        earned::resize(&mut this.lengths, rows, 0)?;
        earned::resize(&mut this.starts, rows, 0)?;
        Ok(this)
    }

    /// Where each list begins and ends among the items of all.
    ///
    /// # Errors
    /// `Corrupt` for more than 2^64 items.
    pub fn offsets(&self, offsets: &mut Vec<u64>) -> Result<()> {
        let mut end = 0u64;
        offsets.clear();
        earned::reserve(offsets, self.lengths.len() + 1)?;
        offsets.push(0);
        for length in &self.lengths {
            end = end.checked_add(*length).ok_or_else(|| Error::corrupt("lists of more than 2^64 items"))?;
            offsets.push(end);
        }
        Ok(())
    }
}

/// A column of lists that was read, without its items.
pub(crate) struct ListColumn {
    /// Its place in the batch.
    pub column: usize,
    pub node: usize,
    /// Where the items of each list begin in the table of items.
    pub starts: Vec<u64>,
}

impl Output<'_> {
    /// Reads the lengths of lists.
    pub(crate) fn lengths(&mut self, fields: &mut Fields, target: Target) -> Result<()> {
        let lane = fields.decode(self.node, self.node.first_value_lane(), false)?;
        self.check_nulls(fields.low, 0, target)?;
        let Some(lists) = &mut self.lists else { return Ok(()) };
        target.put(&mut lists.lengths, fields.low, |field| lane.minimum.wrapping_add(field));
        if let Some(validity) = self.column.validity.as_ref().filter(|_| self.nulls) {
            for at in (0..fields.low.len()).map(|i| target.index(i)) {
                if validity[at] == 0 {
                    lists.lengths[at] = 0;
                }
            }
        }
        Ok(())
    }
}

impl<S: ByteSource> Decode<'_, S> {
    /// Finds the first items of the lists of some rows, whose lengths have been read.
    pub(crate) fn starts(&mut self, block: &Block, rows: RowSelection, target: Target) -> Result<()> {
        for column in 0..self.columns.len() {
            let output = &self.columns[column];
            if output.lists.is_none() {
                continue;
            }
            let (node, number) = (output.node, output.number);
            let place = |e: Error| e.at(column_place(&node.name));
            let list = block.lists.iter().find(|list| list.node == number);
            let list = list.ok_or_else(|| place(Error::corrupt("its lists are not in the block")))?;
            let before = self.items_before(block, column, list, rows).map_err(place)?;
            if let Some(lists) = &mut self.columns[column].lists {
                lists.place(list, rows, target, &before).map_err(place)?;
            }
        }
        Ok(())
    }

    /// For each row that does not follow the one before it in the selection, the items between its anchor and it.
    fn items_before(
        &mut self,
        block: &Block,
        column: usize,
        list: &BlockList,
        rows: RowSelection,
    ) -> Result<Vec<u64>> {
        if list.one_length.is_some() {
            return Ok(Vec::new());
        }
        let firsts = || (0..rows.len()).filter(|&i| is_first(rows, i)).map(|i| rows.row(i));
        let earlier = |row: u64| row - row % ANCHOR_ROWS..row;
        let wanted: Vec<u64> = firsts().flat_map(earlier).collect();
        let lengths = self.lengths_of(block, column, &wanted)?;
        let mut lengths = lengths.into_iter();
        let sum = |row: u64| {
            let mut own = lengths.by_ref().take((row % ANCHOR_ROWS) as usize);
            own.try_fold(0u64, u64::checked_add)
        };
        let sums: Option<Vec<u64>> = firsts().map(sum).collect();
        sums.ok_or_else(|| Error::corrupt("lists of more than 2^64 items"))
    }

    /// The lengths of the lists of some rows of a block.
    fn lengths_of(&mut self, block: &Block, column: usize, wanted: &[u64]) -> Result<Vec<u64>> {
        let node = self.columns[column].node;
        let mut lengths = earned::with_room(wanted.len())?;
        for rows in wanted.chunks(self.step.max(1)) {
            let source = self.records.rows(&block.records, self.context.pages, RowSelection::List(rows))?;
            let (low, high) = (&mut self.low, &mut self.high);
            let mut fields = Fields { block, source, low, high };
            let from = lengths.len();
            let lane = fields.decode(node, node.first_value_lane(), false)?;
            lengths.extend(fields.low.iter().map(|&field| lane.minimum.wrapping_add(field)));
            if node.nullable {
                let lane = fields.decode(node, node.first_lane, false)?;
                for (length, &field) in lengths[from..].iter_mut().zip(&*fields.low) {
                    *length = if lane.minimum + field == 0 { 0 } else { *length };
                }
            }
        }
        Ok(lengths)
    }
}

/// True if a row of a selection does not follow the one before it there.
fn is_first(rows: RowSelection, i: usize) -> bool {
    i == 0 || rows.row(i - 1) + 1 != rows.row(i)
}

impl Lists {
    /// Places the lists of rows of a block; `sums` are the items between the anchor and each row that does not follow the
    /// one before it.
    fn place(&mut self, list: &BlockList, rows: RowSelection, target: Target, sums: &[u64]) -> Result<()> {
        let mut sums = sums.iter();
        let mut before = 0;
        for i in 0..rows.len() {
            let (row, at) = (rows.row(i), target.index(i));
            let length = self.lengths[at];
            if let Some(one) = list.one_length {
                self.starts[at] = list.first + row * one;
                continue;
            }
            let anchor = list.items_before(row / ANCHOR_ROWS);
            if is_first(rows, i) {
                let sum = sums.next().ok_or_else(|| Error::internal("a row without the sum before it"))?;
                before = anchor.saturating_add(*sum);
            } else if row % ANCHOR_ROWS == 0 && before != anchor {
                return Err(Error::corrupt("lists do not have the items that their anchors say"));
            }
            self.starts[at] = list.place(row, before, length)?;
            before += length;
        }
        Ok(())
    }
}

impl TableView {
    /// Reads the items of lists into their batch: those of a column whose lists begin at `starts`.
    pub(crate) fn items_of<S: ByteSource>(
        &self,
        context: Context<S>,
        list: &ListColumn,
        wanted: &Projection,
        out: &mut Batch,
    ) -> Result<()> {
        let (lists, most) = (list.starts.len(), wanted.most());
        let rows = &mut out.columns[list.column].values;
        let Values::Lists { offsets, items } = rows else {
            return Err(Error::internal("items of a column that is no list"));
        };
        let table = self.items.iter().find(|(node, _)| *node == list.node);
        let (_, table) = table.ok_or_else(|| Error::corrupt("a list has no table of items"))?;
        let count = offsets.last().copied().unwrap_or(0); // no lists, no items
        let runs =
            || list.starts.iter().zip(offsets.windows(2)).map(|(&start, w)| start..start + (w[1] - w[0]));
        let runs = || runs().filter(|run| run.end > run.start);
        if runs().any(|run| run.end > table.rows) {
            return Err(Error::corrupt("items that are not in their table"));
        }
        // Values, and where they are.
        let bytes = count.saturating_mul(table.schema.value_bytes() + PLACE_BYTES);
        if lists > 1 && bytes > most {
            return Err(Error::memory(format!("{lists} lists have {count} items, {bytes} bytes about")));
        }
        let vouched = FREE + PER_BYTE * context.pages.source().length();
        if bytes > vouched && !wanted.has_large_lists() {
            return Err(Error::memory(format!(
                "{lists} lists have {count} items, {bytes} bytes about, out of proportion to the file: read fewer rows, or, if it \
                 is one of yours, with Projection::with_large_lists"
            )));
        }
        if count > u32::MAX.into() {
            let what = format!("{lists} lists have {count} items, too many for one batch; read fewer rows");
            return Err(Error::argument(what));
        }
        earned::room(bytes).map_err(|e| Error::memory(format!("the items of {lists} lists: {e}")))?;
        let projection = Projection::all(&table.schema).with_most(if lists > 1 { most } else { u64::MAX });
        let projection = if wanted.has_large_lists() { projection.with_large_lists() } else { projection };
        let follows = runs().zip(runs().skip(1)).all(|(run, next)| run.end == next.start);
        if follows {
            let first = runs().next().map_or(0, |run| run.start);
            return table.take(context, RowSelection::Range(first, count as usize), None, &projection, items);
        }
        // Long runs are read as such.
        if count >= LONG_RUN * lists as u64 {
            let mut parts: Vec<(u64, usize, usize)> = earned::with_room(lists)?;
            let places = list.starts.iter().zip(offsets.windows(2));
            parts.extend(places.map(|(&start, w)| (start, (w[1] - w[0]) as usize, w[0] as usize)));
            parts.sort_unstable();
            return table.take_runs(context, &parts, count as usize, &projection, items);
        }
        let mut stored: Vec<u64> = earned::with_room(count as usize)?;
        stored.extend(runs().flatten());
        if stored.is_sorted() {
            return table.take(context, RowSelection::List(&stored), None, &projection, items);
        }
        let (sorted, places) = table.by_block(&stored);
        table.take(context, RowSelection::List(&sorted), Some(&places), &projection, items)
    }
}
