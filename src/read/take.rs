//! Rows by their numbers, in any order: sorted so that each block is gone through once.

use std::borrow::Cow;
use std::ops::Range;

use crate::codec::row_selection::RowSelection;
use crate::column::values::Batch;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::read::row_order::by_block;

impl<S: ByteSource> Reader<S> {
    /// The values of rows, in any order, repeated as often as asked.
    ///
    /// # Errors
    /// `Argument` for a row that is not there; `Corrupt` for damaged pages.
    pub fn take(&self, rows: &[u64], projection: &Projection) -> Result<Batch> {
        let mut out = Batch::default();
        self.take_into(rows, projection, &mut out)?;
        Ok(out)
    }

    /// As `take`, into a batch whose memory is used again.
    ///
    /// # Errors
    /// As `take`.
    pub fn take_into(&self, rows: &[u64], projection: &Projection, out: &mut Batch) -> Result<()> {
        let stored = self.stored(rows)?;
        if stored.is_sorted() {
            return self.table.take(self.context(), RowSelection::List(&stored), None, projection, out);
        }
        let (sorted, places) = by_block(&stored, self.table.segment_rows, self.table.segments);
        self.table.take(self.context(), RowSelection::List(&sorted), Some(&places), projection, out)
    }

    /// Where rows are stored.
    pub(crate) fn stored<'r>(&self, rows: &'r [u64]) -> Result<Cow<'r, [u64]>> {
        let n = self.rows();
        if let Some(row) = rows.iter().find(|&&r| r >= n) {
            return Err(Error::argument(format!("no row {row}: the file has {n} rows, numbered from 0")));
        }
        if rows.len() > u32::MAX as usize {
            return Err(Error::argument("more than 2^32 - 1 rows in one batch"));
        }
        Ok(match &self.index {
            None => Cow::Borrowed(rows),
            Some(index) => rows.iter().map(|&r| index.stored(&self.pages, r)).collect::<Result<_>>()?,
        })
    }

    /// The values of one row, into a batch whose memory is used again.
    ///
    /// # Errors
    /// As `take`.
    pub fn row(&self, row: u64, projection: &Projection, out: &mut Batch) -> Result<()> {
        self.take_into(&[row], projection, out)
    }

    /// Rows in table order.
    pub(crate) fn range_into(
        &self,
        rows: Range<u64>,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<()> {
        match &self.index {
            None => self.stored_rows(rows, projection, out),
            Some(_) => self.take_into(&rows.collect::<Vec<_>>(), projection, out),
        }
    }
}
