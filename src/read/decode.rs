//! Rows of blocks to values, column by column, a chunk of records at a time.

use crate::bits::mask;
use crate::codec::block::Block;
use crate::codec::context::Context;
use crate::codec::fixed::lane::Lane;
use crate::codec::row_selection::RowSelection;
use crate::codec::strings::decode::Strings;
use crate::codec::transform::TransformKind;
use crate::codec::transform::kind::Word;
use crate::codec::transform::limits::{column_place, outside};
use crate::codec::transform::materialize::{store, store_one, store_wide};
use crate::codec::transform::target::Target;
use crate::codec::{RecordFields, RecordRows};
use crate::column::prepare::{prepare, zero_nulls};
use crate::column::values::{Batch, Column, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Kind, Node, Schema};
use crate::read::lists::{ListColumn, Lists, items_before};
use crate::read::projection::Projection;

/// Rows of one block, and where their values go.
pub(crate) struct Part<'a> {
    /// Rows of the block, in any order.
    pub rows: RowSelection<'a>,
    /// The output row of the first, if they go one after the other.
    pub first: usize,
    /// The output row of each, if they do not.
    pub places: Option<&'a [u32]>,
}

/// One reading of rows, over all the blocks that hold them. It owns the kernels' memory for good.
pub(crate) struct Decode<'a, S> {
    pub context: Context<'a, S>,
    pub columns: Vec<Output<'a>>,
    rows: usize,
    /// Most bytes of strings in several rows.
    most: u64,
    pub records: RecordFields<'a>,
    /// Rows decoded at a time.
    pub step: usize,
    /// Fields of the lanes at hand.
    pub low: Vec<u64>,
    pub high: Vec<u64>,
}

/// A column being read.
pub(crate) struct Output<'a> {
    pub number: usize,
    pub node: &'a Node,
    pub column: Column,
    /// For byte strings, unless their codes are wanted.
    strings: Option<Strings<'a>>,
    /// For lists.
    pub lists: Option<Lists>,
    /// True if some of the rows at hand are null.
    pub nulls: bool,
}

