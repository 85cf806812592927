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
use crate::error::{Error, Result};
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

    /// True if frames bound the fields of a lane.
    pub fn is_framed(&self, lane: usize) -> bool {
        let own = &self.code.lanes[self.places[lane]];
        own.minimum.is_some() && !own.loose && !own.wraps
    }

    /// The least and the greatest field of a framed lane in each frame that has some of these rows, and the rows of a frame.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn frame_bounds<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        rows: Range<u64>,
        lane: usize,
    ) -> Result<(Vec<(u64, u64)>, u64)> {
        let place = self.places[lane];
        let own = &self.code.lanes[place];
        let group = self.code.groups.iter().find(|group| group.lanes.contains(&place));
        let (Some((at, width)), Some(group)) = (own.minimum, group) else {
            return Err(corrupt("a lane without frames"));
        };
        let (entries, per) = self.code.entries(group);
        let entries = entries.iter().skip(place - group.lanes.start).step_by(per.max(1)).take(group.bases);
        let ends = entries.map(|entry| (entry.low, entry.low + mask(entry.width)));
        let (low, high) = ends.fold((u64::MAX, 0), |(low, high), own| (low.min(own.0), high.max(own.1)));
        // The line of a frame is steepest at its last row.
        let steps = self.head.frame_rows() as i64 - 1;
        let is_line = own.slope.0.checked_mul(steps).is_some(); // else it is modulo 2^64
        let last = own.slope.at(steps as usize) as i64;
        let (fall, rise) = (i128::from(last.min(0)), i128::from(last.max(0)));
        let frame_bits = self.head.frame_bits();
        let frames = self.head.frame_of(rows.start)..self.head.frame_of(rows.end - 1) + 1;
        let (from, to) = (frames.start * frame_bits / 8, (frames.end * frame_bits).div_ceil(8));
        let data = part(pages, self.head.frames.piece, from..to)?;
        let mut bounds = earned::with_room((frames.end - frames.start) as usize)?;
        for frame in frames {
            let minimum = i128::from(field(&data, frame * frame_bits - 8 * from + at, width));
            let ends = (minimum + fall + i128::from(low), minimum + rise + i128::from(high));
            // Sums are modulo 2^width: of those that leave it nothing is known.
            let fits = is_line && ends.0 >= 0 && ends.1 <= i128::from(mask(width));
            bounds.push(if fits { (ends.0 as u64, ends.1 as u64) } else { (0, mask(width)) });
        }
        Ok((bounds, self.head.frame_rows()))
    }

    /// A table of the code group of a lane: `entries` of its bases, and `other` of ids without a base.
    pub fn table(&self, lane: usize, mut entries: Vec<u8>, other: u8) -> Option<IdTable> {
        let place = self.places[lane];
        let group = self.code.groups.iter().find(|group| group.lanes.contains(&place))?;
        entries.resize(1 << group.id_bits, other);
        (group.id_bits <= ONE_LOAD).then_some(IdTable { at: group.at, bits: group.id_bits, entries })
    }

    /// The records and frames of some rows of the block.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn window<'p, S: ByteSource>(&self, pages: &'p Pages<S>, rows: Range<u64>) -> Result<Window<'p>> {
        let frame_bits = self.head.frame_bits();
        let frames_from = self.head.frame_of(rows.start) * frame_bits / 8;
        let frames_to = ((self.head.frame_of(rows.end - 1) + 1) * frame_bits).div_ceil(8);
        let frames = part(pages, self.head.frames.piece, frames_from..frames_to)?;
        let mut window = Window { frames, frames_from, data: Cow::Borrowed(&[]), from: 0, to: 0 };
        let begin = |row: u64| {
            let frame = self.head.frame_of(row) * frame_bits - 8 * frames_from;
            self.mini_block(&window.frames, frame, row)
        };
        // The last mini-block ends where the next one begins, or with the records.
        let last = (rows.end - 1) / MINI_BLOCK * MINI_BLOCK;
        let most = self.ids.saturating_add(self.deviations.1).saturating_mul(MINI_BLOCK);
        let end = begin(last).saturating_add(most).div_ceil(8).min(self.head.record_bytes());
        let from = begin(rows.start) / 8;
        if from > end {
            return Err(outside());
        }
        window.data = part(pages, self.head.records.piece, from..end)?;
        (window.from, window.to) = (from, end);
        Ok(window)
    }

    /// The bit of a window at which a mini-block begins, all of whose ids are within it.
    fn begin(&self, window: &Window, first: u64) -> Result<u64> {
        let frame = self.head.frame_of(first) * self.head.frame_bits() - 8 * window.frames_from;
        let at = self.mini_block(&window.frames, frame, first);
        let ids = self.ids.saturating_mul(MINI_BLOCK.min(self.head.rows - first));
        let is_within = at / 8 >= window.from && at.saturating_add(ids) <= 8 * window.to;
        if is_within { Ok(at - 8 * window.from) } else { Err(outside()) }
    }

    /// Looks the ids of the rows of a window up in tables: for each table an entry a row.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn look_up(
        &self,
        window: &Window,
        rows: Range<u64>,
        tables: &[&IdTable],
        out: &mut [Vec<u8>],
    ) -> Result<()> {
        let count = (rows.end - rows.start) as usize;
        out.iter_mut().try_for_each(|out| earned::resize(out, count, 0))?;
        let data = &window.data[..];
        let mut row = rows.start;
        while row < rows.end {
            let first = row / MINI_BLOCK * MINI_BLOCK;
            let end = rows.end.min(first + MINI_BLOCK);
            let at = self.begin(window, first)? + (row - first) * self.ids;
            let places = (row - rows.start) as usize..(end - rows.start) as usize;
            for (table, out) in tables.iter().zip(&mut *out) {
                let (last, ids) = (table.entries.len() - 1, mask(table.bits));
                for (i, out) in (0..).zip(&mut out[places.clone()]) {
                    let id = load(data, at + i * self.ids + table.at) & ids;
                    *out = table.entries[id as usize & last];
                }
            }
            row = end;
        }
        Ok(())
    }

    /// The fields of a lane that no frame is added to, of some rows of a window in ascending order.
    ///
    /// # Errors
    /// `Corrupt` or `Memory`.
    pub fn fields(&self, window: &Window, rows: &[u64], lane: usize, out: &mut Vec<u64>) -> Result<()> {
        let no_base = || corrupt("a row names a base that does not exist, or lies outside");
        let place = self.places[lane];
        let number = self.code.groups.iter().position(|group| group.lanes.contains(&place));
        let (before, group) = match number {
            Some(number) => (&self.code.groups[..number], &self.code.groups[number]),
            None => return Err(no_base()),
        };
        // Bits of the deviations of each group before the lane's, by id.
        let totals = before.iter().map(|group| -> Result<(u64, Vec<u64>)> {
            let (entries, per) = self.code.entries(group);
            let mut own = earned::with_room(1 << group.id_bits)?;
            own.extend(
                entries.chunks(per.max(1)).map(|base| base.iter().map(|e| u64::from(e.width)).sum::<u64>()),
            );
            Ok((group.at, own))
        });
        let totals = totals.collect::<Result<Vec<_>>>()?;
        let (entries, per) = self.code.entries(group);
        let offset = place - group.lanes.start;
        let data = &window.data[..];
        // The mini-block at hand: its first row and bit, a row and the bit of its deviations.
        let (mut first, mut at, mut next) = (u64::MAX, 0, (0, 0));
        earned::reserve(out, rows.len())?;
        for &row in rows {
            if row / MINI_BLOCK * MINI_BLOCK != first {
                first = row / MINI_BLOCK * MINI_BLOCK;
                at = self.begin(window, first)?;
                next = (first, at + MINI_BLOCK.min(self.head.rows - first) * self.ids);
            }
            while next.0 < row {
                let bits = self.row_bits(at + (next.0 - first) * self.ids, |bit| load(data, bit));
                next = (next.0 + 1, next.1 + bits);
            }
            let ids = at + (row - first) * self.ids;
            let mut bit = next.1;
            for (group, own) in &totals {
                bit += own[load(data, ids + group) as usize & (own.len() - 1)];
            }
            let id = (load(data, ids + group.at) & mask(group.id_bits)) as usize;
            let base =
                entries.get(id * per..(id + 1) * per).filter(|_| id < group.bases).ok_or_else(no_base)?;
            bit += base[..offset].iter().map(|entry| u64::from(entry.width)).sum::<u64>();
            let entry = base[offset];
            if bit.saturating_add(entry.width.into()) > 8 * (window.to - window.from) {
                return Err(no_base());
            }
            out.push(entry.low + field(data, bit, entry.width));
        }
        Ok(())
    }
}

/// The records and frames of some rows of a block.
pub(crate) struct Window<'p> {
    frames: Cow<'p, [u8]>,
    /// The first byte of the frames.
    frames_from: u64,
    data: Cow<'p, [u8]>,
    /// The first byte of the records, and the end.
    from: u64,
    to: u64,
}

fn outside() -> Error {
    corrupt("a mini-block lies outside the records")
}

/// 57 bits or more at a bit. The zero bytes after the records are there for it.
#[inline(always)]
fn load(data: &[u8], bit: u64) -> u64 {
    let byte = (bit >> 3) as usize;
    match data.get(byte..).and_then(|data| data.first_chunk::<8>()) {
        Some(word) => u64::from_le_bytes(*word) >> (bit & 7),
        None => field(data, bit, ONE_LOAD),
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
