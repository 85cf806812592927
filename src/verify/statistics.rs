//! Checks statistics against the rows that they are of.

use std::ops::Range;
use std::sync::Arc;

use crate::codec::block::Block;
use crate::codec::row_selection::RowSelection;
use crate::column::values::{Batch, Values};
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::read::projection::{Projection, by_node};
use crate::read::reader::Reader;
use crate::read::statistics_view::Statistics;
use crate::summary::statistics::measure::Measures;
use crate::summary::statistics::strings::MOST_BYTES;

/// Bytes of values that are decoded at a time.
const BYTES: u64 = 4 << 20;

impl<S: ByteSource> Reader<S> {
    /// The statistics are those of the rows. Strings are looked at no further than statistics go, and columns that are the
    /// same in all rows of a block in one row: time follows the bytes of the file, not the rows that it claims.
    pub(crate) fn check_statistics(&self) -> Result<()> {
        let Some(Statistics { layout, .. }) = self.statistics_table()? else { return Ok(()) };
        let schema = self.schema();
        let nodes: Vec<usize> = layout.measured.iter().map(|of| of.node).collect();
        let mut all = Measures::new(schema, layout);
        for segment in 0..=self.segments() {
            let found = if segment < self.segments() {
                let own = self.measured(segment).map_err(|e| e.at(format_args!("segment {segment}")))?;
                all.merge(&own);
                own.stored(schema, layout)
            } else {
                all.stored(schema, layout)
            };
            let stored = self.statistics_row(&nodes, segment)?;
            let is_same = |number: usize| {
                let may_say_less = segment == self.segments() && self.parts() > 1;
                found[number] == stored[number] || may_say_less && stored[number].is_of(&found[number])
            };
            if let Some(number) = (0..nodes.len()).find(|&number| !is_same(number)) {
                let name = &schema.nodes()[nodes[number]].name;
                let place = match segment < self.segments() {
                    true => format!("segment {segment}"),
                    false => "the file".to_owned(),
                };
                let what = format!("statistics of {place}: those of \"{name}\" are not those of the rows");
                return Err(Error::corrupt(what));
            }
        }
        Ok(())
    }

    /// The statistics of the rows of a segment.
    fn measured(&self, segment: u64) -> Result<Measures> {
        let Some(Statistics { layout, .. }) = self.statistics_table()? else {
            return Err(Error::internal("statistics of no table"));
        };
        let schema = self.schema();
        let mut measures = Measures::new(schema, layout);
        let rows = self.segment_range(segment)?;
        let groups = (0..schema.groups()).filter(|&group| !schema.has_images(group));
        let blocks = groups.map(|group| self.table.block(self.context(), segment, group));
        let blocks: Vec<Arc<Block>> = blocks.collect::<Result<_>>()?;
        let are_constant = blocks.iter().all(|block| block.is_constant());
        let columns = schema
            .columns()
            .filter(|column| layout.measured.iter().any(|of| schema.subtree(*column).contains(&of.node)));
        let (varying, alike): (Vec<usize>, Vec<usize>) =
            columns.partition(|&column| !are_constant && self.varies(segment, column).unwrap_or(true));
        let mut add = |columns: &[usize], picked: RowSelection, times: u64| -> Result<()> {
            let projection = Projection::nodes_of(schema, columns).with_prefix(MOST_BYTES + 1);
            if columns.is_empty() || times == 0 {
                return Ok(());
            }
            self.in_batches(&projection, picked, |batch| {
                for (number, of) in layout.measured.iter().enumerate() {
                    let own = &batch.columns[of.node];
                    if !matches!(own.values, Values::None) {
                        measures.of(number).add(schema, of, batch, times);
                    }
                }
                Ok(())
            })
        };
        add(&varying, RowSelection::Range(rows.start, (rows.end - rows.start) as usize), 1)?;
        let special = if are_constant { self.exception_rows(&blocks)? } else { Vec::new() };
        let stored: Vec<u64> = special.iter().map(|row| rows.start + row).collect();
        add(&alike, RowSelection::List(&stored), 1)?;
        let first = (0..).zip(&special).find(|(row, special)| row != *special);
        let first = first.map_or(special.len() as u64, |(row, _)| row);
        let others = (rows.end - rows.start).saturating_sub(special.len() as u64);
        add(&alike, RowSelection::List(&[rows.start + first]), others)?;
        Ok(measures)
    }

    /// Hands out rows in parts of bounded memory, columns by node.
    fn in_batches(
        &self,
        projection: &Projection,
        picked: RowSelection,
        mut each: impl FnMut(&Batch) -> Result<()>,
    ) -> Result<()> {
        let nodes = projection.nodes().iter().map(|&node| &self.schema().nodes()[node]);
        let bytes: u64 = nodes.map(|node| node.value_bytes() + MOST_BYTES as u64).sum();
        let step = (BYTES / bytes.max(1)).max(1) as usize;
        for Range { start, end } in
            (0..picked.len()).step_by(step).map(|from| from..picked.len().min(from + step))
        {
            let mut batch = Batch::default();
            // Items have no statistics.
            self.table.take_own(self.context(), picked.slice(start, end), None, projection, &mut batch)?;
            each(&by_node(self.schema(), projection, batch))?;
        }
        Ok(())
    }

    /// True if rows of a segment may differ in a column.
    fn varies(&self, segment: u64, column: usize) -> Result<bool> {
        let schema = self.schema();
        for n in schema.subtree(column).map(|node| &schema.nodes()[node]) {
            if schema.has_images(n.group) {
                return Ok(true);
            }
            let block = self.table.block(self.context(), segment, n.group)?;
            if block.varies(n.first_lane..n.first_value_lane() + n.value_lanes()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
