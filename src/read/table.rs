//! The rows of a table: which block holds a row, and the values of rows in any order.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use zerocopy::FromBytes;

use crate::codec::block::Block;
use crate::codec::block_entry::BlockEntry;
use crate::codec::context::Context;
use crate::codec::images::block::{CosineTables, ImageBlock, Wanted};
use crate::codec::row_selection::RowSelection;
use crate::column::values::Batch;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;
use crate::format::schema::{Kind, Node, Schema};
use crate::format::sections::Section;
use crate::format::tables::TableEntry;
use crate::read::cache::Cache;
use crate::read::decode::{Decode, GroupColumns, Kernels, Part};
use crate::read::lists::ListColumn;
use crate::read::projection::Projection;

/// Memory for blocks of tables, and for blocks of images, about.
const TABLE_BLOCKS: usize = 4 << 20;
const IMAGE_BLOCKS: usize = 32 << 20;

/// Bytes of fields, from which on threads share the storage groups of a read.
const SHARED_BYTES: u64 = 1 << 20;

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
    /// Storage groups whose blocks need a feature that this reader does not know, ascending.
    unknown: Vec<u32>,
    /// The nodes of the lists, and the tables of their items.
    pub items: Vec<(usize, TableView)>,
    /// Storage groups of images before each, and all of them.
    images_before: Vec<u32>,
    blocks: Cache<Block>,
    images: Cache<ImageBlock>,
    cosines: CosineTables,
}

impl TableView {
    /// The table of a directory's entry, whose blocks a section lists, if it has any.
    pub fn new(schema: Schema, table: &TableEntry, blocks: Option<&Section>) -> Self {
        let (rows, segments, segment_rows) = (table.rows(), table.segments(), table.segment_rows());
        let (table, stride) = blocks.map_or((0, 0), |blocks| (blocks.offset, blocks.stride.into()));
        let cache = |images| {
            let groups = (0..schema.groups()).filter(|&group| schema.has_images(group) == images);
            let lanes = groups.map(|group| schema.group_lanes(group) as usize);
            lanes.fold((0, 0), |(count, most), lanes| (count + 1, most.max(lanes)))
        };
        let ((tables, most_lanes), (of_images, most_values)) = (cache(false), cache(true));
        let blocks = Cache::new(128 + 80 * most_lanes, TABLE_BLOCKS, tables * segments.min(16));
        let most = segments.saturating_mul(of_images).min(256);
        let images = Cache::new(1024 + 8 * most_values, IMAGE_BLOCKS, most);
        let cosines = CosineTables::default();
        let mut images_before = vec![0];
        for group in 0..schema.groups() {
            images_before.push(images_before[group as usize] + u32::from(schema.has_images(group)));
        }
        Self {
            schema,
            rows,
            segments,
            segment_rows,
            table,
            stride,
            unknown: Vec::new(),
            items: Vec::new(),
            images_before,
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
        self.unknown.binary_search(&group).is_err()
    }

    /// True if the blocks of a storage group are read: this reader knows them, and some of the group's columns, unless it is
    /// the first, of which it is known that it has no images.
    pub fn is_judged(&self, group: u32) -> bool {
        let is_known = |(_, node): (usize, &Node)| node.kind != Kind::Unknown;
        self.is_group_known(group) && (group == 0 || self.schema.group_nodes(group).any(is_known))
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
        let entry = self.group_entry(pages, segment, group)?;
        let (first, rows) = (entry.first_row.get(), entry.rows.get());
        let end = first.checked_add(rows).filter(|&e| e <= self.rows);
        Ok(first
            ..end.ok_or_else(|| Error::corrupt(format!("segment {segment} holds rows beyond the table")))?)
    }

    /// The entry of a segment's block in a storage group.
    pub fn group_entry<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        segment: u64,
        group: u32,
    ) -> Result<BlockEntry> {
        self.entry(pages, self.number(segment, group))
    }

    fn number(&self, segment: u64, group: u32) -> u64 {
        segment.saturating_mul(self.schema.groups().into()).saturating_add(group.into())
    }

