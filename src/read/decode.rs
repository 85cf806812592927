//! Rows of blocks to values, column by column, a chunk of records at a time.

use std::borrow::Cow;

use crate::bits::mask;
use crate::codec::block::Block;
use crate::codec::fixed::kernel::{BaseParts, Bases, Records, Starts, lane_fields};
use crate::codec::fixed::lane::Lane;
use crate::codec::fixed::records::Chunk;
use crate::codec::grouped::decode::GroupedFields;
use crate::codec::row_selection::Picked;
use crate::codec::strings::decode::Strings;
use crate::codec::strings::dictionaries::Dictionaries;
use crate::codec::transform::lane_transform::TransformKind;
use crate::codec::transform::limits::{column_place, outside};
use crate::codec::transform::materialize::{Target, store, store_one, store_wide};
use crate::column::prepare::{prepare, zero_nulls};
use crate::column::values::{Batch, Column, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::Source;
use crate::format::pages::Pages;
use crate::format::schema::{Kind, Node, Schema};
use crate::read::projection::Projection;

/// Records decoded at a time: their fields stay in the first-level cache.
pub(crate) const CHUNK: usize = 1024;
/// The same for records in code groups, which take more memory a row.
const GROUPED_CHUNK: usize = 512;

/// Rows of one block, and where their values go.
pub(crate) struct Part<'a> {
    /// Rows of the block, in any order.
    pub rows: Picked<'a>,
    /// The output row of the first, if they go one after the other.
    pub first: usize,
    /// The output row of each, if they do not.
    pub places: Option<&'a [u32]>,
}

/// One reading of rows, over all the blocks that hold them.
pub(crate) struct Decode<'a, S> {
    pages: &'a Pages<S>,
    dictionaries: &'a Dictionaries,
    columns: Vec<Output<'a>>,
    rows: usize,
    /// Most bytes of strings in several rows.
    most: u64,
    /// Memory for records in code groups.
    grouped: GroupedFields,
}

/// A column being read.
struct Output<'a> {
    node: &'a Node,
    column: Column,
    /// For byte strings, unless their codes are wanted.
    strings: Option<Strings<'a>>,
    /// True if some of the rows at hand are null.
    nulls: bool,
}

impl<'a, S: Source> Decode<'a, S> {
    /// Makes the columns of `out` ready for so many rows.
    pub fn new(
        schema: &'a Schema,
        pages: &'a Pages<S>,
        dictionaries: &'a Dictionaries,
        projection: &Projection,
        rows: usize,
        out: &mut Batch,
    ) -> Result<Self> {
        let mut old = std::mem::take(&mut out.columns).into_iter();
        let mut columns = earned::with_room(projection.nodes().len())?;
        for &number in projection.nodes() {
            let node = schema.nodes().get(number);
            let node = node.ok_or_else(|| Error::argument(format!("no node {number} in this file")))?;
            let codes = projection.codes() && node.dictionary.is_some();
            let mut column = old.next().unwrap_or(Column { validity: None, values: Values::None });
            prepare(&mut column, node, rows, codes)?;
            let wanted = node.kind.is_bytes() && !codes;
            let kept = if projection.is_only_checked() { None } else { Some(rows) };
            let strings = wanted.then(|| Strings::new(kept, node.kind == Kind::Text)).transpose()?;
            columns.push(Output { node, column, strings, nulls: false });
        }
        let (most, grouped) = (projection.most(), GroupedFields::default());
        Ok(Self { pages, dictionaries, columns, rows, most, grouped })
    }

    /// True if any column lies in the table's storage group.
    pub fn has_table(&self) -> bool {
        self.columns.iter().any(|c| c.node.group == 0)
    }

    /// The columns of images: their storage groups, and the place of each row's values.
    pub fn images(&mut self) -> impl Iterator<Item = (u32, std::slice::ChunksMut<'_, u8>)> {
        self.columns.iter_mut().filter_map(|c| match (&mut c.column.values, c.node.image) {
            (Values::U8(values), Some(_)) => {
                Some((c.node.group, values.chunks_mut(c.node.length.max(1) as usize)))
            }
            _ => None,
        })
    }

