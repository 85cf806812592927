//! Row maps: which tuple a row has.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;
use std::ops::Range;

use crate::bits::{SLACK, field};
use crate::codec::grouped::find::{Touched, gather};
use crate::codec::parted::layout::{PartEntry, corrupt};
use crate::codec::piece::Piece;
use crate::codec::row_selection::RowSelection;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Rows whose runs begin in one cell of a map of runs: a rank of 32 bits, then a bit a row.
pub(super) const CELL_ROWS: u64 = 512;
const CELL_BYTES: u64 = 4 + CELL_ROWS / 8;

/// Rows of a block with a period, at most: no other records of rows that differ take no bytes.
pub(super) const MAX_PERIOD_ROWS: u64 = 1 << 20;

/// Which tuple a row of a block has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowMap {
    /// Its own.
    Same,
    /// The tuple of the run that it is in.
    Runs(Piece),
    /// Runs of `length` rows, whose tuples repeat; the first row is the one at `phase`.
    Period { length: u64, phase: u64 },
    /// The field of a lane that another part has.
    Index,
}

impl RowMap {
    /// The row map of a part of a block of so many rows, whose records begin at `start`.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn read(part: &PartEntry, rows: u64, start: u64) -> Result<Self> {
        let tuples = part.tuples.rows.get();
        let (map, length, phase) = (part.map.get(), part.length.get(), part.phase.get());
        let wrong = || corrupt("a row map does not fit its tuples");
        if tuples == 0 || tuples > rows || (part.kind.get() == PartEntry::SAME) != (tuples == rows) {
            return Err(wrong());
        }
        let piece = |length: u64| Some(Piece { offset: start.checked_add(map)?, length });
        let is_piece = map > 0 && length == 0 && phase == 0;
        match part.kind.get() {
            PartEntry::SAME if map == 0 && length == 0 && phase == 0 => Ok(Self::Same),
            PartEntry::RUNS if is_piece && rows <= u64::from(u32::MAX) => {
                piece(rows.div_ceil(CELL_ROWS) * CELL_BYTES + SLACK).map(Self::Runs).ok_or_else(wrong)
            }
            PartEntry::PERIOD if map == 0 => {
                let is_within = length.checked_mul(tuples).is_some_and(|all| phase < all);
                let last = phase.checked_add(rows - 1);
                if is_within && last.is_some() && rows <= MAX_PERIOD_ROWS {
                    Ok(Self::Period { length, phase })
                } else {
                    Err(wrong())
                }
            }
            PartEntry::INDEX if map == 0 && length == 0 && phase == 0 && tuples > 1 => Ok(Self::Index),
            _ => Err(wrong()),
        }
    }

    /// Its bytes.
    pub fn piece(&self) -> Option<Piece> {
        match self {
            Self::Same | Self::Period { .. } | Self::Index => None,
            Self::Runs(piece) => Some(*piece),
        }
    }

    /// Finds the tuples of some rows, less than `tuples`; `out` holds what an index says of them.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn find<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        rows: RowSelection,
        tuples: u64,
        out: &mut Vec<u64>,
    ) -> Result<()> {
        if !matches!(self, Self::Index) {
            out.clear();
            earned::reserve(out, rows.len())?;
        }
        match *self {
            Self::Index => {}
            Self::Same => out.extend((0..rows.len()).map(|i| rows.row(i))),
            Self::Period { length, phase } => {
                out.extend((0..rows.len()).map(|i| (rows.row(i) + phase) / length % tuples));
            }
            Self::Runs(piece) => runs(pages, piece, rows, out)?,
        }
        match out.iter().all(|tuple| *tuple < tuples) {
            true => Ok(()),
            false => Err(missing()),
        }
    }

    /// Checks all of a map of `rows` rows to `tuples` tuples. What an index says is checked when rows are read.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn check<S: ByteSource>(&self, pages: &Pages<S>, rows: u64, tuples: u64) -> Result<()> {
        let Self::Runs(piece) = self else { return Ok(()) };
        let bytes = piece.read(pages)?;
        let mut runs = 0;
        for (cell, own) in (0..rows.div_ceil(CELL_ROWS)).zip(bytes.chunks_exact(CELL_BYTES as usize)) {
            if field(own, 0, 32) != runs {
                return Err(corrupt("runs are not counted right"));
            }
            if cell == 0 && field(own, 32, 1) == 0 {
                return Err(missing());
            }
            for word in 0..CELL_ROWS / 64 {
                let left = rows.saturating_sub(cell * CELL_ROWS + 64 * word);
                let bits = field(own, 32 + 64 * word, 64);
                if left < 64 && bits >> left != 0 {
                    return Err(corrupt("a run begins after the last row"));
                }
                runs += u64::from(bits.count_ones());
            }
        }
        if runs != tuples {
            return Err(corrupt("there are not as many runs as tuples"));
        }
        match bytes[bytes.len() - SLACK as usize..].iter().all(|byte| *byte == 0) {
            true => Ok(()),
            false => Err(corrupt("bytes after a row map that are not zero")),
        }
    }
}

