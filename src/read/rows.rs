//! The rows of a table: which block holds a row, and the values of rows in any order.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use zerocopy::FromBytes;

use super::block::Block;
use super::dictionary::Dictionaries;
use super::fields::{Bases, Records, lane_bases, lane_fields};
use super::store::{Target, store, store_one, store_wide};
use super::strings::Strings;
use super::{Pages, Projection, Source};
use crate::column::{Batch, Column, Node, Schema, Values};
use crate::error::{Error, Result};
use crate::format::{BlockEntry, TransformKind};

/// Records decoded at a time: their fields stay in the first-level cache.
const CHUNK: usize = 1024;
/// Most base parts kept decoded for a block.
const MAX_TABLE: u64 = 1 << 20;

/// A table in the file: the rows themselves, or the condensed samples.
pub(super) struct Rows {
    pub schema: Schema,
    pub rows: u64,
    pub blocks: u64,
    /// Rows a block, if all but the last have as many; else 0.
    pub block_rows: u64,
    /// Offset of the block table.
    pub table: u64,
    cache: Vec<Mutex<Option<(u64, Arc<Block>)>>>,
}

/// Rows of one block, and where their values go.
struct Part<'a> {
    /// Rows of the block, in any order.
    rows: &'a [u64],
    first: usize,
    places: Option<&'a [u32]>,
}

impl Rows {
    pub fn new(schema: Schema, rows: u64, blocks: u64, block_rows: u64, table: u64) -> Self {
        let block_bytes = 128 + 80 * schema.lanes() as usize;
        let slots = (4 << 20) / block_bytes;
        let slots = (slots as u64).clamp(2, 64).min(blocks.max(1));
        Self {
            schema,
            rows,
            blocks,
            block_rows,
            table,
            cache: (0..slots).map(|_| Mutex::new(None)).collect(),
        }
    }

    /// The entry of a block.
    pub fn entry<S: Source>(&self, pages: &Pages<S>, number: u64) -> Result<BlockEntry> {
        if number >= self.blocks {
            return Err(Error::corrupt("the block table ends too early"));
        }
        let bytes = pages.piece(self.table + number * BlockEntry::SIZE, BlockEntry::SIZE)?;
        BlockEntry::read_from_bytes(&bytes).map_err(|_| Error::corrupt("a block entry is cut short"))
    }

    /// A block, from the cache if it was used lately.
    pub fn block<S: Source>(&self, pages: &Pages<S>, number: u64) -> Result<Arc<Block>> {
        let slot = self.cache.get((number % self.cache.len() as u64) as usize);
        let mut slot = slot.map(|s| s.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some((_, block)) = slot.as_deref().and_then(Option::as_ref).filter(|(n, _)| *n == number) {
            return Ok(block.clone());
        }
        let entry = self.entry(pages, number)?;
        let block =
            Block::read(pages, &self.schema, entry).map_err(|e| e.at(format_args!("block {number}")))?;
        let block = Arc::new(block);
        if let Some(slot) = slot.as_deref_mut() {
            *slot = Some((number, block.clone()));
        }
        Ok(block)
    }

    /// The number of the block that holds a stored row (less than `rows`).
    pub fn find<S: Source>(&self, pages: &Pages<S>, row: u64) -> Result<u64> {
        if self.block_rows > 0 {
            return Ok(row / self.block_rows);
        }
        let (mut low, mut high) = (0, self.blocks);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.entry(pages, middle)?.first_row.get() <= row { low = middle } else { high = middle }
        }
        Ok(low)
    }

    /// Reads stored rows `stored` (each less than `rows`) into `out`: row `i` of the output, or row `places[i]`.
    pub fn take<S: Source>(
        &self,
        pages: &Pages<S>,
        dictionaries: &Dictionaries,
        stored: &[u64],
        places: Option<&[u32]>,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<()> {
        let mut decode = Decode::new(self, pages, dictionaries, projection, stored.len(), out)?;
        let mut within = Vec::with_capacity(stored.len().min(CHUNK));
        let mut from = 0;
        while let Some(&row) = stored.get(from) {
            let number = self.find(pages, row)?;
            let block = self.block(pages, number)?;
            let (first, rows) = (block.entry.first_row.get(), block.rows());
            within.clear();
            let here = stored.iter().skip(from).map(|r| r.wrapping_sub(first)).take_while(|&r| r < rows);
            within.extend(here);
            if within.is_empty() {
                return Err(Error::corrupt(format!("block {number} does not hold the rows it should")));
            }
            let to = from + within.len();
            let part = Part { rows: &within, first: from, places: places.and_then(|p| p.get(from..to)) };
            decode.block(&block, part).map_err(|e| e.at(format_args!("block {number}")))?;
            from = to;
        }
        decode.finish(out)
    }
}

/// One reading of rows, over all the blocks they lie in.
struct Decode<'a, S> {
    table: &'a Rows,
    pages: &'a Pages<S>,
    dictionaries: &'a Dictionaries,
    projection: &'a Projection,
    columns: Vec<Column>,
    strings: Vec<Option<Strings<'a>>>,
    rows: usize,
}

