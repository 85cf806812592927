//! Lists: which rows of the table of items a list has.

use crate::codec::lists::ANCHOR_ROWS;
use crate::codec::lists::block::BlockList;
use crate::codec::row_selection::RowSelection;
use crate::codec::transform::target::Target;
use crate::earned;
use crate::error::{Error, Result};

/// The lists of a column being read, by output row.
#[derive(Default)]
pub(crate) struct Lists {
    pub lengths: Vec<u64>,
    /// The row of the table of items that has the first item.
    pub starts: Vec<u64>,
}

impl Lists {
    /// Lists of so many rows, all empty.
    ///
    /// # Errors
    /// `Memory`.
    pub fn new(rows: usize) -> Result<Self> {
        let mut this = Self::default();
        earned::resize(&mut this.lengths, rows, 0)?;
        earned::resize(&mut this.starts, rows, 0)?;
        Ok(this)
    }

    /// Where each list begins and ends among the items of all.
    ///
    /// # Errors
    /// `Corrupt` for more than 2^64 items.
    pub fn offsets(&self, offsets: &mut Vec<u64>) -> Result<()> {
        let mut end = 0u64;
        offsets.clear();
        earned::reserve(offsets, self.lengths.len() + 1)?;
        offsets.push(0);
        for length in &self.lengths {
            end = end.checked_add(*length).ok_or_else(|| Error::corrupt("lists of more than 2^64 items"))?;
            offsets.push(end);
        }
        Ok(())
    }
}

/// A column of lists that was read, without its items.
pub(crate) struct ListColumn {
    /// Its place in the batch.
    pub column: usize,
    pub node: usize,
    /// Where the items of each list begin in the table of items.
    pub starts: Vec<u64>,
}

/// For each row that does not follow the one before it in the selection, the items between its anchor and it. `lengths`
/// gives the lengths of the lists of some rows.
///
/// # Errors
/// `Corrupt`; those of `lengths`.
pub(crate) fn items_before(
    list: &BlockList,
    rows: RowSelection,
    lengths: impl FnOnce(&[u64]) -> Result<Vec<u64>>,
) -> Result<Vec<u64>> {
    if list.one_length.is_some() {
        return Ok(Vec::new());
    }
    let firsts = || (0..rows.len()).filter(|&i| is_first(rows, i)).map(|i| rows.row(i));
    let wanted: Vec<u64> = firsts().flat_map(|row| row - row % ANCHOR_ROWS..row).collect();
    let mut lengths = lengths(&wanted)?.into_iter();
    let sum = |row: u64| {
        let mut own = lengths.by_ref().take((row % ANCHOR_ROWS) as usize);
        own.try_fold(0u64, u64::checked_add)
    };
    let sums: Option<Vec<u64>> = firsts().map(sum).collect();
    sums.ok_or_else(|| Error::corrupt("lists of more than 2^64 items"))
}

/// True if a row of a selection does not follow the one before it there.
fn is_first(rows: RowSelection, i: usize) -> bool {
    i == 0 || rows.row(i - 1) + 1 != rows.row(i)
}

impl Lists {
    /// Places the lists of rows of a block; `sums` are the items between the anchor and each row that does not follow the
    /// one before it.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn place(
        &mut self,
        list: &BlockList,
        rows: RowSelection,
        target: Target,
        sums: &[u64],
    ) -> Result<()> {
        let mut sums = sums.iter();
        let mut before = 0;
        for i in 0..rows.len() {
            let (row, at) = (rows.row(i), target.index(i));
            let length = self.lengths[at];
            if let Some(one) = list.one_length {
                self.starts[at] = list.first + row * one;
                continue;
            }
            let anchor = list.items_before(row / ANCHOR_ROWS);
            if is_first(rows, i) {
                let sum = sums.next().ok_or_else(|| Error::internal("a row without the sum before it"))?;
                before = anchor.saturating_add(*sum);
            } else if row % ANCHOR_ROWS == 0 && before != anchor {
                return Err(Error::corrupt("lists do not have the items that their anchors say"));
            }
            self.starts[at] = list.place(row, before, length)?;
            before += length;
        }
        Ok(())
    }
}