fn missing() -> Error {
    corrupt("a row names a tuple that does not exist")
}

/// The numbers of the runs that some rows are in.
fn runs<S: ByteSource>(pages: &Pages<S>, piece: Piece, rows: RowSelection, out: &mut Vec<u64>) -> Result<()> {
    let bits = 8 * CELL_BYTES;
    let cell = |row: u64| row / CELL_ROWS * bits..(row / CELL_ROWS + 1) * bits;
    // The cell and the word of the row before, and the runs that begin before the word.
    let mut last = (u64::MAX, 0, 0);
    each(pages, piece, rows, cell, |data, at, row| {
        let word = row % CELL_ROWS / 64;
        let key = (row / 64, at);
        if (last.0, last.1) != key {
            let before = (0..word).map(|w| u64::from(field(data, at + 32 + 64 * w, 64).count_ones()));
            last = (key.0, key.1, field(data, at, 32) + before.sum::<u64>());
        }
        let own = field(data, at + 32 + 64 * word, 64) & (u64::MAX >> (63 - row % 64));
        // Bits of a map that is wrong may begin no run; what is too large is found.
        out.push((last.2 + u64::from(own.count_ones())).wrapping_sub(1));
    })
}

/// Calls `read` for each row with bytes, the bit among them at which those bits of the row begin that `bits` tells, and the row.
fn each<S: ByteSource>(
    pages: &Pages<S>,
    piece: Piece,
    rows: RowSelection,
    bits: impl Fn(u64) -> Range<u64>,
    mut read: impl FnMut(&[u8], u64, u64),
) -> Result<()> {
    let end = 8 * (piece.length - SLACK);
    let within = |range: Range<u64>| match range.end <= end.next_multiple_of(8) {
        true => Ok(range),
        false => Err(corrupt("a row lies outside")),
    };
    if pages.source().whole().is_some() {
        let data = pages.source().bytes(piece.offset..piece.offset + piece.length)?;
        let mut touched = Touched::default();
        for i in 0..rows.len() {
            let row = rows.row(i);
            let own = within(bits(row))?;
            touched.touch(pages, piece.offset, own.start, own.end)?;
            read(&data, own.start, row);
        }
        return Ok(());
    }
    if let RowSelection::Range(first, count) = rows {
        let (first, last) = (bits(first).start, bits(first + (count as u64).max(1) - 1).end);
        let all = within(first..last)?;
        let data: Cow<[u8]> = gather(pages, piece.offset, all.start, all.end)?;
        for i in 0..count {
            let row = rows.row(i);
            read(&data, bits(row).start - all.start / 8 * 8, row);
        }
        return Ok(());
    }
    for i in 0..rows.len() {
        let row = rows.row(i);
        let own = within(bits(row))?;
        let data = gather(pages, piece.offset, own.start, own.end)?;
        read(&data, own.start % 8, row);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::block_entry::BlockEntry;

    #[test]
    fn periods_have_no_more_rows_than_they_may() {
        let tuples = BlockEntry { rows: 2.into(), ..BlockEntry::default() };
        let part = PartEntry {
            kind: PartEntry::PERIOD.into(),
            length: 1.into(),
            phase: 1.into(),
            tuples,
            ..PartEntry::default()
        };
        assert!(matches!(
            RowMap::read(&part, MAX_PERIOD_ROWS, 64),
            Ok(RowMap::Period { length: 1, phase: 1 })
        ));
        assert!(RowMap::read(&part, MAX_PERIOD_ROWS + 1, 64).is_err());
        assert!(RowMap::read(&PartEntry { phase: 2.into(), ..part }, 100, 64).is_err());
        assert!(RowMap::read(&part, 2, 64).is_err());
    }
}