impl<'a, S: Source> Decode<'a, S> {
    fn new(
        table: &'a Rows,
        pages: &'a Pages<S>,
        dictionaries: &'a Dictionaries,
        projection: &'a Projection,
        rows: usize,
        out: &mut Batch,
    ) -> Result<Self> {
        let mut columns = std::mem::take(&mut out.columns);
        let mut strings = Vec::with_capacity(projection.nodes().len());
        columns.resize_with(projection.nodes().len(), || Column { validity: None, values: Values::None });
        for (column, &number) in columns.iter_mut().zip(projection.nodes()) {
            let node = table.schema.nodes().get(number);
            let node = node.ok_or_else(|| Error::argument(format!("no node {number} in this file")))?;
            let codes = projection.codes() && node.dictionary.is_some();
            prepare(column, node, rows, codes)?;
            strings.push((node.kind.is_bytes() && !codes).then(|| Strings::new(rows)));
        }
        Ok(Self { table, pages, dictionaries, projection, columns, strings, rows })
    }

    fn block(&mut self, block: &Block, part: Part) -> Result<()> {
        let (pages, entry) = (self.pages, &block.entry);
        let base_bytes = block.bases(pages)?;
        let bases =
            Bases { bytes: &base_bytes, width: entry.base_bits.get().into(), count: entry.base_count.get() };
        let exceptions = pages.piece(entry.exceptions.get(), entry.exceptions_length.get())?;
        let base_lanes = block.lanes.iter().filter(|l| l.base_mask != 0).count() as u64;
        let often =
            part.rows.len() as u64 >= bases.count && bases.count.saturating_mul(base_lanes) <= MAX_TABLE;
        let mut tables: Vec<Vec<u64>> = if often { vec![Vec::new(); block.lanes.len()] } else { Vec::new() };
        for s in self.strings.iter_mut().flatten() {
            s.start_block(pages, entry)?;
        }
        let mut scratch = Scratch::default();
        for (number, rows) in part.rows.chunks(CHUNK).enumerate() {
            let from = number * CHUNK;
            let places = part.places.and_then(|p| p.get(from..from + rows.len()));
            let data = scratch.records(pages, block, rows)?;
            let records = Records { data: &data, starts: &scratch.starts, ids: &scratch.ids };
            let mut lane_values = |lane: u32, out: &mut Vec<u64>| -> Result<()> {
                let missing = || Error::corrupt("a lane is missing");
                let layout = block.lanes.get(lane as usize).ok_or_else(missing)?;
                out.resize(rows.len(), 0);
                let table = match tables.get_mut(lane as usize) {
                    Some(table) if layout.base_mask != 0 => {
                        if table.is_empty() {
                            lane_bases(layout, &bases, table);
                        }
                        table.as_slice()
                    }
                    _ => &[],
                };
                lane_fields(layout, &records, &bases, table, out);
                Ok(())
            };
            for (i, &number) in self.projection.nodes().iter().enumerate() {
                let (Some(node), Some(column)) =
                    (self.table.schema.nodes().get(number), self.columns.get_mut(i))
                else {
                    continue;
                };
                let target = Target { first: part.first + from, rows: places, stride: 1, offset: 0 };
                if let Some(validity) = &mut column.validity {
                    for instance in 0..node.validity_lanes() {
                        let lane = node.first_lane + instance;
                        lane_values(lane, &mut scratch.low)?;
                        let least = block.lanes.get(lane as usize).map_or(0, |l| l.minimum);
                        let target =
                            Target { stride: node.instances as usize, offset: instance as usize, ..target };
                        let bit =
                            |i: usize| (scratch.low.get(i).map_or(0, |f| f.wrapping_add(least)) & 1) as u8;
                        target.put(validity, rows.len(), bit);
                    }
                }
                if node.kind.is_bytes() {
                    let lane = node.first_value_lane();
                    lane_values(lane, &mut scratch.low)?;
                    lane_values(lane + 1, &mut scratch.high)?;
                    let Some(layouts) =
                        block.lanes.get(lane as usize).zip(block.lanes.get(lane as usize + 1))
                    else {
                        continue;
                    };
                    match self.strings.get_mut(i).and_then(Option::as_mut) {
                        Some(s) => {
                            s.add(self.dictionaries, pages, layouts, [&scratch.low, &scratch.high], target)?
                        }
                        None => put_codes(
                            node,
                            layouts.0,
                            &scratch.low,
                            &mut column.values,
                            target,
                            self.dictionaries,
                            pages,
                        )?,
                    }
                    continue;
                }
                for value in 0..node.value_lanes() {
                    let wide = node.bits == 128;
                    if wide && value % 2 == 1 {
                        continue;
                    }
                    let lane = node.first_value_lane() + value;
                    let per_row = node.value_lanes() as usize / if wide { 2 } else { 1 };
                    let offset = value as usize / if wide { 2 } else { 1 };
                    let target = Target { stride: per_row, offset, ..target };
                    lane_values(lane, &mut scratch.low)?;
                    let missing = || Error::corrupt("a lane is missing");
                    let layout = block.lanes.get(lane as usize).ok_or_else(missing)?;
                    if wide {
                        lane_values(lane + 1, &mut scratch.high)?;
                        let other = block.lanes.get(lane as usize + 1).ok_or_else(missing)?;
                        store_wide(
                            node,
                            [layout, other],
                            [&scratch.low, &scratch.high],
                            &mut column.values,
                            target,
                        );
                        continue;
                    }
                    let table = match layout.kind {
                        TransformKind::Dictionary => Some(self.dictionaries.raw(pages, layout.dictionary)?),
                        _ => None,
                    };
                    let table = table.as_deref().map_or(&[][..], |t| t);
                    store(node, layout, &scratch.low, table, &mut column.values, target)?;
                    if let Some(e) = block.exceptions.iter().find(|e| e.lane == lane) {
                        e.overlay(&exceptions, rows, |i, raw| store_one(raw, i, &mut column.values, target));
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, out: &mut Batch) -> Result<()> {
        for (column, strings) in self.columns.iter_mut().zip(self.strings) {
            if let Some(strings) = strings {
                strings.finish(column.validity.as_deref(), &mut column.values);
            } else if let Some(validity) = &column.validity {
                zero_nulls(validity, &mut column.values);
            }
        }
        out.rows = self.rows;
        out.columns = self.columns;
        Ok(())
    }
}

/// Buffers for one chunk.
#[derive(Default)]
struct Scratch {
    starts: Vec<u64>,
    ids: Vec<u32>,
    low: Vec<u64>,
    high: Vec<u64>,
}

impl Scratch {
    /// Finds the records of some rows of a block: their bytes, the bit each starts at, and their base ids.
    fn records<'p, S: Source>(
        &mut self,
        pages: &'p Pages<S>,
        block: &Block,
        rows: &[u64],
    ) -> Result<Cow<'p, [u8]>> {
        let entry = &block.entry;
        let width = entry.record_bits();
        self.starts.clear();
        self.ids.clear();
        if width == 0 {
            self.starts.resize(rows.len(), 0);
            self.ids.resize(rows.len(), 0);
            return Ok(Cow::Borrowed(&[]));
        }
        let (first, last) = (rows.first().copied().unwrap_or(0), rows.last().copied().unwrap_or(0));
        let dense =
            last.wrapping_sub(first).wrapping_add(1) == rows.len() as u64 && rows.is_sorted_by(|a, b| a < b);
        let range = block.record_bytes(first).start..block.record_bytes(last).end;
        let length = entry.stream_lengths().map_or(0, |l| l[2]);
        let all = entry.records.get()..entry.records.get().saturating_add(length);
        let data = if let Some(whole) = pages.source().whole() {
            if dense {
                pages.touch(range)?;
            } else {
                for &row in rows {
                    pages.touch(block.record_bytes(row))?;
                }
            }
            self.starts.extend(rows.iter().map(|r| r * width));
            let place = usize::try_from(all.start).ok().zip(usize::try_from(all.end).ok());
            let data =
                place.filter(|_| all.end <= pages.end()).and_then(|(start, end)| whole.get(start..end));
            Cow::Borrowed(data.ok_or_else(|| Error::corrupt("the records lie outside the file"))?)
        } else if dense {
            let skipped = (range.start - all.start) * 8;
            self.starts.extend(rows.iter().map(|r| r * width - skipped));
            let mut data = pages.get(range)?.into_owned();
            data.resize(data.len() + 16, 0);
            Cow::Owned(data)
        } else {
            let mut data = Vec::with_capacity(rows.len() * (width as usize / 8 + 2) + 16);
            for &row in rows {
                self.starts.push(data.len() as u64 * 8 + row * width % 8);
                data.extend_from_slice(&pages.get(block.record_bytes(row))?);
            }
            data.resize(data.len() + 16, 0);
            Cow::Owned(data)
        };
        let bits = u32::from(entry.id_bits);
        if bits == 0 {
            self.ids.resize(rows.len(), 0);
            return Ok(data);
        }
        let bases = entry.base_count.get();
        for &start in &self.starts {
            let id = crate::format::bits::field(&data, start, bits);
            if id >= bases || bits > 32 {
                return Err(Error::corrupt("a record names a base that does not exist"));
            }
            self.ids.push(id as u32);
        }
        Ok(data)
    }
}

/// Makes a column ready for `rows` rows, all zero.
fn prepare(column: &mut Column, node: &Node, rows: usize, codes: bool) -> Result<()> {
    let count = |per_row: usize| {
        let count = rows.checked_mul(per_row).filter(|&c| c <= isize::MAX as usize / 16);
        count.ok_or_else(|| Error::argument("too many values for one batch; read fewer rows at a time"))
    };
    let instances = count(node.instances as usize)?;
    column.validity = node.nullable.then(|| {
        let mut validity = column.validity.take().unwrap_or_default();
        validity.clear();
        validity.resize(instances, 0);
        validity
    });
    let wanted = if codes { Values::U32(Vec::new()) } else { Values::empty(node) };
    if std::mem::discriminant(&wanted) != std::mem::discriminant(&column.values) {
        column.values = wanted;
    }
    column.values.clear();
    let per_value = if node.kind == crate::column::Kind::FixedBytes { node.length as usize } else { 1 };
    let values = count((node.instances as usize).saturating_mul(per_value))?;
    match &mut column.values {
        Values::U8(v) => v.resize(values, 0),
        Values::U16(v) => v.resize(values, 0),
        Values::U32(v) => v.resize(values, 0),
        Values::U64(v) => v.resize(values, 0),
        Values::U128(v) => v.resize(values, 0),
        Values::None | Values::Bytes { .. } => {}
    }
    Ok(())
}

/// Values under a null are zero.
fn zero_nulls(validity: &[u8], values: &mut Values) {
    fn zero<T: Copy + Default>(validity: &[u8], values: &mut [T]) {
        let per = values.len().checked_div(validity.len()).unwrap_or(0);
        if per > 0 && validity.contains(&0) {
            for (valid, values) in validity.iter().zip(values.chunks_mut(per)) {
                if *valid == 0 {
                    values.fill(T::default());
                }
            }
        }
    }
    match values {
        Values::U8(v) => zero(validity, v),
        Values::U16(v) => zero(validity, v),
        Values::U32(v) => zero(validity, v),
        Values::U64(v) => zero(validity, v),
        Values::U128(v) => zero(validity, v),
        Values::None | Values::Bytes { .. } => {}
    }
}

/// Writes dictionary codes.
fn put_codes<S: Source>(
    node: &Node,
    lane: &super::block::Lane,
    fields: &[u64],
    out: &mut Values,
    target: Target,
    dictionaries: &Dictionaries,
    pages: &Pages<S>,
) -> Result<()> {
    if lane.kind != TransformKind::Dictionary || node.dictionary != Some(lane.dictionary) {
        return Err(Error::corrupt("a string column leaves its dictionary"));
    }
    let count = dictionaries.strings(pages, lane.dictionary)?.len() as u64;
    if fields.iter().any(|&f| f >= count) {
        return Err(Error::corrupt("a value lies outside its dictionary"));
    }
    if let Values::U32(v) = out {
        target.put(v, fields.len(), |i| fields.get(i).map_or(0, |&f| f as u32));
    }
    Ok(())
}
