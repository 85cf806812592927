//! A condition on the bases of a block: what base ids alone say of its rows, without their deviations.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;
use std::sync::Arc;

use crate::codec::Records;
use crate::codec::block::Block;
use crate::codec::context::Context;
use crate::codec::fixed::lane::Lane;
use crate::codec::grouped::block::Grouped;
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
use crate::read::predicate::bound::Bound;
use crate::read::predicate::literal::Test;
use crate::read::predicate::logic::{ANY, FALSE, TRUE, UNKNOWN};
use crate::summary::statistics::stored::{ordered, raw_at};

/// The tests of a condition, as the bases and frames of a block decide them.
pub(crate) struct BaseTests {
    /// One a test of the condition.
    tests: Vec<BaseTest>,
    /// The fields that pass each test, where they are known.
    fields: Vec<Option<LaneTest>>,
}

/// The fields of a lane that pass a test.
struct LaneTest {
    group: u32,
    lane: usize,
    /// The largest field with a value.
    most: u64,
    /// Ranges, both ends within.
    ranges: Vec<(u64, u64)>,
}

/// Ranges of values that are looked for among fields, at most.
const RANGES: usize = 16;

/// What a test is decided by, without deviations.
enum BaseTest {
    /// By base ids: the outcomes by id.
    Ids { group: u32, table: IdTable },
    /// By the minima of frames; nulls are unknown.
    Frames { null: u8 },
    /// By nothing.
    Unknown,
}

/// Both outcomes: rows that have them are looked at.
const BOTH: u8 = 1 << TRUE | 1 << FALSE;

impl BaseTests {
    /// The tests of a condition on the bases of a block; none if they decide nothing.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn new<S: ByteSource>(
        context: Context<S>,
        schema: &Schema,
        bound: &Bound,
        blocks: &[(u32, Arc<Block>)],
    ) -> Result<Option<Self>> {
        let (mut tests, mut fields) = (Vec::new(), Vec::new());
        for (at, test) in bound.tests() {
            let node = &schema.nodes()[bound.nodes[at]];
            let number = node.first_value_lane();
            let Some((block, grouped)) = grouped_of(blocks, node.group) else {
                tests.push(BaseTest::Unknown);
                fields.push(None);
                continue;
            };
            let has_exceptions = block.exceptions.iter().any(|e| e.lane == number);
            let null = if bound.may_be_null(schema, at) { 1 << UNKNOWN } else { 0 };
            let is_plain = !has_exceptions && node.bits <= 64 && !node.kind.is_bytes();
            let bounds = if is_plain { grouped.bounds(number as usize) } else { None };
            let is_whole = bounds.is_some() && null == 0;
            let lane = &block.lanes[number as usize];
            fields.push(if is_whole { passing_fields(node, number as usize, lane, test) } else { None });
            if !is_plain {
                tests.push(BaseTest::Unknown);
                continue;
            }
            if grouped.is_framed(number as usize) {
                tests.push(BaseTest::Frames { null });
                continue;
            }
            let outcomes = match bounds {
                Some(bounds) => of_bounds(context, node, lane, &bounds, test)?,
                None => None,
            };
            let table = outcomes.filter(|outcomes| outcomes.iter().any(|own| own & BOTH != BOTH));
            let table = match table {
                Some(mut outcomes) => {
                    outcomes.iter_mut().for_each(|own| *own |= null);
                    // An id without a base is found where its row is read.
                    grouped.table(number as usize, outcomes, ANY)?
                }
                None => None,
            };
            tests.push(table.map_or(BaseTest::Unknown, |table| BaseTest::Ids { group: node.group, table }));
        }
        let decides = tests.iter().any(|test| !matches!(test, BaseTest::Unknown));
        Ok(decides.then_some(Self { tests, fields }))
    }

    /// The outcomes that the condition may have of rows of the block, as bits.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn possible<S: ByteSource>(
        &self,
        context: Context<S>,
        schema: &Schema,
        bound: &Bound,
        blocks: &[(u32, Arc<Block>)],
        rows: Range<u64>,
    ) -> Result<Vec<u8>> {
        let count = (rows.end - rows.start) as usize;
        let mut found = Vec::new();
        found.resize_with(self.tests.len(), || None);
        for (group, _) in blocks {
            let own = self.tests.iter().enumerate().filter_map(|(i, test)| Some((i, test.table(*group)?)));
            let (places, tables): (Vec<usize>, Vec<&IdTable>) = own.unzip();
            let Some((_, grouped)) = grouped_of(blocks, *group).filter(|_| !tables.is_empty()) else {
                continue;
            };
            let mut own = Vec::new();
            own.resize_with(tables.len(), Vec::new);
            let window = grouped.window(context.pages, rows.clone())?;
            grouped.look_up(&window, rows.clone(), &tables, &mut own)?;
            places.into_iter().zip(own).for_each(|(place, own)| found[place] = Some(own));
        }
        let mut found = found.into_iter();
        let mut outcomes = Vec::new();
        for (own, (at, test)) in self.tests.iter().zip(bound.tests()) {
            outcomes.push(match own {
                BaseTest::Ids { .. } | BaseTest::Unknown => found.next().flatten(),
                BaseTest::Frames { null } => {
                    found.next();
                    let node = &schema.nodes()[bound.nodes[at]];
                    let number = node.first_value_lane();
                    let Some((block, grouped)) = grouped_of(blocks, node.group) else {
                        outcomes.push(None);
                        continue;
                    };
                    let (bounds, per) = grouped.frame_bounds(context.pages, rows.clone(), number as usize)?;
                    let frames = of_bounds(context, node, &block.lanes[number as usize], &bounds, test)?;
                    frames.map(|frames| by_row(&frames, *null, &rows, per)).transpose()?
                }
            });
        }
        bound.possible(count, outcomes)
    }
}

