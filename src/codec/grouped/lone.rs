//! Rows of a block of one lane with base ids: where its mini-blocks are, and their fields, minima of frames included.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;
use std::ops::Range;

use crate::bits::{SLACK, field, mask};
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::code_group::corrupt;
use crate::codec::grouped::find::{GroupedFields, Touched, prefetch, window};
use crate::codec::grouped::kernel_lone::{LoneRows, LoneSpots, Seen, Spot, Target, decode, decode_rows};
use crate::codec::grouped::layout::MINI_BLOCK;
use crate::codec::grouped::lone_lane::{Lone, ROWS};
use crate::codec::row_selection::RowSelection;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// The bytes of mini-blocks, and the bit that none reaches beyond.
type Found<'p> = (Cow<'p, [u8]>, u64);

fn outside() -> Error {
    corrupt("a mini-block lies outside the records")
}

impl GroupedFields {
    /// Reads the wanted lanes of some rows of a block of a lone lane.
    ///
    /// # Errors
    /// `Corrupt` for rows outside the records, ids without a base and fields wider than the lane; `Memory`.
    pub fn read_lone<S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        lone: &Lone,
        pages: &Pages<S>,
        rows: RowSelection,
    ) -> Result<()> {
        for (place, lane) in grouped.code.lanes.iter().enumerate().filter(|(place, _)| self.wanted[*place]) {
            earned::resize(&mut self.fields[place], rows.len(), 0)?;
            if place == lone.place {
                continue;
            }
            let group = grouped.code.groups.iter().find(|group| group.lanes.contains(&place));
            let low = group.map(|group| grouped.code.entries(group).0[place - group.lanes.start].low);
            let low = low.ok_or_else(|| corrupt("a lane in no group"))?;
            if low & !mask(lane.width) != 0 {
                return Err(corrupt("a field is wider than its lane"));
            }
            self.fields[place].fill(low);
        }
        if !self.wanted[lone.place] || rows.len() == 0 {
            return Ok(());
        }
        let mut out = std::mem::take(&mut self.fields[lone.place]);
        let seen = match rows {
            RowSelection::Range(first, count) => {
                self.lone_range(grouped, lone, pages, first..first + count as u64, &mut out)
            }
            RowSelection::List(list) => self.lone_list(grouped, lone, pages, list, &mut out),
        }?;
        self.fields[lone.place] = out;
        if !seen.fits {
            return Err(corrupt("a row names a base that does not exist, or lies outside"));
        }
        if seen.sums & !lone.mask != 0 {
            return Err(corrupt("a field is wider than its lane"));
        }
        Ok(())
    }

    /// Rows that follow each other. Mini-blocks that are cut are decoded whole.
    fn lone_range<S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        lane: &Lone,
        pages: &Pages<S>,
        rows: Range<u64>,
        out: &mut [u64],
    ) -> Result<Seen> {
        let (data, end) = self.lone.find_range(grouped, lane, pages, rows.clone())?;
        let chunk = LoneRows { lane, data: &data, end };
        let mut spots = &self.lone.spots[..];
        let mut out = out;
        let mut seen = Seen::NONE;
        let before = (rows.start % MINI_BLOCK) as usize;
        let mini_block = |spots: &mut &[Spot], skip: usize, out: &mut [u64], seen: &mut Seen| {
            let (&spot, rest) = spots.split_first().ok_or_else(outside)?;
            *spots = rest;
            // The last mini-block of a block may have fewer rows, with their ids alone.
            let row = rows.end - 1;
            let in_block = match rest.is_empty() {
                true => MINI_BLOCK.min(grouped.head.rows - row / MINI_BLOCK * MINI_BLOCK),
                false => MINI_BLOCK,
            };
            let mut all = [0; ROWS];
            decode_rows(chunk, spot, &mut all[..in_block as usize], seen);
            out.copy_from_slice(&all[skip..skip + out.len()]);
            Ok::<(), Error>(())
        };
        if before > 0 {
            let (own, rest) = out.split_at_mut((ROWS - before).min(out.len()));
            mini_block(&mut spots, before, own, &mut seen)?;
            out = rest;
        }
        let (whole, rest) = out.as_chunks_mut::<ROWS>();
        let (own, last) = spots.split_at_checked(whole.len()).ok_or_else(outside)?;
        let found = decode(chunk, own, Target::All(whole));
        seen = Seen { fits: seen.fits && found.fits, sums: seen.sums | found.sums };
        if !rest.is_empty() {
            mini_block(&mut &*last, 0, rest, &mut seen)?;
        }
        Ok(seen)
    }

    /// Rows in any order: of each mini-block one row is kept.
    fn lone_list<S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        lane: &Lone,
        pages: &Pages<S>,
        rows: &[u64],
        out: &mut [u64],
    ) -> Result<Seen> {
        let (data, end) = match pages.source().whole().is_some() {
            true => self.lone.find_list(grouped, lane, pages, rows)?,
            false => {
                let (frames, data) = self.find(grouped, pages, RowSelection::List(rows))?;
                self.lone.clear(rows.len())?;
                for run in &self.runs {
                    let minimum = lane.minimum.map_or(0, |(at, width)| field(&frames, run.frame + at, width));
                    self.lone.spots.push(Spot { at: run.at, minimum, line: run.place / ROWS });
                    self.lone.rows.push(run.first as u8);
                }
                let end = 8 * (data.len() as u64).saturating_sub(SLACK);
                (data, end)
            }
        };
        let chunk = LoneRows { lane, data: &data, end };
        let LoneSpots { spots, rows: within } = &self.lone;
        // Rows of a block's last mini-block, which may be shorter, are read by themselves.
        let whole = grouped.head.rows / MINI_BLOCK * MINI_BLOCK;
        if rows.iter().all(|&row| row < whole) {
            return Ok(decode(chunk, spots, Target::One(within, out)));
        }
        let mut seen = Seen::NONE;
        for (((&row, &spot), &within), out) in rows.iter().zip(spots).zip(within).zip(out) {
            let mut all = [0; ROWS];
            let in_block = MINI_BLOCK.min(grouped.head.rows - row / MINI_BLOCK * MINI_BLOCK);
            decode_rows(chunk, spot, &mut all[..in_block as usize], &mut seen);
            *out = all[usize::from(within)];
        }
        Ok(seen)
    }
}

