//! A column of rows that are read: how its lanes become values.

use crate::bits::mask;
use crate::codec::RecordRows;
use crate::codec::block::Block;
use crate::codec::context::Context;
use crate::codec::fixed::lane::Lane;
use crate::codec::row_selection::RowSelection;
use crate::codec::strings::decode::Strings;
use crate::codec::transform::TransformKind;
use crate::codec::transform::kind::Word;
use crate::codec::transform::limits::outside;
use crate::codec::transform::materialize::{store, store_one, store_wide};
use crate::codec::transform::target::Target;
use crate::column::values::{Column, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Kind, Node};
use crate::read::lists::Lists;

/// A column being read.
pub(crate) struct Output<'a> {
    /// Its place in the batch.
    pub place: usize,
    pub number: usize,
    pub node: &'a Node,
    pub column: Column,
    /// For byte strings, unless their codes are wanted.
    pub strings: Option<Strings<'a>>,
    /// For lists.
    pub lists: Option<Lists>,
    /// True if some of the rows at hand are null.
    pub nulls: bool,
}

/// The fields of some rows, and the memory to put those of a lane or two in.
pub(crate) struct Fields<'c> {
    pub block: &'c Block,
    pub rows: usize,
    pub source: RecordRows<'c>,
    pub low: &'c mut Vec<u64>,
    pub high: &'c mut Vec<u64>,
}

impl<'c> Fields<'c> {
    /// Decodes a lane of a node into `low`, or into `high`.
    pub fn decode(&mut self, node: &Node, number: u32, high: bool) -> Result<&'c Lane> {
        let lane = &self.block.lanes[number as usize];
        let out = if high { &mut *self.high } else { &mut *self.low };
        if lane.is_constant() {
            // Such lanes are not asked for.
            out.clear();
            earned::resize(out, self.rows, lane.constant)?;
        } else {
            self.source.lane(number as usize, lane, out)?;
        }
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
    /// Reads some rows of a block.
    pub fn read<S: ByteSource>(
        &mut self,
        context: Context<S>,
        fields: &mut Fields,
        rows: RowSelection,
        exceptions: &[u8],
        target: Target,
    ) -> Result<()> {
        self.validity(fields, target)?;
        if self.lists.is_some() {
            self.lengths(fields, target)
        } else if self.node.kind.is_bytes() {
            self.strings(context, fields, target)
        } else if self.node.bits == 128 {
            self.wide(fields, target)
        } else {
            self.numbers(context, fields, rows, exceptions, target)
        }
    }

    fn validity(&mut self, fields: &mut Fields, target: Target) -> Result<()> {
        let Some(validity) = &mut self.column.validity else { return Ok(()) };
        self.nulls = false;
        for instance in 0..self.node.validity_lanes() {
            let number = self.node.first_lane + instance;
            let lane = &fields.block.lanes[number as usize];
            if lane.is_constant() && !lane.is_exceeded(&[lane.constant]) {
                // As where nulls may be and are not: no field is looked at.
                let target =
                    Target { stride: self.node.instances as usize, offset: instance as usize, ..target };
                let valid = lane.minimum + lane.constant;
                target.fill(validity, fields.rows, valid as u8);
                self.nulls |= valid == 0;
                continue;
            }
            let lane = fields.decode(self.node, number, false)?;
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
