//! The statistics of a file: read for the columns that are asked for.

use crate::codec::row_selection::RowSelection;
use crate::column::values::{Batch, Column};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::sections::SectionKind;
use crate::format::tables::TableKind;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::read::statistics_view::Statistics;
use crate::read::table::TableView;
use crate::summary::statistics::layout::StatisticsLayout;
use crate::summary::statistics::stored::{Stored, stored};

/// Rows of the table that are read at a time.
const ROWS: u64 = 1 << 12;

impl<S: ByteSource> Reader<S> {
    /// The table of statistics, if the file has it and this reader knows all columns: else its schema is not known.
    ///
    /// # Errors
    /// `Corrupt` for a table that is not of the segments of the rows.
    pub(crate) fn statistics_table(&self) -> Result<Option<&Statistics>> {
        if let Some(statistics) = self.statistics.get() {
            return Ok(Some(statistics));
        }
        let Some((number, table)) = self.directory.table(TableKind::STATISTICS) else { return Ok(None) };
        if self.schema().first_refusal().is_some() || !self.directory.is_group_known(number, 0) {
            return Ok(None);
        }
        let bad = |what: &str| Error::corrupt(format!("statistics: {what}"));
        let layout = StatisticsLayout::new(self.schema()).ok_or_else(|| bad("the rows have none"))?;
        let rows = self.segments().checked_add(1).filter(|_| self.rows() > 0);
        if rows != Some(table.rows()) || table.storage_groups() != 1 {
            return Err(bad("they do not have a row for each segment and one for the file"));
        }
        let blocks = self.directory.section_of(SectionKind::BLOCK_TABLE, number);
        let view = TableView::new(layout.schema.clone(), table, blocks);
        Ok(Some(self.statistics.get_or_init(|| Statistics { layout, view })))
    }

    /// The statistics of the rows that some nodes have in each segment, and in the file as the last; none if the file has no
    /// statistics of one of them.
    ///
    /// # Errors
    /// `Corrupt`; `Memory` for more of them than the file can have earned.
    pub(crate) fn statistics_of(&self, nodes: &[usize]) -> Result<Option<Vec<Vec<Stored>>>> {
        let rows = self.segments().saturating_add(1);
        self.statistics_rows(nodes, 0, rows)
    }

    /// The statistics of the rows that some nodes have in the file.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(crate) fn statistics_of_file(&self, nodes: &[usize]) -> Result<Option<Vec<Stored>>> {
        Ok(self.statistics_rows(nodes, self.segments(), 1)?.and_then(|mut rows| rows.pop()))
    }

    /// A row of the table of statistics, for some nodes that have some.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(crate) fn statistics_row(&self, nodes: &[usize], row: u64) -> Result<Vec<Stored>> {
        let row = self.statistics_rows(nodes, row, 1)?.and_then(|mut rows| rows.pop());
        row.ok_or_else(|| Error::internal("statistics of a node that has none"))
    }

    /// Rows of the table of statistics, for some nodes in their order.
    fn statistics_rows(&self, nodes: &[usize], first: u64, count: u64) -> Result<Option<Vec<Vec<Stored>>>> {
        let Some(Statistics { layout, view }) = self.statistics_table()? else { return Ok(None) };
        let Some(measured) = nodes.iter().map(|&node| layout.of(node)).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let columns: Vec<usize> = measured.iter().flat_map(|of| of.columns()).collect();
        let projection = Projection::nodes_of(&layout.schema, &columns);
        let bytes = u128::from(count) * (size_of::<Stored>() + 64) as u128 * nodes.len().max(1) as u128;
        earned::check("the statistics", bytes, self.file_length())?;
        let mut rows = earned::with_room(count as usize)?;
        for from in (first..first + count).step_by(ROWS as usize) {
            let mut batch = Batch::default();
            let picked = RowSelection::Range(from, ROWS.min(first + count - from) as usize);
            view.take(self.context(), picked, None, &projection, &mut batch)
                .map_err(|e| e.at("statistics"))?;
            for row in 0..batch.rows {
                let number = from + row as u64;
                let of = if number < self.segments() {
                    let range = self.segment_range(number)?;
                    range.end - range.start
                } else {
                    self.rows()
                };
                let mut own = earned::with_room(nodes.len())?;
                let mut at = 0;
                for &measured in &measured {
                    let place = |column: usize| -> &Column {
                        let own = measured.columns().position(|c| c == column).unwrap_or(0); // it is among them
                        &batch.columns[at + own]
                    };
                    own.push(stored(layout, measured, row, of, place)?);
                    at += measured.columns().count();
                }
                rows.push(own);
            }
        }
        Ok(Some(rows))
    }
}
