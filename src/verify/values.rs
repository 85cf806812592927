//! Decodes the rows of a segment and hands them to everything that is said of them.

use std::ops::Range;
use std::sync::Arc;

use crate::codec::block::Block;
use crate::codec::images::block::ImageBlock;
use crate::codec::row_selection::RowSelection;
use crate::column::values::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Node, Schema};
use crate::read::projection::{Projection, by_node};
use crate::read::reader::Reader;
use crate::read::table::TableView;
use crate::summary::SUMMARIES;
use crate::summary::kind::{GroupBlock, RowCheck};
use crate::verify::classes::Labels;

/// Bytes of numbers that are decoded at a time.
const NUMBERS: u64 = 4 << 20;
/// Bytes of strings that are put together at a time.
const STRINGS: u64 = 8 << 20;

/// The summaries of all rows of a file.
pub(crate) struct Summaries {
    checks: Vec<Box<dyn RowCheck>>,
    labels: Option<Labels>,
}

impl Summaries {
    /// The summaries of a file, before any row. A file of condensed samples alone has no rows to check them against.
    pub fn new<S: ByteSource>(reader: &Reader<S>) -> Result<Self> {
        let mut checks = Vec::new();
        for kind in &SUMMARIES {
            if let Some(bytes) = reader.bulk_section(kind.section)? {
                checks.extend((kind.check)(&bytes, reader.schema())?);
            }
        }
        // Columns that cannot be read cannot be summed.
        let schema = reader.schema();
        checks.retain(|check| check.nodes().iter().all(|&node| schema.refusal(node).is_none()));
        if reader.rows() == 0 {
            checks.clear();
        }
        Ok(Self { checks, labels: Labels::new(reader)? })
    }

    /// Goes on to a segment.
    fn start<S: ByteSource>(
        &mut self,
        reader: &Reader<S>,
        rows: &Range<u64>,
        blocks: &[(u32, Arc<Block>)],
    ) -> Result<()> {
        let dictionary = |number| reader.dictionaries.raw(&reader.pages, number);
        let mut groups = Vec::new();
        for (group, block) in blocks {
            let exceptions = block.head.exceptions.read(&reader.pages)?;
            groups.push(GroupBlock { group: *group, block, exceptions });
        }
        for check in &mut self.checks {
            check.start(reader.schema(), &groups, &dictionary)?;
        }
        if let Some(labels) = &mut self.labels {
            labels.start(reader, rows)?;
        }
        Ok(())
    }

    /// The column of classes.
    fn label(&self) -> Option<usize> {
        self.labels.as_ref().map(|labels| labels.node)
    }

    /// Checks the labels of rows of the segment.
    fn check_labels(&self, rows: &Batch) -> Result<()> {
        self.labels.as_ref().map_or(Ok(()), |labels| labels.check(rows))
    }

    /// Takes rows of the segment in, each so many times, with their labels if so said; columns are by node.
    fn add(&mut self, schema: &Schema, rows: &Batch, times: u64, labels: bool) -> Result<()> {
        if labels {
            self.check_labels(rows)?;
        }
        self.checks.iter_mut().try_for_each(|check| check.add(schema, rows, times))
    }

    /// Compares with what the file says.
    pub fn finish(self) -> Result<()> {
        self.checks.into_iter().try_for_each(RowCheck::finish)
    }
}