impl<'a, S: ByteSource> Decode<'a, S> {
    /// Makes the columns of `out` ready for so many rows.
    pub fn new(
        schema: &'a Schema,
        context: Context<'a, S>,
        projection: &Projection,
        rows: usize,
        out: &mut Batch,
    ) -> Result<Self> {
        let mut old = std::mem::take(&mut out.columns).into_iter();
        let mut columns = earned::with_room(projection.nodes().len())?;
        for &number in projection.nodes() {
            let node = schema.nodes().get(number);
            let node = node.ok_or_else(|| Error::argument(format!("no node {number} in this file")))?;
            if let Some(refusal) = schema.refusal(number) {
                return Err(refusal);
            }
            let codes = projection.codes() && node.dictionary.is_some();
            let mut column = old.next().unwrap_or(Column { validity: None, values: Values::None });
            prepare(&mut column, node, rows, codes)?;
            let wanted = node.kind.is_bytes() && !codes;
            let kept = if projection.is_only_checked() { None } else { Some(rows) };
            let strings = wanted.then(|| Strings::new(kept, node.kind == Kind::Text)).transpose()?;
            let strings = strings.map(|strings| strings.with_most(projection.prefix()));
            let lists = (node.kind == Kind::List).then(|| Lists::new(rows)).transpose()?;
            columns.push(Output { number, node, column, strings, lists, nulls: false });
        }
        Ok(Self {
            context,
            columns,
            rows,
            most: projection.most(),
            records: RecordFields::default(),
            step: 1,
            low: Vec::new(),
            high: Vec::new(),
        })
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

    /// Reads rows of a block, a chunk at a time.
    pub fn block(&mut self, block: &Block, part: Part) -> Result<()> {
        let pages = self.context.pages;
        let exceptions = block.head.exceptions.read(pages)?;
        for strings in self.columns.iter_mut().filter_map(|c| c.strings.as_mut()) {
            strings.start_block(pages, block)?;
        }
        let nodes = || self.columns.iter().filter(|c| c.node.group == 0).map(|c| c.node);
        let lanes = |node: &Node| node.first_lane..node.first_value_lane() + node.value_lanes();
        let wanted = nodes().flat_map(lanes).map(|lane| lane as usize);
        let step = self.records.start(&block.records, pages, &block.lanes, wanted, part.rows.len())?;
        self.step = step;
        for from in (0..part.rows.len()).step_by(step) {
            let to = part.rows.len().min(from + step);
            let places = part.places.map(|places| &places[from..to]);
            let target = Target { first: part.first + from, rows: places, stride: 1, offset: 0 };
            self.chunk(block, part.rows.slice(from, to), &exceptions, target)?;
        }
        Ok(())
    }

    /// Reads a chunk of rows of a block, column by column.
    fn chunk(&mut self, block: &Block, rows: RowSelection, exceptions: &[u8], target: Target) -> Result<()> {
        let Self { context, columns, records, low, high, .. } = self;
        let source = records.rows(&block.records, context.pages, rows)?;
        let mut fields = Fields { block, source, low, high };
        for output in columns.iter_mut().filter(|c| c.node.group == 0) {
            let mut read = || {
                output.validity(&mut fields, target)?;
                if output.lists.is_some() {
                    output.lengths(&mut fields, target)
                } else if output.node.kind.is_bytes() {
                    output.strings(*context, &mut fields, target)
                } else if output.node.bits == 128 {
                    output.wide(&mut fields, target)
                } else {
                    output.numbers(*context, &mut fields, rows, exceptions, target)
                }
            };
            read().map_err(|e| e.at(column_place(&output.node.name)))?;
        }
        self.starts(block, rows, target)
    }

    /// Finds the first items of the lists of some rows, whose lengths have been read.
    fn starts(&mut self, block: &Block, rows: RowSelection, target: Target) -> Result<()> {
        for column in 0..self.columns.len() {
            let Output { node, number, lists: Some(_), .. } = self.columns[column] else { continue };
            let place = |e: Error| e.at(column_place(&node.name));
            let list = block.lists.iter().find(|list| list.node == number);
            let list = list.ok_or_else(|| place(Error::corrupt("its lists are not in the block")))?;
            let before = items_before(list, rows, |wanted| self.lengths_of(block, node, wanted));
            let before = before.map_err(place)?;
            if let Some(lists) = &mut self.columns[column].lists {
                lists.place(list, rows, target, &before).map_err(place)?;
            }
        }
        Ok(())
    }

    /// The lengths of the lists of some rows of a block.
    fn lengths_of(&mut self, block: &Block, node: &Node, wanted: &[u64]) -> Result<Vec<u64>> {
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

    /// Hands the columns over, those of lists without their items, and says where these are.
    ///
    /// # Errors
    /// `Corrupt` for strings that are none; `Memory` for more of them than may be.
    pub fn finish(self, out: &mut Batch) -> Result<Vec<ListColumn>> {
        let strings = self.columns.iter().filter_map(|c| c.strings.as_ref());
        let bytes = strings.fold(0, |sum: u64, s| sum.saturating_add(s.bytes()));
        if self.rows > 1 && bytes > self.most {
            return Err(Error::memory(format!("{} rows have {bytes} bytes of strings, about", self.rows)));
        }
        let mut lists = Vec::new();
        let finish = |(place, mut output): (usize, Output)| {
            let (validity, values) = (output.column.validity.as_deref(), &mut output.column.values);
            match (output.strings, validity) {
                (Some(strings), validity) => {
                    strings.finish(validity, values).map_err(|e| e.at(column_place(&output.node.name)))?
                }
                (None, Some(validity)) => zero_nulls(validity, values),
                (None, None) => {}
            }
            if let (Some(own), Values::Lists { offsets, .. }) = (output.lists, &mut output.column.values) {
                own.offsets(offsets)?;
                lists.push(ListColumn { column: place, node: output.number, starts: own.starts });
            }
            Ok(output.column)
        };
        out.rows = self.rows;
        out.columns = self.columns.into_iter().enumerate().map(finish).collect::<Result<_>>()?;
        Ok(lists)
    }
}

/// The fields of some rows, and the memory to put those of a lane or two in.
pub(crate) struct Fields<'c> {
    pub block: &'c Block,
    pub source: RecordRows<'c>,
    pub low: &'c mut Vec<u64>,
    pub high: &'c mut Vec<u64>,
}

impl<'c> Fields<'c> {
    /// Decodes a lane of a node into `low`, or into `high`.
    fn decode(&mut self, node: &Node, number: u32, high: bool) -> Result<&'c Lane> {
        let lane = &self.block.lanes[number as usize];
        let out = if high { &mut *self.high } else { &mut *self.low };
        self.source.lane(number as usize, lane, out)?;
        if lane.is_exceeded(out) {
            return Err(outside(node, number, lane.kind));
        }
        if lane.step > 1 {
            out.iter_mut().for_each(|field| *field = field.wrapping_mul(lane.step.into()));
        }
        Ok(lane)
    }
}

