//! The rows that pass a condition: segments are decided by their statistics, others by the columns of the condition alone.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use crate::codec::block::Block;
use crate::codec::row_selection::RowSelection;
use crate::column::values::{Batch, Column};
use crate::earned;
use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::Node;
use crate::read::bases::BaseTests;
use crate::read::predicate::Predicate;
use crate::read::predicate::bound::Bound;
use crate::read::predicate::logic::TRUE;
use crate::read::predicate::outcomes::Decision;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::summary::statistics::layout::StatisticsLayout;
use crate::summary::statistics::stored::Stored;

/// Bytes of values, and of strings, of a condition's columns that are decoded at a time.
const BYTES: u64 = 2 << 20;
const STRINGS: u64 = 8 << 20;
/// Rows that are decoded at a time, at most.
const ROWS: u64 = 1 << 15;

/// Rows by their numbers take so many times as long as in order: of more, all are read.
const OPEN_SHARE: usize = 8;
/// The same of rows of which the lanes of a condition alone are read.
const OPEN_MOST: usize = 3;

/// The search for the stored rows that pass a condition, in stored order.
pub(crate) struct Filter<'a, S> {
    reader: &'a Reader<S>,
    bound: Bound,
    /// The condition's columns.
    projection: Projection,
    /// Rows of a condition's columns at a time.
    step: u64,
    /// For each segment the statistics of each node of the condition, if the file has some.
    statistics: Option<Vec<Vec<Option<Stored>>>>,
    /// The segment at hand: its rows that were not looked at, and what is known of them.
    current: (Range<u64>, Decision),
    next_segment: u64,
    /// The condition on the bases of the segment at hand, as long as they decide many rows.
    bases: Option<BaseTests>,
    /// True if the rows of the segment at hand are alike in the columns of the condition, but for exceptions: however many rows
    /// a file claims, a search takes the time of its bytes.
    is_alike: bool,
    /// The stored rows that are searched.
    within: Range<u64>,
    values: Batch,
}

impl<'a, S: ByteSource> Filter<'a, S> {
    /// A search among some stored rows.
    ///
    /// # Errors
    /// `Argument` for a condition that does not fit the columns; `Corrupt` or `Io`.
    pub fn new(reader: &'a Reader<S>, predicate: &Predicate, within: Range<u64>) -> Result<Self> {
        let schema = reader.schema();
        let bound = Bound::new(&predicate.0, schema)?;
        let wanted = bound.wanted();
        let bytes: u64 = wanted.iter().map(|&node| Node::value_bytes(&schema.nodes()[node])).sum();
        let projection =
            Projection::of_nodes(wanted).with_codes().with_most(STRINGS).with_prefix(bound.prefix());
        let step = (BYTES / bytes.max(1)).clamp(1, ROWS);
        let statistics = statistics(reader, &bound.nodes)?;
        let current = (0..0, Decision::None);
        let values = Batch::default();
        Ok(Self {
            reader,
            bound,
            projection,
            step,
            statistics,
            current,
            next_segment: 0,
            bases: None,
            is_alike: false,
            within,
            values,
        })
    }

