//! A condition on the bases of a block: what base ids alone say of its rows, without their deviations.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;

use crate::codec::Records;
use crate::codec::block::Block;
use crate::codec::context::Context;
use crate::codec::fixed::lane::Lane;
use crate::codec::grouped::row_ids::IdTable;
use crate::codec::transform::TransformKind;
use crate::codec::transform::kind::Word;
use crate::codec::transform::materialize::store;
use crate::codec::transform::target::Target;
use crate::column::values::Values;
use crate::earned;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Node, Schema};
use crate::read::predicate::bound::{ANY, Bound, FALSE, TRUE, UNKNOWN};
use crate::read::predicate::literal::Test;
use crate::summary::statistics::stored::{ordered, raw_at};

/// The tests of a condition, as the bases of a block decide them.
pub(crate) struct BaseTests {
    /// One a test of the condition; none where bases say nothing.
    tables: Vec<Option<IdTable>>,
}

impl BaseTests {
    /// The tests of a condition on the bases of a block; none if they decide nothing.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn new<S: ByteSource>(
        context: Context<S>,
        schema: &Schema,
        bound: &Bound,
        block: &Block,
    ) -> Result<Option<Self>> {
        let Records::Grouped(grouped) = &block.records else { return Ok(None) };
        let mut tables = Vec::new();
        for (at, test) in bound.tests() {
            let node = &schema.nodes()[bound.nodes[at]];
            let number = node.first_value_lane();
            let has_exceptions = block.exceptions.iter().any(|e| e.lane == number);
            let ranges = if has_exceptions || node.bits > 64 || node.kind.is_bytes() {
                None
            } else {
                grouped.bounds(number as usize)
            };
            let lane = &block.lanes[number as usize];
            let outcomes = match (ranges, test) {
                (Some(bounds), Test::Numbers(_)) => of_bases(context, node, lane, &bounds, test)?,
                _ => None,
            };
            let null = if bound.may_be_null(schema, at) { 1 << UNKNOWN } else { 0 };
            tables.push(outcomes.and_then(|mut outcomes| {
                outcomes.iter_mut().for_each(|own| *own |= null);
                // An id without a base is found where its row is read.
                grouped.table(number as usize, outcomes, ANY)
            }));
        }
        let both = 1 << TRUE | 1 << FALSE;
        let decides = |table: &IdTable| table.entries.iter().any(|own| own & both != both);
        Ok(tables.iter().flatten().any(decides).then_some(Self { tables }))
    }

    /// The outcomes that the condition may have of rows of the block, as bits.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn possible<S: ByteSource>(
        &self,
        context: Context<S>,
        bound: &Bound,
        block: &Block,
        rows: Range<u64>,
    ) -> Result<Vec<u8>> {
        let Records::Grouped(grouped) = &block.records else {
            return bound.possible((rows.end - rows.start) as usize, &[]);
        };
        let own: Vec<&IdTable> = self.tables.iter().flatten().collect();
        let mut found = Vec::new();
        found.resize_with(own.len(), Vec::new);
        grouped.look_up(context.pages, rows.clone(), &own, &mut found)?;
        let mut found = found.into_iter();
        let tests: Vec<_> =
            self.tables.iter().map(|table| table.as_ref().and_then(|_| found.next())).collect();
        bound.possible((rows.end - rows.start) as usize, &tests)
    }
}

/// The outcomes of a test by base, as bits; none if they are not known.
fn of_bases<S: ByteSource>(
    context: Context<S>,
    node: &Node,
    lane: &Lane,
    bounds: &[(u64, u64)],
    test: &Test,
) -> Result<Option<Vec<u8>>> {
    let Test::Numbers(ranges) = test else { return Ok(None) };
    let mut outcomes = earned::with_room(bounds.len())?;
    if lane.kind.word() == Word::Dictionary {
        // The values of a dictionary are in any order: counted from the first on.
        let table = context.dictionaries.raw(context.pages, lane.dictionary)?;
        let mut passing = earned::with_room(table.raw.len() + 1)?;
        passing.push(0usize);
        for &raw in &table.raw {
            passing
                .push(passing[passing.len() - 1] + usize::from(ranges.contains(ordered(node, raw.into()))));
        }
        for &(low, high) in bounds {
            let codes = low.min(table.raw.len() as u64) as usize
                ..high.saturating_add(1).min(table.raw.len() as u64) as usize;
            let count = passing[codes.end] - passing[codes.start];
            outcomes.push(set(count > 0, count < codes.len(), codes.is_empty()));
        }
        return Ok(Some(outcomes));
    }
    if !matches!(lane.kind, TransformKind::Offset | TransformKind::Decimal | TransformKind::Single) {
        return Ok(None);
    }
    // These transforms keep the order of fields.
    let mut fields = earned::with_room(2 * bounds.len())?;
    let step = u64::from(lane.step.max(1));
    for &(low, high) in bounds {
        let ends = [low, high.min(lane.most)].map(|field| field.checked_mul(step));
        let [Some(low), Some(high)] = ends else { return Ok(None) };
        if low > high {
            return Ok(None);
        }
        fields.extend([low, high]);
    }
    let mut values = Values::empty(node);
    match &mut values {
        Values::U8(v) => earned::resize(v, fields.len(), 0)?,
        Values::U16(v) => earned::resize(v, fields.len(), 0)?,
        Values::U32(v) => earned::resize(v, fields.len(), 0)?,
        Values::U64(v) => earned::resize(v, fields.len(), 0)?,
        _ => return Ok(None),
    }
    let target = Target { first: 0, rows: None, stride: 1, offset: 0 };
    if store(node, lane, &fields, &[], &mut values, target).is_err() {
        return Ok(None);
    }
    for pair in 0..bounds.len() {
        let [low, high] = [2 * pair, 2 * pair + 1].map(|at| ordered(node, raw_at(&values, at)));
        let (some, all) = ranges.meet(low, high);
        outcomes.push(set(some, !all, low > high));
    }
    Ok(Some(outcomes))
}

/// Outcomes as bits; any, if the values are not known.
fn set(may_be_true: bool, may_be_false: bool, is_unknown: bool) -> u8 {
    if is_unknown { ANY } else { u8::from(may_be_true) << TRUE | u8::from(may_be_false) << FALSE }
}