impl LoneSpots {
    fn clear(&mut self, room: usize) -> Result<()> {
        self.spots.clear();
        self.rows.clear();
        earned::reserve(&mut self.spots, room)?;
        earned::reserve(&mut self.rows, room)
    }

    /// Finds the mini-blocks of rows that follow each other, of which there are some.
    fn find_range<'p, S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        lane: &Lone,
        pages: &'p Pages<S>,
        rows: Range<u64>,
    ) -> Result<Found<'p>> {
        let head = &grouped.head;
        if rows.end > head.rows {
            return Err(outside());
        }
        let frame_bits = head.frame_bits();
        let (first, last) = (rows.start / MINI_BLOCK, (rows.end - 1) / MINI_BLOCK);
        let frame_at = |mini_block: u64| head.frame_of(mini_block * MINI_BLOCK) * frame_bits;
        let (from, to) = (frame_at(first), frame_at(last) + frame_bits);
        let (frames, frames_from) = window(pages, head.frames.piece, from..to)?;
        let at = |mini_block| {
            grouped.mini_block(&frames, frame_at(mini_block) - frames_from, mini_block * MINI_BLOCK)
        };
        let begin = at(first);
        let end = at(last).saturating_add(MINI_BLOCK * lane.row_bits).min(8 * head.record_bytes());
        if begin > end {
            return Err(outside());
        }
        let (data, data_from) = window(pages, head.records.piece, begin..end)?;
        self.clear((last - first + 1) as usize)?;
        // Nothing that has not been checked is looked at: mini-blocks are all within what was asked for.
        let mut within = true;
        let mut mini_block = first;
        while mini_block <= last {
            let frame = frame_at(mini_block) - frames_from;
            let minimum = lane.minimum.map_or(0, |(at, width)| field(&frames, frame + at, width));
            let per_frame = lane.lines.len() as u64;
            let next = (mini_block / per_frame + 1) * per_frame;
            for mini_block in mini_block..next.min(last + 1) {
                let at = grouped.mini_block(&frames, frame, mini_block * MINI_BLOCK);
                within &= begin <= at && at <= end;
                let line = (mini_block % per_frame) as usize;
                self.spots.push(Spot { at: at.wrapping_sub(data_from), minimum, line });
            }
            mini_block = next;
        }
        if within { Ok((data, end - data_from)) } else { Err(outside()) }
    }

    /// Finds rows in any order in a map: memory is asked for ahead, that of the frames of all rows first.
    fn find_list<'p, S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        lane: &Lone,
        pages: &'p Pages<S>,
        rows: &[u64],
    ) -> Result<Found<'p>> {
        let head = &grouped.head;
        let (frames_piece, records_piece) = (head.frames.piece, head.records.piece);
        let frames = pages
            .source()
            .bytes(frames_piece.offset..frames_piece.offset.saturating_add(frames_piece.length))?;
        let data = pages
            .source()
            .bytes(records_piece.offset..records_piece.offset.saturating_add(records_piece.length))?;
        let (frame_bits, end) = (head.frame_bits(), 8 * head.record_bytes());
        self.clear(rows.len())?;
        rows.iter().for_each(|&row| prefetch(&frames, head.frame_of(row).wrapping_mul(frame_bits)));
        let (mut seen_frames, mut seen_records) = (Touched::default(), Touched::default());
        for &row in rows {
            if row >= head.rows {
                return Err(outside());
            }
            let frame = head.frame_of(row) * frame_bits;
            if frame_bits > 0 {
                seen_frames.touch(pages, frames_piece.offset, frame, frame + frame_bits)?;
            }
            let at = grouped.mini_block(&frames, frame, row);
            let to = at.saturating_add(MINI_BLOCK * lane.row_bits).min(end);
            if at > to {
                return Err(outside());
            }
            seen_records.touch(pages, records_piece.offset, at, to)?;
            prefetch(&data, at);
            prefetch(&data, to);
            let minimum = lane.minimum.map_or(0, |(at, width)| field(&frames, frame + at, width));
            let line = head.place_in_frame(row) as usize / ROWS;
            self.spots.push(Spot { at, minimum, line });
            self.rows.push((row % MINI_BLOCK) as u8);
        }
        Ok((data, end))
    }
}