    /// The next run of rows that may pass: one of which all do, or some that were looked at. None at the end.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn next(&mut self, passing: &mut VecDeque<Range<u64>>) -> Result<bool> {
        loop {
            let (rows, decision) = &mut self.current;
            if rows.is_empty() {
                if !self.go_on()? {
                    return Ok(false);
                }
                continue;
            }
            match decision {
                Decision::None => *rows = 0..0,
                Decision::All => {
                    push(passing, std::mem::replace(rows, 0..0));
                    return Ok(true);
                }
                Decision::Look if self.is_alike => {
                    let rows = std::mem::replace(rows, 0..0);
                    self.look_at_alike(rows, passing)?;
                    return Ok(true);
                }
                Decision::Look => {
                    let end = rows.end.min(rows.start + self.step);
                    let now = std::mem::replace(&mut rows.start, end)..end;
                    if !self.look_at_bases(now.clone(), passing)? {
                        self.look(now, passing)?;
                    }
                    return Ok(true);
                }
            }
        }
    }

    /// Goes on to the next segment with rows to be searched.
    fn go_on(&mut self) -> Result<bool> {
        let reader = self.reader;
        if self.next_segment == 0 && !self.within.is_empty() {
            self.next_segment = reader.table.find(&reader.pages, self.within.start)?;
        }
        while self.next_segment < reader.segments() && !self.within.is_empty() {
            let segment = self.next_segment;
            self.next_segment += 1;
            let decision = match &self.statistics {
                None => Decision::Look,
                Some(all) => {
                    let rows = reader.segment_range(segment)?;
                    let of = |stored: &Vec<Option<Stored>>| {
                        self.bound.outcomes(reader.schema(), stored, rows.end - rows.start).decision()
                    };
                    all.get(segment as usize).map_or(Decision::Look, of)
                }
            };
            if decision == Decision::None {
                // Regular segments are passed over without a look at their entry.
                if self.is_beyond(segment)? {
                    return Ok(false);
                }
                continue;
            }
            let rows = reader.segment_range(segment)?;
            if rows.start >= self.within.end {
                return Ok(false);
            }
            let rows = rows.start.max(self.within.start)..rows.end.min(self.within.end);
            self.is_alike = decision == Decision::Look && self.are_alike(segment)?;
            self.bases = None;
            if decision == Decision::Look && !self.is_alike {
                let blocks = self.blocks(segment)?;
                self.bases = BaseTests::new(reader.context(), reader.schema(), &self.bound, &blocks)?;
            }
            self.current = (rows, decision);
            return Ok(true);
        }
        Ok(false)
    }

    /// The blocks of a segment that have the condition's columns, with their storage groups; those of images are left out.
    fn blocks(&self, segment: u64) -> Result<Vec<(u32, Arc<Block>)>> {
        let (reader, schema) = (self.reader, self.reader.schema());
        let groups = self.projection.nodes().iter().map(|&node| schema.nodes()[node].group);
        let groups: BTreeSet<u32> = groups.filter(|&group| !schema.has_images(group)).collect();
        let block = |group| Ok((group, reader.table.block(reader.context(), segment, group)?));
        groups.into_iter().map(block).collect()
    }

    /// Asks the condition of the bases of some rows, and of the values of those that these leave open. False if they leave too
    /// many: then nothing was done.
    fn look_at_bases(&mut self, rows: Range<u64>, passing: &mut VecDeque<Range<u64>>) -> Result<bool> {
        let Some(bases) = &self.bases else { return Ok(false) };
        let reader = self.reader;
        let blocks = self.blocks(self.next_segment - 1)?;
        let Some(first) = blocks.first().map(|(_, block)| block.head.first_row) else { return Ok(false) };
        let holds = |block: &Block| {
            block.head.first_row == first && first <= rows.start && rows.end - first <= block.rows()
        };
        if !blocks.iter().all(|(_, block)| holds(block)) {
            // Refused where the rows are read.
            return Ok(false);
        }
        let own = rows.start - first..rows.end - first;
        let possible =
            bases.possible(reader.context(), reader.schema(), &self.bound, &blocks, own.clone())?;
        let open = possible.iter().map(|outcomes| usize::from(is_open(*outcomes))).sum::<usize>();
        if open * OPEN_MOST > possible.len() {
            self.bases = None;
            return Ok(false);
        }
        let mut list = earned::with_room(open)?;
        each_possible(&possible, |i, own| list.extend(is_open(own).then_some(rows.start + i)));
        let within: Vec<u64> = list.iter().map(|row| row - first).collect();
        let known = bases.outcomes(reader.context(), &self.bound, &blocks, own, &within)?;
        let outcomes = match known {
            Some(outcomes) => outcomes,
            None if open * OPEN_SHARE > possible.len() => {
                // The others of the segment are probably like these.
                self.bases = None;
                return Ok(false);
            }
            None => {
                let picked = RowSelection::List(&list);
                let values = &mut self.values;
                match reader.table.take_own(reader.context(), picked, None, &self.projection, values) {
                    Err(e) if e.kind() == ErrorKind::Memory => return Ok(false),
                    taken => taken.map(drop)?,
                }
                self.outcomes(list.len())?
            }
        };
        let mut outcomes = outcomes.into_iter();
        each_possible(&possible, |i, own| {
            if !is_open(own) || outcomes.next() == Some(TRUE) {
                push(passing, rows.start + i..rows.start + i + 1);
            }
        });
        Ok(true)
    }

    /// True if rows of a segment are alike in the columns of the condition, but for exceptions.
    fn are_alike(&self, segment: u64) -> Result<bool> {
        let blocks = self.blocks(segment)?;
        let schema = self.reader.schema();
        let varies = |(group, block): &(u32, Arc<Block>)| {
            let mut own = self.projection.nodes().iter().map(|&node| &schema.nodes()[node]);
            own.any(|n| {
                n.group == *group && block.varies(n.first_lane..n.first_value_lane() + n.value_lanes())
            })
        };
        Ok(blocks.iter().all(|(_, block)| block.is_constant()) || !blocks.iter().any(varies))
    }

    /// Asks the condition of one row for all that are alike, and of those with exceptions.
    fn look_at_alike(&mut self, rows: Range<u64>, passing: &mut VecDeque<Range<u64>>) -> Result<()> {
        let reader = self.reader;
        let blocks: Vec<_> =
            self.blocks(self.next_segment - 1)?.into_iter().map(|(_, block)| block).collect();
        let first = blocks.first().map_or(rows.start, |block| block.head.first_row);
        let are_constant = blocks.iter().all(|block| block.is_constant());
        let special = if are_constant { reader.exception_rows(&blocks)? } else { Vec::new() };
        let special =
            special.into_iter().map(|row| first.saturating_add(row)).filter(|row| rows.contains(row));
        let mut alike = None;
        let mut next = rows.start;
        for row in special.chain([rows.end]) {
            if row > next {
                let passes = match alike {
                    Some(passes) => passes,
                    None => *alike.insert(self.passes(next)?),
                };
                if passes {
                    push(passing, next..row);
                }
            }
            if row < rows.end && self.passes(row)? {
                push(passing, row..row + 1);
            }
            next = row.saturating_add(1);
        }
        Ok(())
    }

    /// Asks the condition of a row.
    fn passes(&mut self, row: u64) -> Result<bool> {
        let mut found = VecDeque::new();
        self.look(row..row + 1, &mut found)?;
        Ok(!found.is_empty())
    }

    /// True if a segment begins after the rows that are searched.
    fn is_beyond(&self, segment: u64) -> Result<bool> {
        let per = self.reader.table.segment_rows;
        let first =
            if per > 0 { segment.saturating_mul(per) } else { self.reader.segment_range(segment)?.start };
        Ok(first >= self.within.end)
    }

    /// Asks the condition of some rows, halved where their strings are long.
    fn look(&mut self, rows: Range<u64>, passing: &mut VecDeque<Range<u64>>) -> Result<()> {
        let mut from = rows.start;
        let mut step = rows.end - rows.start;
        while from < rows.end {
            let count = step.min(rows.end - from);
            let picked = RowSelection::Range(from, count as usize);
            let reader = self.reader;
            let taken =
                reader.table.take_own(reader.context(), picked, None, &self.projection, &mut self.values);
            match taken {
                Err(e) if e.kind() == ErrorKind::Memory && count > 1 => {
                    step = count / 2;
                    continue;
                }
                taken => taken.map(drop)?,
            }
            let outcomes = self.outcomes(count as usize)?;
            for (row, _) in (from..).zip(&outcomes).filter(|(_, outcome)| **outcome == TRUE) {
                push(passing, row..row + 1);
            }
            from += count;
        }
        Ok(())
    }

    /// What the rows that were read make of the condition.
    fn outcomes(&self, rows: usize) -> Result<Vec<u8>> {
        let nodes = self.projection.nodes();
        let column =
            |node: usize| -> &Column { &self.values.columns[nodes.partition_point(|&own| own < node)] };
        let dictionary = |node: usize| {
            self.reader.dictionary(node)?.ok_or_else(|| Error::internal("codes of no dictionary"))
        };
        self.bound.evaluate(self.reader.schema(), rows, &column, &dictionary)
    }
}