    /// The block of a segment in a storage group that is not of images, from the cache if it was used lately.
    pub fn block<S: ByteSource>(&self, context: Context<S>, segment: u64, group: u32) -> Result<Arc<Block>> {
        let number = self.number(segment, group);
        // Images have slots of their own: those before this group would leave slots here empty.
        let of_tables = number.saturating_sub(self.images_before(segment, group));
        let read = || Block::read(context, &self.schema, group, &self.entry(context.pages, number)?);
        self.blocks.get(of_tables, || read().map_err(|e| e.at(format_args!("block {number}"))))
    }

    /// Blocks of images before the one of a segment and storage group.
    fn images_before(&self, segment: u64, group: u32) -> u64 {
        let before = self.images_before[group as usize];
        segment.saturating_mul(self.images_before[self.images_before.len() - 1].into()) + u64::from(before)
    }

    /// The images of a segment in one storage group, likewise.
    pub fn image_block<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        segment: u64,
        group: u32,
    ) -> Result<Arc<ImageBlock>> {
        let number = self.number(segment, group);
        let of_images = self.images_before(segment, group);
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

    /// Reads stored rows (each less than `rows`) into `out`, row `i` of the output or row `places[i]`, with lists left without
    /// their items: where these are.
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
        self.decode(&mut decode, &[(stored, 0)], places)?;
        decode.finish(out)
    }

    /// Decodes runs of stored rows, storage group by storage group: row `i` of a run to row `i` after its first row of the
    /// output, or to `places[i]`.
    pub fn decode<'a, S: ByteSource>(
        &self,
        decode: &mut Decode<'a, S>,
        runs: &[(RowSelection, usize)],
        places: Option<&[u32]>,
    ) -> Result<()> {
        let context = decode.context;
        let groups = decode.groups.iter_mut().filter(|columns| !self.schema.has_images(columns.group));
        let mut groups: Vec<&mut GroupColumns> = groups.collect();
        let rows: u64 = runs.iter().map(|(stored, _)| stored.len() as u64).sum();
        let bytes = groups.iter().map(|columns| columns.row_bytes()).sum::<u64>().saturating_mul(rows);
        let read = |kernels: &mut Kernels<'a>, columns: &mut GroupColumns<'a>| {
            let mut runs = runs.iter();
            runs.try_for_each(|&run| self.decode_group(context, kernels, columns, run, places))
        };
        if groups.len() > 1 && bytes >= SHARED_BYTES && rayon::current_num_threads() > 1 {
            let read = groups.par_iter_mut().map_init(Kernels::default, |kernels, own| read(kernels, own));
            return read.collect::<Vec<_>>().into_iter().collect();
        }
        self.prefetch(context, &groups, runs);
        let mut kernels = Kernels::default();
        groups.into_iter().try_for_each(|columns| read(&mut kernels, columns))
    }

    /// Asks for the memory of a row in all storage groups, so that it comes from all at once. Of several rows each group
    /// asks for its own.
    fn prefetch<S: ByteSource>(
        &self,
        context: Context<S>,
        groups: &[&mut GroupColumns],
        runs: &[(RowSelection, usize)],
    ) {
        let (&[(stored, _)], Some(bytes)) = (runs, context.pages.source().whole()) else { return };
        if groups.len() < 2 || stored.len() != 1 {
            return;
        }
        let row = stored.row(0);
        for columns in groups {
            // Errors are found when the row is read.
            let block = self.find(context.pages, row).and_then(|s| self.block(context, s, columns.group));
            if let Ok(block) = block {
                block.records.prefetch(bytes, row.saturating_sub(block.head.first_row));
            }
        }
    }

    /// Decodes the columns of a storage group of stored rows.
    fn decode_group<'a, S: ByteSource>(
        &self,
        context: Context<'a, S>,
        kernels: &mut Kernels<'a>,
        columns: &mut GroupColumns<'a>,
        (stored, output): (RowSelection, usize),
        places: Option<&[u32]>,
    ) -> Result<()> {
        let pages = context.pages;
        let mut within = Vec::new();
        let mut from = 0;
        while from < stored.len() {
            let segment = self.find(pages, stored.row(from))?;
            let block = self.block(context, segment, columns.group)?;
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
            let read = columns.block(context, kernels, &block, part);
            read.map_err(|e| e.at(format_args!("segment {segment}")))?;
            from = to;
        }
        Ok(())
    }
}
