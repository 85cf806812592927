//! The rows of a scan that pass its condition, in the order of the table.

use std::collections::VecDeque;
use std::ops::Range;

use crate::codec::row_selection::RowSelection;
use crate::column::values::Batch;
use crate::earned;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::read::filter::Filter;
use crate::read::predicate::Predicate;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::read::row_order::by_block;

/// Rows that pass, found as they are asked for.
pub(crate) enum Passing<'a, S> {
    /// Of a file that is stored in the order of its table: the search, and runs of rows that were found.
    Stored(Box<Filter<'a, S>>, VecDeque<Range<u64>>),
    /// Of a class-wise file: the stored rows, all of them, in the order of the table, and how many were read.
    Sorted(Vec<u64>, usize),
}

impl<'a, S: ByteSource> Passing<'a, S> {
    /// The rows of a range that pass a condition.
    ///
    /// # Errors
    /// As [`Filter::new`]; `Memory`.
    pub fn new(reader: &'a Reader<S>, predicate: &Predicate, rows: Range<u64>) -> Result<Self> {
        if reader.index.is_none() {
            return Ok(Self::Stored(Box::new(Filter::new(reader, predicate, rows)?), VecDeque::new()));
        }
        let mut filter = Filter::new(reader, predicate, 0..reader.rows())?;
        let (mut found, mut passing) = (Vec::new(), VecDeque::new());
        while filter.next(&mut passing)? {
            for stored in passing.drain(..).flatten() {
                let row = reader.row_at(stored)?;
                if rows.contains(&row) {
                    earned::reserve(&mut found, 1)?;
                    found.push((row, stored));
                }
            }
        }
        found.sort_unstable();
        let mut stored = earned::with_room(found.len())?;
        stored.extend(found.into_iter().map(|(_, stored)| stored));
        Ok(Self::Sorted(stored, 0))
    }

    /// Finds so many rows, if there are as many. Returns how many are found.
    pub fn find(&mut self, wanted: u64) -> Result<u64> {
        match self {
            Self::Sorted(stored, read) => Ok((stored.len() - *read) as u64),
            Self::Stored(filter, found) => {
                let mut count: u64 = found.iter().map(|rows| rows.end - rows.start).sum();
                while count < wanted && filter.next(found)? {
                    count = found.iter().map(|rows| rows.end - rows.start).sum();
                }
                Ok(count)
            }
        }
    }

    /// Reads the next rows, of which so many are found.
    pub fn read(
        &mut self,
        reader: &Reader<S>,
        rows: u64,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<()> {
        match self {
            Self::Sorted(stored, read) => {
                let next = &stored[*read..*read + rows as usize];
                let (sorted, places) = by_block(next, reader.table.segment_rows, reader.table.segments);
                let picked = RowSelection::List(&sorted);
                reader.table.take(reader.context(), picked, Some(&places), projection, out)?;
                *read += rows as usize;
                Ok(())
            }
            Self::Stored(_, found) => {
                let first = found.front().map_or(0..0, Clone::clone);
                if first.end - first.start >= rows {
                    let picked = RowSelection::Range(first.start, rows as usize);
                    reader.table.take(reader.context(), picked, None, projection, out)?;
                } else {
                    let mut stored = earned::with_room(rows as usize)?;
                    stored.extend(found.iter().cloned().flatten().take(rows as usize));
                    let picked = RowSelection::List(&stored);
                    reader.table.take(reader.context(), picked, None, projection, out)?;
                }
                drop_first(found, rows);
                Ok(())
            }
        }
    }
}

/// Removes so many rows from the front of runs.
fn drop_first(runs: &mut VecDeque<Range<u64>>, mut rows: u64) {
    while let Some(first) = runs.front_mut().filter(|_| rows > 0) {
        let taken = rows.min(first.end - first.start);
        first.start += taken;
        rows -= taken;
        if first.is_empty() {
            runs.pop_front();
        }
    }
}