/// True of outcomes as bits, of which true is one and others are.
fn is_open(outcomes: u8) -> bool {
    outcomes >> TRUE & 1 == 1 && outcomes != 1 << TRUE
}

/// Calls with the outcomes of rows that may pass, and their places. Most rows may not: eight are passed over at a time.
fn each_possible(possible: &[u8], mut each: impl FnMut(u64, u8)) {
    const TRUES: u64 = u64::from_ne_bytes([1 << TRUE; 8]);
    for (eight, own) in (0..).step_by(8).zip(possible.chunks(8)) {
        if own.first_chunk::<8>().is_some_and(|own| u64::from_ne_bytes(*own) & TRUES == 0) {
            continue;
        }
        for (i, &own) in (eight..).zip(own).filter(|(_, own)| **own >> TRUE & 1 == 1) {
            each(i, own);
        }
    }
}

/// Appends rows to runs of rows.
fn push(runs: &mut VecDeque<Range<u64>>, rows: Range<u64>) {
    match runs.back_mut() {
        Some(last) if last.end == rows.start => last.end = rows.end,
        _ => runs.push_back(rows),
    }
}

/// The statistics of some nodes in each segment, as far as the file has them; none if it has none of any.
fn statistics<S: ByteSource>(
    reader: &Reader<S>,
    nodes: &[usize],
) -> Result<Option<Vec<Vec<Option<Stored>>>>> {
    let Some(layout) = StatisticsLayout::new(reader.schema()) else { return Ok(None) };
    let measured: Vec<usize> = nodes.iter().copied().filter(|&node| layout.of(node).is_some()).collect();
    if measured.is_empty() {
        return Ok(None);
    }
    let Some(rows) = reader.statistics_of(&measured)? else { return Ok(None) };
    let mut all = earned::with_room(rows.len())?;
    for row in rows {
        let mut own = row.into_iter();
        let of = |node: &usize| if layout.of(*node).is_some() { own.next() } else { None };
        all.push(nodes.iter().map(of).collect());
    }
    Ok(Some(all))
}

impl<S: ByteSource> Reader<S> {
    /// The number of rows that pass a condition. Segments are decided by their statistics, where the file has some; of others
    /// the columns of the condition are read.
    ///
    /// # Errors
    /// `Argument` for a condition that does not fit the columns; `Corrupt` or `Io`.
    pub fn count(&self, predicate: &Predicate) -> Result<u64> {
        let mut filter = Filter::new(self, predicate, 0..self.rows())?;
        let (mut count, mut passing) = (0u64, VecDeque::new());
        while filter.next(&mut passing)? {
            count += passing.drain(..).map(|rows| rows.end - rows.start).sum::<u64>();
        }
        Ok(count)
    }
}
