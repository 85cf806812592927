//! Rows of as many bits each, without base ids: no anchor, id or base table is read to find one.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;

use crate::bits::field;
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::code_group::corrupt;
use crate::codec::grouped::find::{Found, GroupedFields, Touched, prefetch, window};
use crate::codec::grouped::kernel::Run;
use crate::codec::grouped::kernel_steady::{Packed, unpack};
use crate::codec::grouped::layout::MINI_BLOCK;
use crate::codec::grouped::steady_lanes::Steady;
use crate::codec::row_selection::RowSelection;
use crate::earned;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

impl GroupedFields {
    /// Reads the wanted lanes of some rows. True if the sum of a least field and a deviation exceeds 64 bits.
    ///
    /// # Errors
    /// `Corrupt` for rows outside the records; `Memory`.
    pub fn read_steady<'p, S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        steady: &Steady,
        pages: &'p Pages<S>,
        rows: RowSelection,
    ) -> Result<(Cow<'p, [u8]>, bool)> {
        let (frames, data) = match rows {
            RowSelection::Range(first, count) => self.find_steady(grouped, steady, pages, first, count)?,
            RowSelection::List(list) => self.find_steady_rows(grouped, steady, pages, list)?,
        };
        let mut has_wrapped = false;
        let lanes = grouped.code.lanes.iter().zip(&steady.lanes).zip(&mut self.fields).zip(&self.wanted);
        for (((lane, own), fields), _) in lanes.filter(|(_, wanted)| **wanted) {
            // All of them are written, whatever they were.
            earned::resize(fields, rows.len(), 0)?;
            if let RowSelection::Range(..) = rows {
                let bit = self.runs.first().map_or(0, |run| run.at) + own.offset;
                let packed = Packed { bit, stride: steady.row_bits, width: own.width, low: own.low };
                unpack(&data, packed, fields);
            } else {
                for (field, run) in fields.iter_mut().zip(&self.runs) {
                    *field = own.low.wrapping_add(self::field(&data, run.at + own.offset, own.width));
                }
            }
            has_wrapped |= lane.wraps && fields.iter().any(|&field| field < own.low);
        }
        Ok((frames, has_wrapped))
    }

    /// Finds rows that follow each other: a run for each of their frames.
    fn find_steady<'p, S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        steady: &Steady,
        pages: &'p Pages<S>,
        first: u64,
        count: usize,
    ) -> Result<Found<'p>> {
        let head = &grouped.head;
        self.runs.clear();
        let Some(last) = (first + count as u64).checked_sub(1).filter(|_| count > 0) else {
            return Ok((Cow::Borrowed(&[]), Cow::Borrowed(&[])));
        };
        // Eight rows are whole bytes.
        let begin = (first / MINI_BLOCK * MINI_BLOCK).saturating_mul(steady.row_bits);
        let end = (last + 1).saturating_mul(steady.row_bits);
        if last >= head.rows || end > 8 * head.record_bytes() {
            return Err(corrupt("a mini-block lies outside the records"));
        }
        let frame_bits = head.frame_bits();
        let (from, to) = (head.frame_of(first) * frame_bits, (head.frame_of(last) + 1) * frame_bits);
        let (frames, frames_from) = window(pages, head.frames.piece, from..to)?;
        let (data, data_from) = window(pages, head.records.piece, begin..end)?;
        let mut row = first;
        while row <= last {
            let frame = head.frame_of(row);
            let next = (last + 1).min((frame + 1).saturating_mul(head.frame_rows()));
            self.runs.push(Run {
                at: row * steady.row_bits - data_from,
                rows: next - row,
                first: 0,
                count: next - row,
                frame: frame * frame_bits - frames_from,
                place: head.place_in_frame(row) as usize,
            });
            row = next;
        }
        Ok((frames, data))
    }

    /// Finds rows in any order: a run for each.
    fn find_steady_rows<'p, S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        steady: &Steady,
        pages: &'p Pages<S>,
        rows: &[u64],
    ) -> Result<Found<'p>> {
        let head = &grouped.head;
        if pages.source().whole().is_none() {
            let found = self.find(grouped, pages, RowSelection::List(rows))?;
            // A run is found at its mini-block.
            self.runs.iter_mut().for_each(|run| run.at += run.first * steady.row_bits);
            return Ok(found);
        }
        self.runs.clear();
        let (frames_piece, records_piece) = (head.frames.piece, head.records.piece);
        let piece = |offset: u64, length: u64| pages.source().bytes(offset..offset.saturating_add(length));
        let frames = piece(frames_piece.offset, frames_piece.length)?;
        let data = piece(records_piece.offset, records_piece.length)?;
        let (frame_bits, end) = (head.frame_bits(), 8 * head.record_bytes());
        // Rows in any order are mostly waited for: their memory is asked for ahead.
        for &row in rows {
            prefetch(&frames, head.frame_of(row).wrapping_mul(frame_bits));
            prefetch(&data, row.wrapping_mul(steady.row_bits));
        }
        let (mut seen_frames, mut seen_records) = (Touched::default(), Touched::default());
        for &row in rows {
            let at = row.saturating_mul(steady.row_bits);
            if row >= head.rows || at.saturating_add(steady.row_bits) > end {
                return Err(corrupt("a mini-block lies outside the records"));
            }
            let frame = head.frame_of(row) * frame_bits;
            seen_frames.touch(pages, frames_piece.offset, frame, frame + frame_bits)?;
            seen_records.touch(pages, records_piece.offset, at, at + steady.row_bits)?;
            let place = head.place_in_frame(row) as usize;
            self.runs.push(Run { at, rows: 1, first: 0, count: 1, frame, place });
        }
        Ok((frames, data))
    }
}
