//! What base ids alone tell of rows: bounds of the fields of a lane, without its deviations.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;
use std::ops::Range;

use crate::bits::{SLACK, field, mask};
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::code_group::{ONE_LOAD, corrupt};
use crate::codec::grouped::layout::MINI_BLOCK;
use crate::codec::piece::Piece;
use crate::earned;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// A table with an entry for each base id of a code group, and where these ids are.
pub(crate) struct IdTable {
    /// The first bit of the id among those of a row, and its bits.
    at: u64,
    bits: u32,
    /// As many as there are ids.
    pub entries: Vec<u8>,
}

impl Grouped {
    /// The least and the greatest field of a lane by base; none if bases alone do not bound it, since frames do.
    pub fn bounds(&self, lane: usize) -> Option<Vec<(u64, u64)>> {
        let place = self.places[lane];
        let own = &self.code.lanes[place];
        if own.minimum.is_some() || own.loose || own.wraps {
            return None;
        }
        let group = self.code.groups.iter().find(|group| group.lanes.contains(&place))?;
        let (entries, per) = self.code.entries(group);
        let own = entries.iter().skip(place - group.lanes.start).step_by(per.max(1)).take(group.bases);
        Some(own.map(|entry| (entry.low, entry.low + mask(entry.width))).collect())
    }

    /// A table of the code group of a lane: `entries` of its bases, and `other` of ids without a base.
    pub fn table(&self, lane: usize, mut entries: Vec<u8>, other: u8) -> Option<IdTable> {
        let place = self.places[lane];
        let group = self.code.groups.iter().find(|group| group.lanes.contains(&place))?;
        entries.resize(1 << group.id_bits, other);
        (group.id_bits <= ONE_LOAD).then_some(IdTable { at: group.at, bits: group.id_bits, entries })
    }

    /// Looks the ids of some rows of the block up in tables: for each table an entry a row, appended to those in `out`.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn look_up<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        rows: Range<u64>,
        tables: &[&IdTable],
        out: &mut [Vec<u8>],
    ) -> Result<()> {
        let count = (rows.end - rows.start) as usize;
        out.iter_mut().try_for_each(|out| earned::reserve(out, count))?;
        let frame_bits = self.head.frame_bits();
        let frames_from = self.head.frame_of(rows.start) * frame_bits / 8;
        let frames_to = ((self.head.frame_of(rows.end - 1) + 1) * frame_bits).div_ceil(8);
        let frames = part(pages, self.head.frames.piece, frames_from..frames_to)?;
        let begin = |row: u64| {
            let frame = self.head.frame_of(row) * frame_bits - 8 * frames_from;
            self.mini_block(&frames, frame, row)
        };
        let last = (rows.end - 1) / MINI_BLOCK * MINI_BLOCK;
        let ids = |first: u64| self.ids.saturating_mul(MINI_BLOCK.min(self.head.rows - first));
        let (from, to) = (begin(rows.start) / 8, begin(last).saturating_add(ids(last)).div_ceil(8));
        let outside = || corrupt("a mini-block lies outside the records");
        if from > to || to > self.head.record_bytes() {
            return Err(outside());
        }
        let data = part(pages, self.head.records.piece, from..to)?;
        let mut row = rows.start;
        while row < rows.end {
            let first = row / MINI_BLOCK * MINI_BLOCK;
            let end = rows.end.min(first + MINI_BLOCK);
            let at = begin(first);
            if at / 8 < from || at.saturating_add(ids(first)) > 8 * to {
                return Err(outside());
            }
            let at = at - 8 * from + (row - first) * self.ids;
            for (table, out) in tables.iter().zip(&mut *out) {
                let last = table.entries.len() - 1;
                out.extend((0..end - row).map(|i| {
                    let id = field(&data, at + i * self.ids + table.at, table.bits);
                    table.entries[id as usize & last]
                }));
            }
            row = end;
        }
        Ok(())
    }
}

/// Bytes of a piece, and those after them that a wide load may reach.
fn part<S: ByteSource>(pages: &Pages<S>, piece: Piece, bytes: Range<u64>) -> Result<Cow<'_, [u8]>> {
    if bytes.is_empty() {
        return Ok(Cow::Borrowed(&[]));
    }
    // The piece ends in zero bytes that no field is in.
    let end = (bytes.end + SLACK).min(piece.length);
    pages.get(piece.offset + bytes.start..piece.offset + end)
}