impl<S: ByteSource> Reader<S> {
    /// Checks the rows of a segment's blocks, each with its storage group. Strings are checked where they are; columns that are the same in every row,
    /// in one row. So time and memory follow the bytes of the file, and not the rows that it claims.
    pub(crate) fn check_rows(
        &self,
        table: &TableView,
        segment: u64,
        rows: Range<u64>,
        blocks: &[(u32, Arc<Block>)],
        mut summaries: Option<&mut Summaries>,
    ) -> Result<()> {
        let place = |e: Error| e.at(format_args!("segment {segment}"));
        if let Some(summaries) = &mut summaries {
            summaries.start(self, &rows, blocks).map_err(place)?;
        }
        let take = |picked: RowSelection, projection: &Projection| -> Result<Batch> {
            let mut out = Batch::default();
            // Items are checked as the rows of their own table.
            table.take_own(self.context(), picked, None, projection, &mut out)?;
            Ok(out)
        };
        // Labels that are strings are compared, so that they have to be put together.
        let label = summaries.as_deref().and_then(Summaries::label);
        let label = label.filter(|&node| table.schema.nodes().get(node).is_some_and(|n| n.kind.is_bytes()));
        let summed = summaries_nodes(summaries.as_deref());
        let mut read = |picked: RowSelection, projection: &Projection, times: u64| -> Result<()> {
            let out = by_node(&table.schema, projection, take(picked, projection)?);
            let Some(summaries) = &mut summaries else { return Ok(()) };
            summaries.add(&table.schema, &out, times, label.is_none()).map_err(place)?;
            let Some(node) = label else { return Ok(()) };
            let projection = Projection::nodes_of(&table.schema, &[node]).with_most(STRINGS);
            in_parts(picked, |picked| {
                let labels = by_node(&table.schema, &projection, take(picked, &projection)?);
                summaries.check_labels(&labels).map_err(place)
            })
        };
        let all = group_columns(&table.schema, blocks.iter().map(|(group, _)| *group)).only_checked();
        let step = rows_at_a_time(&table.schema);
        if blocks.iter().all(|(_, block)| block.is_constant()) {
            // All rows are alike but for exceptions: one stands for the others.
            let special = self.exception_rows(blocks.iter().map(|(_, block)| block))?;
            let stored: Vec<u64> = special.iter().map(|row| rows.start + row).collect();
            stored.chunks(step as usize).try_for_each(|rows| read(RowSelection::List(rows), &all, 1))?;
            let alike = (rows.end - rows.start).saturating_sub(special.len() as u64);
            if alike == 0 {
                return Ok(());
            }
            let first = (0..).zip(&special).find(|(row, special)| row != *special);
            let first = first.map_or(special.len() as u64, |(row, _)| row);
            return read(RowSelection::List(&[rows.start + first]), &all, alike);
        }
        take(RowSelection::List(&[rows.start]), &all)?;
        let mut own: Vec<usize> = Vec::new();
        for (group, block) in blocks {
            let columns = table.schema.group_columns(*group);
            own.extend(columns.filter(|&column| {
                let mut nodes = table.schema.subtree(column).map(|n| &table.schema.nodes()[n]);
                let varies = |n: &Node| block.varies(n.first_lane..n.first_value_lane() + n.value_lanes());
                table.schema.refusal(column).is_none() && (summed.contains(&column) || nodes.any(varies))
            }));
        }
        own.sort_unstable();
        let varying = Projection::nodes_of(&table.schema, &own).only_checked();
        if varying.nodes().is_empty() {
            return Ok(());
        }
        pieces(rows, step).try_for_each(|(first, count)| read(RowSelection::Range(first, count), &varying, 1))
    }

    /// Checks the images of a segment in a storage group. Any fields make an image where records are fixed; only base ids
    /// may be wrong there.
    pub(crate) fn check_images(
        &self,
        table: &TableView,
        rows: Range<u64>,
        group: u32,
        images: &ImageBlock,
    ) -> Result<()> {
        let projection = group_columns(&table.schema, [group]);
        let step = (NUMBERS / table.schema.row_bytes().max(8) as u64).max(1);
        let mut out = Batch::default();
        let mut read = |first: u64, count: usize| {
            let picked = RowSelection::Range(first, count);
            table.take(self.context(), picked, None, &projection, &mut out)
        };
        if images.has_fixed_records() {
            images.check_ids(&self.pages)?;
            return read(rows.start, 1);
        }
        pieces(rows, step).try_for_each(|(first, count)| read(first, count))
    }
}

/// The columns that summaries are of.
fn summaries_nodes(summaries: Option<&Summaries>) -> Vec<usize> {
    let Some(summaries) = summaries else { return Vec::new() };
    summaries.checks.iter().flat_map(|check| check.nodes()).chain(summaries.label()).collect()
}

/// Rows whose numbers take bounded memory.
fn rows_at_a_time(schema: &Schema) -> u64 {
    (NUMBERS / schema.row_bytes().max(8) as u64).max(1)
}

/// Reads rows in parts that are halved where they take more memory than may be.
fn in_parts(picked: RowSelection, mut read: impl FnMut(RowSelection) -> Result<()>) -> Result<()> {
    let (mut from, mut step) = (0, picked.len().max(1));
    while from < picked.len() {
        let to = picked.len().min(from + step);
        match read(picked.slice(from, to)) {
            Err(e) if e.kind() == ErrorKind::Memory && to - from > 1 => step = (to - from) / 2,
            Err(e) => return Err(e),
            Ok(()) => from = to,
        }
    }
    Ok(())
}

/// First row and number of rows of the pieces of a range.
fn pieces(rows: Range<u64>, step: u64) -> impl Iterator<Item = (u64, usize)> {
    let end = rows.end;
    let mut at = rows.start;
    std::iter::from_fn(move || {
        let (first, count) = (at, step.min(end - at));
        at += count;
        (count > 0).then_some((first, count as usize))
    })
}

/// The columns of storage groups that can be read.
fn group_columns(schema: &Schema, groups: impl IntoIterator<Item = u32>) -> Projection {
    let own = groups.into_iter().flat_map(|group| schema.group_columns(group));
    let mut own: Vec<usize> = own.filter(|&c| schema.refusal(c).is_none()).collect();
    own.sort_unstable();
    Projection::nodes_of(schema, &own)
}