impl Output<'_> {
    fn validity(&mut self, fields: &mut Fields, target: Target) -> Result<()> {
        let Some(validity) = &mut self.column.validity else { return Ok(()) };
        self.nulls = false;
        for instance in 0..self.node.validity_lanes() {
            let lane = fields.decode(self.node, self.node.first_lane + instance, false)?;
            let target = Target { stride: self.node.instances as usize, offset: instance as usize, ..target };
            target.put(validity, fields.low, |f| (lane.minimum + f) as u8);
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

    /// Reads the lengths of lists.
    fn lengths(&mut self, fields: &mut Fields, target: Target) -> Result<()> {
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

    fn strings<S: ByteSource>(
        &mut self,
        context: Context<S>,
        fields: &mut Fields,
        target: Target,
    ) -> Result<()> {
        let places = fields.decode(self.node, self.node.first_value_lane(), false)?;
        let lengths = fields.decode(self.node, self.node.first_value_lane() + 1, true)?;
        if places.kind == TransformKind::Dictionary {
            self.check_nulls(fields.low, 0, target)?;
        }
        self.check_nulls(fields.high, 0, target)?;
        if let Some(strings) = &mut self.strings {
            let validity = self.column.validity.as_deref();
            let fields = [&fields.low[..], &fields.high[..]];
            return strings.add(context, (places, lengths), fields, validity, target);
        }
        let table = context.dictionaries.strings(context.pages, places.dictionary)?;
        if self.node.kind == Kind::Text {
            table.check_text()?;
        }
        let count = table.len() as u64;
        if fields.low.iter().any(|&f| f >= count) {
            return Err(Error::corrupt("a value lies outside its dictionary"));
        }
        if let Values::U32(codes) = &mut self.column.values {
            target.put(codes, fields.low, |f| f as u32);
        }
        Ok(())
    }

    fn wide(&mut self, fields: &mut Fields, target: Target) -> Result<()> {
        for instance in 0..self.node.instances {
            let lane = self.node.first_value_lane() + 2 * instance;
            let low = fields.decode(self.node, lane, false)?;
            let high = fields.decode(self.node, lane + 1, true)?;
            self.check_nulls(fields.low, instance as usize, target)?;
            self.check_nulls(fields.high, instance as usize, target)?;
            let target = Target { stride: self.node.instances as usize, offset: instance as usize, ..target };
            let fields = [&fields.low[..], &fields.high[..]];
            if !store_wide(self.node, [low, high], fields, &mut self.column.values, target) {
                return Err(outside(self.node, lane, low.kind));
            }
        }
        Ok(())
    }

    fn numbers<S: ByteSource>(
        &mut self,
        context: Context<S>,
        fields: &mut Fields,
        rows: RowSelection,
        exceptions: &[u8],
        target: Target,
    ) -> Result<()> {
        let per_row = self.node.value_lanes();
        let largest = mask(self.node.bits.into());
        for value in 0..per_row {
            let number = self.node.first_value_lane() + value;
            let lane = fields.decode(self.node, number, false)?;
            self.check_nulls(fields.low, (value / self.node.lanes_per_instance.max(1)) as usize, target)?;
            let target = Target { stride: per_row as usize, offset: value as usize, ..target };
            let values = &mut self.column.values;
            if lane.kind.word() == Word::Dictionary {
                let table = context.dictionaries.raw(context.pages, lane.dictionary)?;
                if table.largest > largest {
                    return Err(outside(self.node, number, lane.kind));
                }
                store(self.node, lane, fields.low, &table.raw, values, target)?;
            } else {
                store(self.node, lane, fields.low, &[], values, target)?;
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