impl BaseTests {
    /// What some rows of a block within a range of them make of the condition, in ascending order; none if their values are to be
    /// read for it.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn outcomes<S: ByteSource>(
        &self,
        context: Context<S>,
        bound: &Bound,
        blocks: &[(u32, Arc<Block>)],
        within: Range<u64>,
        rows: &[u64],
    ) -> Result<Option<Vec<u8>>> {
        let Some(tests) = self.fields.iter().map(Option::as_ref).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let (mut outcomes, mut fields) = (Vec::new(), Vec::new());
        for test in tests {
            let Some((_, grouped)) = grouped_of(blocks, test.group) else { return Ok(None) };
            let window = grouped.window(context.pages, within.clone())?;
            fields.clear();
            grouped.fields(&window, rows, test.lane, &mut fields)?;
            if fields.iter().any(|field| *field > test.most) {
                return Ok(None);
            }
            let mut own = earned::with_room(fields.len())?;
            own.extend(fields.iter().map(|field| {
                let passes = test.ranges.iter().any(|(first, last)| first <= field && field <= last);
                if passes { 1 << TRUE } else { 1 << FALSE }
            }));
            outcomes.push(Some(own));
        }
        let all = bound.possible(rows.len(), outcomes)?;
        let is_known = all.iter().all(|own| own.count_ones() == 1);
        Ok(is_known.then(|| all.into_iter().map(|own| own.trailing_zeros() as u8).collect()))
    }
}

/// The block of a storage group, if its records have code groups.
fn grouped_of(blocks: &[(u32, Arc<Block>)], group: u32) -> Option<(&Block, &Grouped)> {
    let (_, block) = blocks.iter().find(|(own, _)| *own == group)?;
    match &block.records {
        Records::Grouped(grouped) => Some((block, grouped)),
        _ => None,
    }
}

/// The fields of a lane whose values pass a test, if its transform keeps their order.
fn passing_fields(node: &Node, number: usize, lane: &Lane, test: &Test) -> Option<LaneTest> {
    let Test::Numbers(ranges) = test else { return None };
    let keeps_order =
        matches!(lane.kind, TransformKind::Offset | TransformKind::Decimal | TransformKind::Single);
    if !keeps_order || ranges.all().len() > RANGES {
        return None;
    }
    let most = lane.most.min(lane.deviation_mask);
    most.checked_mul(lane.step.max(1).into())?;
    let mut found = Vec::new();
    for &(first, last) in ranges.all() {
        let from = fields_below(most, |field| Some(place(node, lane, field)? < first))?;
        let to = fields_below(most, |field| Some(place(node, lane, field)? <= last))?;
        found.extend((from < to).then(|| (from as u64, (to - 1) as u64)));
    }
    Some(LaneTest { group: node.group, lane: number, most, ranges: found })
}

/// How many fields, up to one, are below something; none if that is not known.
fn fields_below(most: u64, is_below: impl Fn(u64) -> Option<bool>) -> Option<u128> {
    let (mut low, mut high) = (0u128, u128::from(most) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_below(middle as u64)? { low = middle + 1 } else { high = middle }
    }
    Some(low)
}

/// The place in order of the value of a field.
fn place(node: &Node, lane: &Lane, field: u64) -> Option<u128> {
    let target = Target { first: 0, rows: None, stride: 1, offset: 0 };
    let mut values = match Values::empty(node) {
        Values::U8(_) => Values::U8(vec![0]),
        Values::U16(_) => Values::U16(vec![0]),
        Values::U32(_) => Values::U32(vec![0]),
        Values::U64(_) => Values::U64(vec![0]),
        _ => return None,
    };
    store(node, lane, &[field.checked_mul(lane.step.max(1).into())?], &[], &mut values, target).ok()?;
    Some(ordered(node, raw_at(&values, 0)))
}

impl BaseTest {
    /// Its table, if it is of the ids of a storage group.
    fn table(&self, wanted: u32) -> Option<&IdTable> {
        match self {
            Self::Ids { group, table } if *group == wanted => Some(table),
            _ => None,
        }
    }
}

/// The outcomes of frames of so many rows, row by row.
fn by_row(frames: &[u8], null: u8, rows: &Range<u64>, per: u64) -> Result<Vec<u8>> {
    let mut outcomes = earned::with_room((rows.end - rows.start) as usize)?;
    let (mut row, first) = (rows.start, rows.start / per);
    for (frame, own) in (first..).zip(frames) {
        let end = rows.end.min((frame + 1) * per);
        outcomes.extend((row..end).map(|_| own | null));
        row = end;
    }
    Ok(outcomes)
}

/// The outcomes of a test of fields within bounds, as bits; none if they are not known.
fn of_bounds<S: ByteSource>(
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
