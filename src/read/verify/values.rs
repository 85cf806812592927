//! Decodes the rows of a segment and hands them to everything that is said of them.

use std::ops::Range;

use super::super::block::Block;
use super::super::records::Picked;
use super::super::rows::Rows;
use super::super::{Projection, Reader, Source};
use super::classes::Labels;
use super::coreset::CoresetSums;
use super::moments::MomentSums;
use crate::column::{Batch, Column, Schema, Values};
use crate::error::{Error, Result};
use crate::format::TransformKind;

/// Bytes of numbers that are decoded at a time.
const NUMBERS: u64 = 4 << 20;
/// Bytes of strings, as long as they may be, that are decoded at a time.
const STRINGS: u64 = 32 << 20;

/// The summaries of all rows of a file.
pub(super) struct Summaries {
    moments: Option<MomentSums>,
    coreset: Option<CoresetSums>,
    labels: Option<Labels>,
}

impl Summaries {
    /// The summaries of a file, without rows as yet. A file of no rows has those of rows that are elsewhere.
    pub fn new<S: Source>(reader: &Reader<S>) -> Result<Self> {
        let (moments, coreset) = (MomentSums::new(reader)?, CoresetSums::new(reader)?);
        let has_rows = reader.rows() > 0;
        Ok(Self {
            moments: moments.filter(|_| has_rows),
            coreset: coreset.filter(|_| has_rows),
            labels: Labels::new(reader)?,
        })
    }

    /// Goes on to a segment.
    fn start<S: Source>(&mut self, reader: &Reader<S>, rows: &Range<u64>, block: &Block) -> Result<()> {
        if let Some(moments) = &mut self.moments {
            moments.start(reader, block)?;
        }
        if let Some(labels) = &mut self.labels {
            labels.start(reader, rows)?;
        }
        Ok(())
    }

    /// Takes rows of the segment in, each so many times; columns are by node.
    fn add(&mut self, schema: &Schema, rows: &Batch, times: u64) -> Result<()> {
        if let Some(labels) = &self.labels {
            labels.check(rows)?;
        }
        if let Some(moments) = &mut self.moments {
            moments.add(schema, rows, times)?;
        }
        if let Some(coreset) = &mut self.coreset {
            coreset.add(schema, rows, times)?;
        }
        Ok(())
    }

    /// Compares with what the file says.
    pub fn finish(self) -> Result<()> {
        if let Some(moments) = self.moments {
            moments.finish()?;
        }
        self.coreset.map_or(Ok(()), CoresetSums::finish)
    }
}

impl<S: Source> Reader<S> {
    /// Decodes the table's part of a segment.
    pub(super) fn check_rows(
        &self,
        table: &Rows,
        segment: u64,
        rows: Range<u64>,
        block: &Block,
        mut summaries: Option<&mut Summaries>,
    ) -> Result<()> {
        let projection = group_columns(&table.schema, 0);
        let place = |e: Error| e.at(format_args!("segment {segment}"));
        if let Some(summaries) = &mut summaries {
            summaries.start(self, &rows, block).map_err(place)?;
        }
        let mut read = |picked: Picked, times: u64| -> Result<()> {
            let mut out = Batch::default();
            table.take(&self.pages, &self.dictionaries, picked, None, &projection, &mut out)?;
            match &mut summaries {
                Some(summaries) => {
                    let rows = by_node(&table.schema, &projection, out);
                    summaries.add(&table.schema, &rows, times).map_err(place)
                }
                None => Ok(()),
            }
        };
        let step = self.rows_at_a_time(table, block)?;
        if !block.is_constant() {
            return pieces(rows, step).try_for_each(|(first, count)| read(Picked::Range(first, count), 1));
        }
        // All rows are alike but for exceptions: one stands for the others.
        let special = self.exception_rows(block)?;
        let stored: Vec<u64> = special.iter().map(|row| rows.start + row).collect();
        stored.chunks(step as usize).try_for_each(|rows| read(Picked::List(rows), 1))?;
        let alike = (rows.end - rows.start) - special.len() as u64;
        if alike == 0 {
            return Ok(());
        }
        let first = (0..).zip(&special).find(|(row, special)| row != *special);
        let first = first.map_or(special.len() as u64, |(row, _)| row);
        read(Picked::List(&[rows.start + first]), alike)
    }

    /// Decodes the images of a segment in a storage group; the first stands for all if they are `alike`.
    pub(super) fn check_images(
        &self,
        table: &Rows,
        mut rows: Range<u64>,
        group: u32,
        alike: bool,
    ) -> Result<()> {
        if alike {
            rows.end = rows.end.min(rows.start.saturating_add(1));
        }
        let projection = group_columns(&table.schema, group);
        let step = (NUMBERS / table.schema.row_bytes().max(8) as u64).max(1);
        let mut out = Batch::default();
        pieces(rows, step).try_for_each(|(first, count)| {
            let picked = Picked::Range(first, count);
            table.take(&self.pages, &self.dictionaries, picked, None, &projection, &mut out)
        })
    }

    /// The rows of a block that have exceptions, ascending; they have been found to be in order.
    fn exception_rows(&self, block: &Block) -> Result<Vec<u64>> {
        let entry = &block.entry;
        let piece = self.pages.piece(entry.exceptions.get(), entry.exceptions_length.get())?;
        let rows = block.exceptions.iter().flat_map(|e| (0..e.count).map(|i| e.row(&piece, i)));
        let mut rows: Vec<u64> = rows.collect();
        rows.sort_unstable();
        rows.dedup();
        Ok(rows)
    }

    /// Rows whose numbers, and whose strings however long they are, take bounded memory.
    fn rows_at_a_time(&self, table: &Rows, block: &Block) -> Result<u64> {
        let mut longest = 0u64;
        for (_, node) in table.schema.group_nodes(0).filter(|(_, n)| n.kind.is_bytes()) {
            let at = node.first_value_lane() as usize;
            let (Some(places), Some(lengths)) = (block.lanes.get(at), block.lanes.get(at + 1)) else {
                continue;
            };
            longest = longest.saturating_add(match places.kind {
                TransformKind::Dictionary => {
                    self.dictionaries.strings(&self.pages, places.dictionary)?.longest()
                }
                kind => {
                    let field = lengths.constant | lengths.base_mask | lengths.deviation_mask;
                    let length = lengths.minimum.saturating_add(field).min(block.entry.heap_length.get());
                    length.saturating_mul(if kind == TransformKind::Symbols { 8 } else { 1 })
                }
            });
        }
        let numbers = NUMBERS / table.schema.row_bytes().max(8) as u64;
        Ok(numbers.min(STRINGS / longest.max(1)).max(1))
    }
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

/// The columns of a storage group.
fn group_columns(schema: &Schema, group: u32) -> Projection {
    let own = schema.columns().filter(|&c| schema.nodes().get(c).is_some_and(|n| n.group == group));
    Projection::nodes_of(schema, &own.collect::<Vec<_>>())
}

/// The columns of a batch at the places of their nodes; nothing for nodes that were not read.
pub(super) fn by_node(schema: &Schema, projection: &Projection, batch: Batch) -> Batch {
    let nothing = || Column { validity: None, values: Values::None };
    let mut columns: Vec<Column> = schema.nodes().iter().map(|_| nothing()).collect();
    for (&node, column) in projection.nodes().iter().zip(batch.columns) {
        columns[node] = column;
    }
    Batch { rows: batch.rows, columns }
}