    /// Reads rows of a block.
    pub fn block(&mut self, block: &Block, part: Part) -> Result<()> {
        let (pages, entry) = (self.pages, &block.entry);
        let bytes = if block.grouped.is_some() { Cow::Borrowed(&[][..]) } else { block.bases(pages)? };
        let bases =
            Bases { bytes: &bytes, width: entry.base_bits.get().into(), count: entry.base_count.get() };
        let exceptions = pages.piece(entry.exceptions.get(), entry.exceptions_length.get())?;
        for strings in self.columns.iter_mut().filter_map(|c| c.strings.as_mut()) {
            strings.start_block(pages, block)?;
        }
        let table = || self.columns.iter().filter(|c| c.node.group == 0);
        let wanted =
            table().flat_map(|c| c.node.first_lane..c.node.first_value_lane() + c.node.value_lanes());
        if let Some(grouped) = &block.grouped {
            self.grouped.start(grouped, wanted.map(|lane| lane as usize))?;
        }
        let ids_wanted = block.grouped.is_none() && table().any(|c| has_bases(c.node, block));
        let grouped = block.grouped.is_some().then(|| std::mem::take(&mut self.grouped));
        let mut fields = Fields::new(block, bases, part.rows.len(), grouped);
        let (mut chunk, mut ids) = (Chunk::default(), Vec::new());
        let chunk_rows = if fields.grouped.is_some() { GROUPED_CHUNK } else { CHUNK };
        for from in (0..part.rows.len()).step_by(chunk_rows) {
            let to = part.rows.len().min(from + chunk_rows);
            let rows = part.rows.slice(from, to);
            let places = part.places.and_then(|p| p.get(from..to));
            let target = Target { first: part.first + from, rows: places, stride: 1, offset: 0 };
            let data = match fields.read_groups(pages, rows)? {
                true => Cow::Borrowed(&[][..]),
                false => chunk.find(pages, block, rows)?,
            };
            let records = match fields.grouped {
                Some(_) => Records::new(&data, Starts::Dense { first: 0, width: 0, count: rows.len() }, 0)?,
                None => Records::new(&data, chunk.starts(), entry.record_bits())?,
            };
            if ids_wanted {
                records.read_ids(entry.id_bits, entry.base_count.get(), &mut ids)?;
            }
            let records = records.with_ids(&ids);
            for output in self.columns.iter_mut().filter(|c| c.node.group == 0) {
                let dictionaries = self.dictionaries;
                let mut read = || {
                    output.validity(&mut fields, &records, target)?;
                    if output.node.kind.is_bytes() {
                        output.strings(dictionaries, pages, &mut fields, &records, target)
                    } else if output.node.bits == 128 {
                        output.wide(&mut fields, &records, target)
                    } else {
                        output.numbers(dictionaries, pages, &mut fields, &records, rows, &exceptions, target)
                    }
                };
                read().map_err(|e| e.at(column_place(&output.node.name)))?;
            }
        }
        self.grouped = fields.grouped.unwrap_or_default();
        Ok(())
    }

    /// Hands the columns over.
    ///
    /// # Errors
    /// `Corrupt` for strings that are none; `Memory` for more of them than may be.
    pub fn finish(self, out: &mut Batch) -> Result<()> {
        let strings = self.columns.iter().filter_map(|c| c.strings.as_ref());
        let bytes = strings.fold(0, |sum: u64, s| sum.saturating_add(s.bytes()));
        if self.rows > 1 && bytes > self.most {
            return Err(Error::memory(format!("{} rows have {bytes} bytes of strings, about", self.rows)));
        }
        let finish = |mut output: Output| {
            let (validity, values) = (output.column.validity.as_deref(), &mut output.column.values);
            match (output.strings, validity) {
                (Some(strings), validity) => {
                    strings.finish(validity, values).map_err(|e| e.at(column_place(&output.node.name)))?
                }
                (None, Some(validity)) => zero_nulls(validity, values),
                (None, None) => {}
            }
            Ok(output.column)
        };
        out.rows = self.rows;
        out.columns = self.columns.into_iter().map(finish).collect::<Result<_>>()?;
        Ok(())
    }
}

