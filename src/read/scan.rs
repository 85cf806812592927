//! Batches of rows in table order.

use std::ops::Range;

use crate::column::values::{Batch, Column, Values};
use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Kind, Node};
use crate::read::passing::Passing;
use crate::read::predicate::Predicate;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::read::table::TableView;

/// Bytes of strings and of items of lists in a batch, at most, if it has more than one row; longer batches are cut again.
const LONG_BYTES: usize = 16 << 20;
/// Bytes of other values in a batch, at most, if it has more than one row.
const VALUE_BYTES: u64 = 8 << 20;

/// An iterator over the batches of a range of rows.
pub struct Scan<'a, S> {
    reader: &'a Reader<S>,
    projection: Projection,
    rows: Range<u64>,
    batch_rows: u64,
    wanted: u64,
    counts: ItemCounts,
    /// The search for rows that pass a condition, if there is one.
    passing: Option<Passing<'a, S>>,
}

debug_fields!(['a, S] Scan { projection, rows, batch_rows });

impl<S: ByteSource> Reader<S> {
    /// Rows in table order, a batch at a time: at most `batch_rows` rows each, fewer where long
    /// strings would make a batch large.
    ///
    /// # Errors
    /// `Argument` if the range is not within the table.
    pub fn scan<'a>(
        &'a self,
        projection: &Projection,
        rows: Range<u64>,
        batch_rows: usize,
    ) -> Result<Scan<'a, S>> {
        Scan::new(self, projection, rows, batch_rows)
    }
}

impl<'a, S: ByteSource> Scan<'a, S> {
    pub(crate) fn new(
        reader: &'a Reader<S>,
        projection: &Projection,
        rows: Range<u64>,
        batch_rows: usize,
    ) -> Result<Self> {
        if rows.start > rows.end || rows.end > reader.rows() {
            let n = reader.rows();
            return Err(Error::argument(format!("no rows {} to {}: the file has {n}", rows.start, rows.end)));
        }
        let nodes = || projection.nodes().iter().filter_map(|&n| reader.schema().nodes().get(n));
        let lanes: u64 = nodes().map(Node::value_bytes).sum();
        let wanted = (batch_rows as u64).min(VALUE_BYTES / lanes.max(1)).max(1);
        // A first batch of strings or lists is small: how long they are is not known.
        let batch_rows = if nodes().any(|n| n.kind.is_bytes() || n.kind == Kind::List) {
            wanted.min(1024)
        } else {
            wanted
        };
        let projection = projection.clone().with_most(LONG_BYTES as u64);
        let counts = ItemCounts::new(&reader.table);
        Ok(Self { reader, projection, rows, batch_rows, wanted, counts, passing: None })
    }

    /// The same rows as far as they pass a condition. Segments are decided by their statistics, where the file has some; of
    /// others the columns of the condition are read, and the other columns of rows that pass.
    ///
    /// # Errors
    /// `Argument` for a condition that does not fit the columns, or a scan that has one; `Corrupt` or `Io`.
    pub fn filter(self, predicate: &Predicate) -> Result<Self> {
        if self.passing.is_some() {
            return Err(Error::argument("a scan has one condition; join two with Predicate::and"));
        }
        let passing = Passing::new(self.reader, predicate, self.rows.clone())?;
        Ok(Self { passing: Some(passing), ..self })
    }

    /// Reads the next batch into `out`, whose memory is used again; false at the end.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn next_into(&mut self, out: &mut Batch) -> Result<bool> {
        loop {
            let left = match &mut self.passing {
                Some(passing) => passing.find(self.batch_rows)?,
                None => self.rows.end - self.rows.start,
            };
            let rows = left.min(self.batch_rows);
            if rows == 0 {
                return Ok(false);
            }
            let read = match &mut self.passing {
                Some(passing) => passing.read(self.reader, rows, &self.projection, out),
                None => {
                    self.reader.range_into(self.rows.start..self.rows.start + rows, &self.projection, out)
                }
            };
            match read {
                // Fewer rows take less memory. Longer batches are not tried again, or every other one would fail.
                Err(e) if e.kind() == ErrorKind::Memory && rows > 1 => {
                    self.wanted = rows / 2;
                    self.batch_rows = self.wanted;
                }
                Err(e) => return Err(e),
                Ok(()) => {
                    self.rows.start += if self.passing.is_none() { rows } else { 0 };
                    break;
                }
            }
        }
        let place = |node: usize| self.projection.nodes().iter().position(|&n| n == node);
        self.counts.add(&self.reader.table, &|node| out.columns.get(place(node)?))?;
        let bytes = |v: &Values| match v {
            Values::Bytes { data, .. } => data.len(),
            Values::Lists { items, .. } => items.bytes(),
            _ => 0,
        };
        let bytes: usize = out.columns.iter().map(|c| bytes(&c.values)).sum();
        if bytes > LONG_BYTES {
            self.batch_rows = (self.batch_rows / 2).max(1);
        } else if bytes < LONG_BYTES / 4 {
            self.batch_rows = (self.batch_rows * 2).min(self.wanted);
        }
        Ok(true)
    }
}

/// Items of lists that a scan has read, a number for each table of items: no item belongs to two lists, so that there are no
/// more than the table has. A file that says otherwise is found before it keeps its reader busy for long.
struct ItemCounts(Vec<(u64, ItemCounts)>);

impl ItemCounts {
    fn new(table: &TableView) -> Self {
        Self(table.items.iter().map(|(_, items)| (0, Self::new(items))).collect())
    }

    /// Counts the items of a batch of a table, whose columns are given by node.
    fn add<'b>(&mut self, table: &TableView, column: &dyn Fn(usize) -> Option<&'b Column>) -> Result<()> {
        for ((node, own), (count, below)) in table.items.iter().zip(&mut self.0) {
            let Some(Values::Lists { items, .. }) = column(*node).map(|column| &column.values) else {
                continue;
            };
            *count = count.saturating_add(items.rows as u64);
            if *count > own.rows {
                let name = &table.schema.nodes()[*node].name;
                let what =
                    format!("lists of column \"{name}\" share items: together they have more than there are");
                return Err(Error::corrupt(what));
            }
            let below: &mut ItemCounts = below;
            below.add(own, &|node| items.columns.get(node))?;
        }
        Ok(())
    }
}

impl<S: ByteSource> Iterator for Scan<'_, S> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        let mut out = Batch::default();
        match self.next_into(&mut out) {
            Ok(true) => Some(Ok(out)),
            Ok(false) => None,
            Err(e) => {
                (self.rows, self.passing) = (0..0, None);
                Some(Err(e))
            }
        }
    }
}
