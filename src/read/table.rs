//! The rows of a table: which block holds a row, and the values of rows in any order.

use std::ops::Range;
use std::sync::Arc;

use zerocopy::FromBytes;

use crate::codec::block::Block;
use crate::codec::block_entry::BlockEntry;
use crate::codec::context::Context;
use crate::codec::images::block::{CosineTables, ImageBlock, Wanted};
use crate::codec::row_selection::RowSelection;
use crate::column::values::{Batch, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;
use crate::format::schema::Schema;
use crate::format::sections::Section;
use crate::format::tables::TableEntry;
use crate::read::cache::Cache;
use crate::read::decode::{Decode, Part};
use crate::read::lists::ListColumn;
use crate::read::projection::Projection;
use crate::read::row_order::by_block;

/// Memory for blocks of tables, and for blocks of images, about.
const TABLE_BLOCKS: usize = 4 << 20;
const IMAGE_BLOCKS: usize = 32 << 20;

/// Items of a list on average, from which on lists are read one by one.
const LONG_RUN: u64 = 16;

/// Bytes of items that a byte of a file vouches for, and those that every file may have in one read.
const PER_BYTE: u64 = 64;
const FREE: u64 = 4 << 20;

/// Bytes that the place of an item takes while it is read.
const PLACE_BYTES: u64 = 12;

/// A table in the file: the rows themselves, or the condensed samples.
pub(crate) struct TableView {
    pub schema: Schema,
    pub rows: u64,
    pub segments: u64,
    /// Rows a segment, if all but the last have as many; else 0.
    pub segment_rows: u64,
    /// Offset of the block table, and bytes of one of its entries.
    table: u64,
    stride: u64,
    /// Storage groups whose blocks need a feature that this reader does not know.
    unknown: Vec<u32>,
    /// The nodes of the lists, and the tables of their items.
    pub items: Vec<(usize, TableView)>,
    blocks: Cache<Block>,
    images: Cache<ImageBlock>,
    cosines: CosineTables,
}

impl TableView {
    /// The table of a directory's entry, whose blocks a section lists, if it has any.
    pub fn new(schema: Schema, table: &TableEntry, blocks: Option<&Section>) -> Self {
        let (rows, segments, segment_rows) = (table.rows(), table.segments(), table.segment_rows());
        let (table, stride) = blocks.map_or((0, 0), |blocks| (blocks.offset, blocks.stride.into()));
        let lanes = |group| schema.group_lanes(group) as usize;
        let blocks = Cache::new(128 + 80 * lanes(0), TABLE_BLOCKS, segments.min(16));
        let largest = (1..schema.groups()).map(lanes).fold(0, usize::max);
        let most = segments.saturating_mul(u64::from(schema.groups()) - 1);
        let images = Cache::new(1024 + 8 * largest, IMAGE_BLOCKS, most);
        let cosines = CosineTables::default();
        Self {
            schema,
            rows,
            segments,
            segment_rows,
            table,
            stride,
            unknown: Vec::new(),
            items: Vec::new(),
            blocks,
            images,
            cosines,
        }
    }

    /// Notes the storage groups whose blocks this reader does not know.
    pub fn with_unknown_groups(self, unknown: Vec<u32>) -> Self {
        Self { unknown, ..self }
    }

    /// Adds the tables of the items of its lists.
    pub fn with_items(self, items: Vec<(usize, TableView)>) -> Self {
        Self { items, ..self }
    }

    /// The table, then those of the items of its lists, each followed by those below it.
    pub fn all(&self) -> Vec<&Self> {
        let below = self.items.iter().flat_map(|(_, items)| items.all());
        std::iter::once(self).chain(below).collect()
    }

    /// Bytes that its rows take in memory, those of the items of its lists among them; strings aside.
    pub fn bytes(&self) -> u128 {
        let below: u128 = self.items.iter().map(|(_, items)| items.bytes()).sum();
        u128::from(self.rows) * u128::from(self.schema.value_bytes()) + below
    }

    /// The tables of items below it, each with the place of its column; `columns` are their nodes in order.
    pub fn below(&self, columns: &[usize]) -> Vec<(&Self, usize)> {
        let mut below = Vec::new();
        for (node, items) in &self.items {
            let column = columns.partition_point(|column| column <= node) - 1; // the first node is a column
            below.extend(items.all().into_iter().map(|table| (table, column)));
        }
        below
    }

    /// True if this reader knows the blocks of a storage group.
    pub fn is_group_known(&self, group: u32) -> bool {
        !self.unknown.contains(&group)
    }

    /// Blocks: one a segment and storage group.
    pub fn block_count(&self) -> u64 {
        self.segments.saturating_mul(self.schema.groups().into())
    }

    /// The numbers of the blocks of storage groups that this reader knows.
    pub fn known_blocks(&self) -> impl Iterator<Item = u64> + '_ {
        let groups = u64::from(self.schema.groups());
        (0..self.block_count()).filter(move |block| self.is_group_known((block % groups) as u32))
    }

    /// Lanes a row of a block, by its number.
    pub fn lanes_of(&self, block: u64) -> u32 {
        self.schema.group_lanes((block % u64::from(self.schema.groups().max(1))) as u32)
    }

    /// The entry of a block, by its number: segment by segment, group by group.
    pub fn entry<S: ByteSource>(&self, pages: &Pages<S>, block: u64) -> Result<BlockEntry> {
        if block >= self.block_count() {
            return Err(Error::corrupt("the block table ends too early"));
        }
        let bytes = pages.piece(self.table + block * self.stride, BlockEntry::SIZE)?;
        BlockEntry::read_from_bytes(&bytes).map_err(|_| Error::corrupt("a block entry is cut short"))
    }

    /// The stored rows of a segment, by the entry of a group.
    pub fn segment<S: ByteSource>(&self, pages: &Pages<S>, segment: u64, group: u32) -> Result<Range<u64>> {
        let entry = self.entry(pages, self.number(segment, group))?;
        let (first, rows) = (entry.first_row.get(), entry.rows.get());
        let end = first.checked_add(rows).filter(|&e| e <= self.rows);
        Ok(first
            ..end.ok_or_else(|| Error::corrupt(format!("segment {segment} holds rows beyond the table")))?)
    }

    fn number(&self, segment: u64, group: u32) -> u64 {
        segment.saturating_mul(self.schema.groups().into()).saturating_add(group.into())
    }

    /// The table's part of a segment, from the cache if it was used lately.
    pub fn block<S: ByteSource>(&self, context: Context<S>, segment: u64) -> Result<Arc<Block>> {
        let number = self.number(segment, 0);
        let read = || Block::read(context, &self.schema, &self.entry(context.pages, number)?);
        self.blocks.get(segment, || read().map_err(|e| e.at(format_args!("block {number}"))))
    }

    /// The images of a segment in one storage group, likewise.
    pub fn image_block<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        segment: u64,
        group: u32,
    ) -> Result<Arc<ImageBlock>> {
        let number = self.number(segment, group);
        // Counted without the table's blocks, or slots would stay empty and others be fought for.
        let groups = u64::from(self.schema.groups()).saturating_sub(1);
        let of_images = segment.saturating_mul(groups).saturating_add(u64::from(group).saturating_sub(1));
        let read = || ImageBlock::read(pages, &self.schema, group, &self.entry(pages, number)?);
        self.images.get(of_images, || read().map_err(|e| e.at(format_args!("block {number}"))))
    }

    /// The segment that holds a stored row (less than `rows`).
    pub fn find<S: ByteSource>(&self, pages: &Pages<S>, row: u64) -> Result<u64> {
        if let Some(segment) = row.checked_div(self.segment_rows) {
            return Ok(segment);
        }
        let (mut low, mut high) = (0, self.segments);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let first = self.entry(pages, self.number(middle, 0))?.first_row.get();
            if first <= row { low = middle } else { high = middle }
        }
        Ok(low)
    }

    /// Decodes the images of a storage group: stored rows (each less than `rows`) in ascending order,
    /// each with the place of its values.
    pub fn images<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        group: u32,
        mut wanted: &mut [Wanted],
    ) -> Result<()> {
        while let Some(&(row, _)) = wanted.first() {
            let segment = self.find(pages, row)?;
            let block = self.image_block(pages, segment, group)?;
            let (first, rows) = (block.head.first_row, block.head.rows);
            let here = match row.checked_sub(first) {
                Some(_) => wanted.partition_point(|(r, _)| r.wrapping_sub(first) < rows),
                None => 0,
            };
            if here == 0 {
                return Err(Error::corrupt(format!("segment {segment} does not hold the rows it should")));
            }
            let (now, later) = wanted.split_at_mut(here);
            now.iter_mut().for_each(|(row, _)| *row -= first);
            let number = self.number(segment, group);
            block.decode(pages, &self.cosines, now).map_err(|e| e.at(format_args!("block {number}")))?;
            wanted = later;
        }
        Ok(())
    }

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
        for &(start, count, first) in runs {
            self.decode(&mut decode, RowSelection::Range(start, count), first, None)?;
        }
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

    /// The same, with lists left without their items: where these are.
    pub fn take_own<S: ByteSource>(
        &self,
        context: Context<S>,
        stored: RowSelection,
        places: Option<&[u32]>,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<Vec<ListColumn>> {
        let mut decode = Decode::new(&self.schema, context, projection, stored.len(), out)?;
        let pages = context.pages;
        for (group, out) in decode.images() {
            let at = |i: usize| places.map_or(i, |p| p.get(i).map_or(usize::MAX, |&p| p as usize));
            let mut rows: Vec<(usize, u64)> = (0..stored.len()).map(|i| (at(i), stored.row(i))).collect();
            rows.sort_unstable();
            let mut wanted: Vec<Wanted> = rows.into_iter().map(|(_, row)| row).zip(out).collect();
            wanted.sort_unstable_by_key(|&(row, _)| row);
            self.images(pages, group, &mut wanted)?;
        }
        self.decode(&mut decode, stored, 0, places)?;
        decode.finish(out)
    }

    /// Decodes stored rows: row `i` of them to row `first + i` of the output, or to `places[i]`.
    fn decode<S: ByteSource>(
        &self,
        decode: &mut Decode<S>,
        stored: RowSelection,
        first: usize,
        places: Option<&[u32]>,
    ) -> Result<()> {
        if !decode.has_table() {
            return Ok(());
        }
        let (pages, output) = (decode.context.pages, first);
        let mut within = Vec::new();
        let mut from = 0;
        while from < stored.len() {
            let segment = self.find(pages, stored.row(from))?;
            let block = self.block(decode.context, segment)?;
            let (first, rows) = (block.head.first_row, block.head.rows);
            let here = match stored.slice(from, stored.len()) {
                RowSelection::Range(row, count) => {
                    let row = row.wrapping_sub(first);
                    RowSelection::Range(row, (count as u64).min(rows.saturating_sub(row)) as usize)
                }
                RowSelection::List(list) => {
                    within.clear();
                    within.extend(list.iter().map(|r| r.wrapping_sub(first)).take_while(|&r| r < rows));
                    RowSelection::List(&within)
                }
            };
            if here.len() == 0 {
                return Err(Error::corrupt(format!("segment {segment} does not hold the rows it should")));
            }
            let to = from + here.len();
            let part =
                Part { rows: here, first: output + from, places: places.and_then(|p| p.get(from..to)) };
            decode.block(&block, part).map_err(|e| e.at(format_args!("segment {segment}")))?;
            from = to;
        }
        Ok(())
    }
}