/// True if a lane of the node has bits in the base table.
fn has_bases(node: &Node, block: &Block) -> bool {
    let end = node.first_value_lane() + node.value_lanes();
    let lanes = block.lanes.get(node.first_lane as usize..end as usize);
    lanes.is_none_or(|lanes| lanes.iter().any(|l| l.base_mask != 0))
}

/// The fields of a block's lanes, and the memory to put them in.
struct Fields<'a> {
    block: &'a Block,
    bases: Bases<'a>,
    /// True if each base is met often enough to decode it once.
    often: bool,
    /// Fields of the current chunk of rows, where records are in code groups.
    grouped: Option<GroupedFields>,
    low: Vec<u64>,
    high: Vec<u64>,
}

impl<'a> Fields<'a> {
    fn new(block: &'a Block, bases: Bases<'a>, rows: usize, grouped: Option<GroupedFields>) -> Self {
        // What one batch decodes the next ones of the block use too.
        let often = rows as u64 * 8 >= bases.count && block.keeps_parts();
        Self { block, bases, often, grouped, low: Vec::new(), high: Vec::new() }
    }

    /// Reads the lanes of some rows from code groups; false if the records are not grouped.
    fn read_groups<S: Source>(&mut self, pages: &Pages<S>, rows: Picked) -> Result<bool> {
        match (&mut self.grouped, &self.block.grouped) {
            (Some(fields), Some(grouped)) => {
                fields.read(grouped, pages, &self.block.entry, rows)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Decodes a lane of a node into `low`, or into `high`.
    fn decode(&mut self, node: &Node, lane: u32, high: bool, records: &Records) -> Result<&'a Lane> {
        let layout = self.block.lanes.get(lane as usize);
        let layout = layout.ok_or_else(|| Error::corrupt("a block has too few lanes"))?;
        let parts = self.block.parts.get(lane as usize).and_then(|parts| {
            let make = self.often && layout.base_mask != 0;
            if make { Some(parts.get_or_init(|| BaseParts::of(layout, &self.bases))) } else { parts.get() }
        });
        let out = if high { &mut self.high } else { &mut self.low };
        match (&mut self.grouped, &self.block.grouped) {
            (Some(fields), Some(grouped)) => fields.swap(grouped, lane as usize, out),
            _ => {
                earned::resize(out, records.len(), 0)?;
                lane_fields(layout, records, &self.bases, parts, out);
            }
        }
        if layout.is_exceeded(out) {
            return Err(outside(node, lane, layout.kind));
        }
        if layout.step > 1 {
            out.iter_mut().for_each(|field| *field = field.wrapping_mul(layout.step.into()));
        }
        Ok(layout)
    }
}

impl Output<'_> {
    fn validity(&mut self, fields: &mut Fields, records: &Records, target: Target) -> Result<()> {
        let Some(validity) = &mut self.column.validity else { return Ok(()) };
        self.nulls = false;
        for instance in 0..self.node.validity_lanes() {
            let lane = fields.decode(self.node, self.node.first_lane + instance, false, records)?;
            let target = Target { stride: self.node.instances as usize, offset: instance as usize, ..target };
            target.put(validity, &fields.low, |f| (lane.minimum + f) as u8);
            self.nulls |= fields.low.iter().any(|&f| lane.minimum + f == 0);
        }
        Ok(())
    }

    /// Checks that fields of an instance are 0 where it is null.
    fn check_nulls(&self, fields: &[u64], instance: usize, target: Target) -> Result<()> {
        let Some(validity) = self.column.validity.as_ref().filter(|_| self.nulls) else { return Ok(()) };
        let target = Target { stride: self.node.instances as usize, offset: instance, ..target };
        let is_null = |i: usize| validity.get(target.index(i)) == Some(&0);
        if fields.iter().enumerate().any(|(i, &field)| field != 0 && is_null(i)) {
            return Err(Error::corrupt("the fields of a null are not 0"));
        }
        Ok(())
    }

    fn strings<S: Source>(
        &mut self,
        dictionaries: &Dictionaries,
        pages: &Pages<S>,
        fields: &mut Fields,
        records: &Records,
        target: Target,
    ) -> Result<()> {
        let places = fields.decode(self.node, self.node.first_value_lane(), false, records)?;
        let lengths = fields.decode(self.node, self.node.first_value_lane() + 1, true, records)?;
        if places.kind == TransformKind::Dictionary {
            self.check_nulls(&fields.low, 0, target)?;
        }
        self.check_nulls(&fields.high, 0, target)?;
        if let Some(strings) = &mut self.strings {
            let validity = self.column.validity.as_deref();
            let fields = [&fields.low[..], &fields.high];
            return strings.add(dictionaries, pages, (places, lengths), fields, validity, target);
        }
        let table = dictionaries.strings(pages, places.dictionary)?;
        if self.node.kind == Kind::Text {
            table.check_text()?;
        }
        let count = table.len() as u64;
        if fields.low.iter().any(|&f| f >= count) {
            return Err(Error::corrupt("a value lies outside its dictionary"));
        }
        if let Values::U32(codes) = &mut self.column.values {
            target.put(codes, &fields.low, |f| f as u32);
        }
        Ok(())
    }

    fn wide(&mut self, fields: &mut Fields, records: &Records, target: Target) -> Result<()> {
        for instance in 0..self.node.instances {
            let lane = self.node.first_value_lane() + 2 * instance;
            let low = fields.decode(self.node, lane, false, records)?;
            let high = fields.decode(self.node, lane + 1, true, records)?;
            self.check_nulls(&fields.low, instance as usize, target)?;
            self.check_nulls(&fields.high, instance as usize, target)?;
            let target = Target { stride: self.node.instances as usize, offset: instance as usize, ..target };
            let fields = [&fields.low[..], &fields.high];
            if !store_wide(self.node, [low, high], fields, &mut self.column.values, target) {
                return Err(outside(self.node, lane, low.kind));
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn numbers<S: Source>(
        &mut self,
        dictionaries: &Dictionaries,
        pages: &Pages<S>,
        fields: &mut Fields,
        records: &Records,
        rows: Picked,
        exceptions: &[u8],
        target: Target,
    ) -> Result<()> {
        let per_row = self.node.value_lanes();
        let largest = mask(self.node.bits.into());
        for value in 0..per_row {
            let number = self.node.first_value_lane() + value;
            let lane = fields.decode(self.node, number, false, records)?;
            self.check_nulls(&fields.low, (value / self.node.lanes_per_instance.max(1)) as usize, target)?;
            let target = Target { stride: per_row as usize, offset: value as usize, ..target };
            let values = &mut self.column.values;
            if lane.kind == TransformKind::Dictionary {
                let table = dictionaries.raw(pages, lane.dictionary)?;
                if table.largest > largest {
                    return Err(outside(self.node, number, lane.kind));
                }
                store(self.node, lane, &fields.low, &table.raw, values, target)?;
            } else {
                store(self.node, lane, &fields.low, &[], values, target)?;
            }
            if let Some(e) = fields.block.exceptions.iter().find(|e| e.lane == number) {
                e.check_order(exceptions, fields.block.rows())?;
                e.overlay(exceptions, rows, |i, raw| {
                    if raw > largest {
                        return Err(outside(self.node, number, TransformKind::Offset));
                    }
                    store_one(raw, i, values, target);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}
