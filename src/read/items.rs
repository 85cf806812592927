//! Rows with the items of their lists, which are rows of the tables below.

use crate::codec::context::Context;
use crate::codec::row_selection::RowSelection;
use crate::column::values::{Batch, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::read::decode::Decode;
use crate::read::lists::ListColumn;
use crate::read::projection::Projection;
use crate::read::row_order::by_block;
use crate::read::table::TableView;

/// Items of a list on average, from which on lists are read one by one.
const LONG_RUN: u64 = 16;

/// Bytes of items that a byte of a file vouches for, and those that every file may have in one read.
const PER_BYTE: u64 = 64;
const FREE: u64 = 4 << 20;

/// Bytes that the place of an item takes while it is read.
const PLACE_BYTES: u64 = 12;

impl TableView {
    /// Reads stored rows (each less than `rows`) into `out`: row `i` of the output, or row `places[i]`.
    pub fn take<S: ByteSource>(
        &self,
        context: Context<S>,
        stored: RowSelection,
        places: Option<&[u32]>,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<()> {
        let lists = self.take_own(context, stored, places, projection, out)?;
        self.take_items(context, lists, projection, out)
    }

    /// Reads runs of stored rows into `out`, each as (first row, rows, first row of the output), in ascending order of their first
    /// rows; `rows` of them in all. The table has no images.
    pub fn take_runs<S: ByteSource>(
        &self,
        context: Context<S>,
        runs: &[(u64, usize, usize)],
        rows: usize,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<()> {
        let mut decode = Decode::new(&self.schema, context, projection, rows, out)?;
        let runs: Vec<_> =
            runs.iter().map(|&(start, count, first)| (RowSelection::Range(start, count), first)).collect();
        self.decode(&mut decode, &runs, None)?;
        let lists = decode.finish(out)?;
        self.take_items(context, lists, projection, out)
    }

    /// Reads the items of lists into their batch: those of a column whose lists begin at `starts`.
    fn items_of<S: ByteSource>(
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
        let (sorted, places) = by_block(&stored, table.segment_rows, table.segments);
        table.take(context, RowSelection::List(&sorted), Some(&places), &projection, items)
    }

    /// Reads the items of lists that were read without them.
    fn take_items<S: ByteSource>(
        &self,
        context: Context<S>,
        lists: Vec<ListColumn>,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<()> {
        for list in lists {
            let node = &self.schema.nodes()[list.node];
            let read = self.items_of(context, &list, projection, out);
            read.map_err(|e| e.at(format_args!("items of column \"{}\"", node.name)))?;
        }
        Ok(())
    }
}
