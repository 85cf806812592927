//! Count, least, greatest and sum of a column: from the file's row of statistics, or from its rows.

use crate::codec::row_selection::RowSelection;
use crate::column::values::{Batch, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Node, Schema};
use crate::read::projection::{Projection, by_node};
use crate::read::reader::Reader;
use crate::read::statistics_view::Statistics;
use crate::read::value::Value;
use crate::summary::statistics::layout::{Measured, StatisticsLayout};
use crate::summary::statistics::measure::{Measure, validity};
use crate::summary::statistics::stored::{Extreme, Stored};

/// Bytes of strings in a batch of a scan, about.
const STRINGS: u64 = 8 << 20;
/// Rows of a batch of a scan.
const ROWS: u64 = 1 << 16;

/// Statistics of a column of all rows of a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ColumnStatistics {
    /// The least value but nulls and NaNs, if there is one; -0 is 0. Strings are compared by their bytes.
    pub least: Option<Value>,
    /// The greatest value likewise.
    pub greatest: Option<Value>,
    /// Rows without a value.
    pub nulls: u64,
    /// Rows that are no number.
    pub nans: u64,
    /// Different values but nulls and NaNs; none if they are more than 1,024, or one is a string of more than 32 bytes.
    pub distinct: Option<u32>,
    /// The sum of whole numbers without a unit, and of decimals, of up to 64 bits; none if it exceeds 128 bits.
    pub sum: Option<Value>,
    /// True if the file did not say so, and its rows were read.
    pub scanned: bool,
    /// True if the least or the greatest value is a string that was cut: no value is beyond, but it need not be one. Only what
    /// [`Reader::known_statistics`] gives may be so.
    pub is_cut: bool,
}

impl ColumnStatistics {
    fn new(node: &Node, stored: Stored, scanned: bool) -> Self {
        let value = |end: Option<Extreme>| end.map(|end| Value::new(node, end));
        let sum = |sum| if node.scale == 0 { Value::Integer(sum) } else { Value::Decimal(sum, node.scale) };
        Self {
            is_cut: stored.cut != [false; 2],
            least: value(stored.least),
            greatest: value(stored.greatest),
            nulls: stored.nulls,
            nans: stored.nans,
            distinct: stored.distinct,
            sum: stored.sum.map(sum),
            scanned,
        }
    }
}

/// The statistics that a file has, as a table: a row for each segment of the rows in stored order, and one for the file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StatisticsTable {
    /// Its columns: several for each column of numbers or strings, such as "price least" and "price nulls".
    pub schema: Schema,
    /// Its rows.
    pub rows: Batch,
}

impl<S: ByteSource> Reader<S> {
    /// The statistics of a column, or of a field of a struct ("address.city"): exactly. Where the file has statistics none of
    /// its rows is read, unless the least or greatest string is longer than statistics keep them.
    ///
    /// # Errors
    /// `Argument` for a column that there is not, or one that has no statistics: of lists, images, fixed bytes, structs;
    /// `Corrupt` or `Io`.
    pub fn column_statistics(&self, column: &str) -> Result<ColumnStatistics> {
        let node = self.schema().find(column)?;
        if let Some(refusal) = self.schema().refusal(node) {
            return Err(refusal);
        }
        let layout = StatisticsLayout::new(self.schema());
        let of = layout.as_ref().and_then(|layout| layout.of(node)).ok_or_else(|| {
            let kind = self.schema().nodes()[node].kind;
            Error::argument(format!(
                "column \"{column}\": values of kind {kind:?} have no least and greatest"
            ))
        })?;
        let stored = self.statistics_of_file(&[node])?.and_then(|mut own| own.pop());
        let scanned = stored.as_ref().is_none_or(|stored| stored.cut != [false; 2]);
        let stored = match stored {
            Some(stored) if !scanned => stored,
            _ => self.scanned(of)?,
        };
        Ok(ColumnStatistics::new(&self.schema().nodes()[node], stored, scanned))
    }

