//! Values of a block that no fields stand for (spec, chapter 4.2).

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::sync::OnceLock;

use crate::bits::{little, partition_point};
use crate::codec::piece::Piece;
use crate::codec::row_selection::RowSelection;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::features::Feature;
use crate::format::pages::Pages;

/// The feature of files with exceptions.
pub(crate) const FEATURE: Feature = Feature::required(19, "exceptions");

/// Where a lane's exceptions are within the exceptions piece.
#[derive(Debug)]
pub(crate) struct LaneExceptions {
    pub lane: u32,
    pub count: usize,
    pub rows_at: usize,
    pub raw_at: usize,
    /// True if their rows ascend and are rows of the block, once it was asked: they are searched for.
    ordered: OnceLock<bool>,
}

impl LaneExceptions {
    /// The row of the block that exception `i` is for.
    pub fn row(&self, piece: &[u8], i: usize) -> u64 {
        little(&piece[self.rows_at + 4 * i..][..4])
    }

    /// The raw bits of exception `i`.
    pub fn raw(&self, piece: &[u8], i: usize) -> u64 {
        little(&piece[self.raw_at + 8 * i..][..8])
    }

    /// Checks that rows ascend and are less than `rows`.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn check_order(&self, piece: &[u8], rows: u64) -> Result<()> {
        let ordered = || {
            let mut all = (0..self.count).map(|i| self.row(piece, i));
            all.clone().is_sorted_by(|a, b| a < b) && all.next_back().is_none_or(|last| last < rows)
        };
        if *self.ordered.get_or_init(ordered) {
            Ok(())
        } else {
            Err(Error::corrupt("exceptions are out of order"))
        }
    }

    /// Calls `put(i, raw)` for every row `i` of `rows` that is an exception.
    pub fn overlay(
        &self,
        piece: &[u8],
        rows: RowSelection,
        mut put: impl FnMut(usize, u64) -> Result<()>,
    ) -> Result<()> {
        // A few rows, or rows in any order, are looked up one by one; many in order are merged.
        let merge = rows.len() * 16 > self.count && rows.is_sorted();
        let mut from = 0;
        for i in 0..rows.len() {
            let row = rows.row(i);
            if merge {
                while from < self.count && self.row(piece, from) < row {
                    from += 1;
                }
            } else {
                from = partition_point(0..self.count, |j| self.row(piece, j) < row);
            }
            if from < self.count && self.row(piece, from) == row {
                put(i, self.raw(piece, from))?;
            }
        }
        Ok(())
    }
}

/// The lanes of a block, of so many, that have exceptions, and where these are.
pub(crate) fn exceptions<S: ByteSource>(
    pages: &Pages<S>,
    block_lanes: u32,
    piece: Piece,
) -> Result<Vec<LaneExceptions>> {
    let Piece { offset: start, length } = piece;
    if length == 0 {
        return Ok(Vec::new());
    }
    let cut = || Error::corrupt("a block's exceptions do not fit their length");
    let head = pages.piece(start, 8.min(length))?;
    let lanes = little(head.get(..4).ok_or_else(cut)?);
    if lanes == 0 || lanes > u64::from(block_lanes) || 8 + lanes * 8 > length {
        return Err(cut());
    }
    let directory = pages.piece(start + 8, lanes * 8)?;
    let mut all = earned::with_room(lanes as usize)?;
    let mut at = 8 + lanes * 8;
    for pair in directory.chunks_exact(8) {
        let (lane, count) = (little(&pair[..4]), little(&pair[4..]));
        let raw_at = at + (count * 4).next_multiple_of(8);
        let end = raw_at + count * 8;
        let ascending = all.last().is_none_or(|e: &LaneExceptions| u64::from(e.lane) < lane);
        if count == 0 || end > length || !ascending {
            return Err(cut());
        }
        all.push(LaneExceptions {
            lane: lane as u32,
            count: count as usize,
            rows_at: at as usize,
            raw_at: raw_at as usize,
            ordered: OnceLock::new(),
        });
        at = end;
    }
    if at == length { Ok(all) } else { Err(cut()) }
}