    /// The statistics of the file's columns, and fields of structs, by their names, as far as the file says so: no row is
    /// read. None if it has no statistics.
    ///
    /// # Errors
    /// `Corrupt` or `Io`; `Memory` for more than the file can have earned.
    pub fn known_statistics(&self) -> Result<Option<Vec<(String, ColumnStatistics)>>> {
        let Some(Statistics { layout, .. }) = self.statistics_table()? else { return Ok(None) };
        let nodes: Vec<usize> = layout.measured.iter().map(|of| of.node).collect();
        let Some(row) = self.statistics_of_file(&nodes)? else { return Ok(None) };
        let schema = self.schema();
        let named = nodes.into_iter().zip(row).map(|(node, stored)| {
            (schema.path(node), ColumnStatistics::new(&schema.nodes()[node], stored, false))
        });
        Ok(Some(named.collect()))
    }

    /// The statistics of the segments and of the file, if it has some.
    ///
    /// # Errors
    /// `Corrupt` or `Io`; `Memory` for more than the file can have earned.
    pub fn statistics(&self) -> Result<Option<StatisticsTable>> {
        let Some(Statistics { layout, view }) = self.statistics_table()? else { return Ok(None) };
        let bytes = u128::from(view.rows) * u128::from(layout.schema.value_bytes());
        earned::check("the statistics", bytes, self.file_length())?;
        let mut rows = Batch::default();
        let picked = RowSelection::Range(0, view.rows as usize);
        view.take(self.context(), picked, None, &Projection::all(&layout.schema), &mut rows)?;
        Ok(Some(StatisticsTable { schema: layout.schema.clone(), rows }))
    }

    /// The statistics of a node, from the rows.
    fn scanned(&self, of: &Measured) -> Result<Stored> {
        let (schema, n) = (self.schema(), &self.schema().nodes()[of.node]);
        let projection = Projection::nodes_of(schema, &[schema.column_of(of.node)]).with_most(STRINGS);
        let mut measure = Measure::new(n);
        let mut ends: Option<(Vec<u8>, Vec<u8>)> = None;
        let (mut from, mut step) = (0, ROWS);
        while from < self.rows() {
            let rows = step.min(self.rows() - from);
            let mut batch = Batch::default();
            let picked = RowSelection::Range(from, rows as usize);
            match self.table.take_own(self.context(), picked, None, &projection, &mut batch) {
                Err(e) if e.kind() == crate::error::ErrorKind::Memory && rows > 1 => {
                    step = rows / 2;
                    continue;
                }
                taken => taken.map(drop)?,
            }
            let batch = by_node(schema, &projection, batch);
            measure.add(schema, of, &batch, 1);
            strings(of, &batch, &mut ends);
            from += rows;
        }
        let mut stored = measure.stored(n);
        if let Some((least, greatest)) = ends {
            (stored.least, stored.greatest) = (Some(Extreme::String(least)), Some(Extreme::String(greatest)));
            stored.cut = [false; 2];
        }
        Ok(stored)
    }
}

/// Takes in the strings of a batch, whole.
fn strings(of: &Measured, batch: &Batch, ends: &mut Option<(Vec<u8>, Vec<u8>)>) {
    let column = &batch.columns[of.node];
    let Values::Bytes { offsets, data } = &column.values else { return };
    let valid = validity(of, batch);
    let valid = valid.as_deref().or(column.validity.as_deref());
    for row in (0..batch.rows).filter(|&row| valid.is_none_or(|valid| valid[row] == 1)) {
        let string = &data[offsets[row] as usize..offsets[row + 1] as usize];
        let (least, greatest) = ends.get_or_insert_with(|| (string.to_vec(), string.to_vec()));
        if string < least.as_slice() {
            *least = string.to_vec();
        } else if string > greatest.as_slice() {
            *greatest = string.to_vec();
        }
    }
}
