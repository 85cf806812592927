//! The fields of some rows of a block in code groups: where their frames and mini-blocks are.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;
use std::ops::Range;

use crate::bits::SLACK;
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::code_group::corrupt;
use crate::codec::grouped::kernel::{Places, Run};
use crate::codec::grouped::kernel_lone::LoneSpots;
use crate::codec::grouped::layout::MINI_BLOCK;
use crate::codec::piece::Piece;
use crate::codec::row_selection::RowSelection;
use crate::earned;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::checksum::PAGE;
use crate::format::pages::Pages;

/// The bytes of the frames of some rows, and of their mini-blocks.
pub(crate) type Found<'p> = (Cow<'p, [u8]>, Cow<'p, [u8]>);

/// The fields of some rows.
#[derive(Default)]
pub(crate) struct GroupedFields {
    pub runs: Vec<Run>,
    pub places: Places,
    pub lone: LoneSpots,
    /// Lanes that are wanted, by place.
    pub wanted: Vec<bool>,
    /// By place.
    pub fields: Vec<Vec<u64>>,
}

impl GroupedFields {
    /// Gets ready for a block of which these lanes will be read. Memory is used again.
    ///
    /// # Errors
    /// `Memory`.
    pub fn start(&mut self, grouped: &Grouped, lanes: impl Iterator<Item = usize>) -> Result<()> {
        self.wanted.clear();
        earned::resize(&mut self.wanted, grouped.code.lanes.len(), false)?;
        self.fields.resize_with(grouped.code.lanes.len(), Vec::new);
        for lane in lanes {
            self.wanted[grouped.places[lane]] = true;
        }
        Ok(())
    }

    /// Exchanges the fields of a lane for other memory.
    pub fn swap(&mut self, grouped: &Grouped, lane: usize, out: &mut Vec<u64>) {
        std::mem::swap(&mut self.fields[grouped.places[lane]], out);
    }

    /// Finds the rows.
    pub fn find<'p, S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        pages: &'p Pages<S>,
        rows: RowSelection,
    ) -> Result<Found<'p>> {
        self.runs.clear();
        let outside = || corrupt("a mini-block lies outside the records");
        let head = &grouped.head;
        let piece =
            |piece: Piece| pages.source().bytes(piece.offset..piece.offset.saturating_add(piece.length));
        let (frames_at, records_at) = (head.frames.piece.offset, head.records.piece.offset);
        let mapped = pages.source().whole().is_some();
        // Mapped pieces are used where they are, page by page as they are touched; of others what is needed is gathered.
        let (mut frames, mut data) = match mapped {
            true => (piece(head.frames.piece)?, piece(head.records.piece)?),
            false => (Cow::Owned(Vec::new()), Cow::Owned(Vec::new())),
        };
        let end = 8 * head.record_bytes();
        let frame_bits = head.frame_bits();
        let (mut seen_frames, mut seen_records) = (Touched::default(), Touched::default());
        let row_bits = grouped.ids.saturating_add(grouped.deviations.1);
        // Rows in any order are mostly waited for: their memory is asked for ahead.
        if let RowSelection::List(rows) = rows {
            rows.iter().for_each(|&row| prefetch(&frames, head.frame_of(row) * frame_bits));
        }
        let usual = (grouped.deviations.0 + grouped.deviations.1) / 2;
        // Rows in order that are not in memory are read at once: what comes before the window's first bits is left out.
        let mut window = None;
        if let (false, RowSelection::Range(first, count)) = (mapped, rows) {
            let last = first + (count as u64).saturating_sub(1);
            let (from, to) = (head.frame_of(first) * frame_bits, (head.frame_of(last) + 1) * frame_bits);
            frames = gather(pages, frames_at, from, to)?;
            let local = |row: u64| head.frame_of(row) * frame_bits - from / 8 * 8;
            let begin = grouped.mini_block(&frames, local(first), first);
            let end = grouped.mini_block(&frames, local(last), last);
            let end = end.saturating_add(row_bits.saturating_mul(MINI_BLOCK)).min(8 * head.record_bytes());
            if begin > end {
                return Err(outside());
            }
            data = gather(pages, records_at, begin, end)?;
            window = Some((from / 8 * 8, begin / 8 * 8, end));
        }
        let mut i = 0;
        while i < rows.len() {
            let row = rows.row(i);
            let (block, first) = (row / MINI_BLOCK * MINI_BLOCK, row % MINI_BLOCK);
            let in_block = MINI_BLOCK.min(head.rows.saturating_sub(block));
            let count = match rows {
                RowSelection::Range(..) => {
                    (in_block.saturating_sub(first)).min((rows.len() - i) as u64).max(1)
                }
                RowSelection::List(_) => 1,
            };
            i += count as usize;
            let mut frame = head.frame_of(row) * frame_bits;
            if let Some((start, ..)) = window {
                frame -= start;
            } else if frame_bits > 0 {
                let end = frame + frame_bits;
                match &mut frames {
                    Cow::Borrowed(_) => seen_frames.touch(pages, frames_at, frame, end)?,
                    Cow::Owned(gathered) => {
                        let bytes = pages.get(frames_at + frame / 8..frames_at + end.div_ceil(8))?;
                        frame = frame % 8 + append(gathered, &bytes)?;
                    }
                }
            }
            let mut at = grouped.mini_block(&frames, frame, row);
            let to = at.saturating_add(row_bits.saturating_mul(in_block)).min(end);
            if at > to {
                return Err(outside());
            }
            if let Some((_, start, end)) = window {
                at = at.checked_sub(start).filter(|_| to <= end).ok_or_else(outside)?;
            } else if to > at {
                match &mut data {
                    Cow::Borrowed(_) => seen_records.touch(pages, records_at, at, to)?,
                    Cow::Owned(gathered) => {
                        let bytes = pages.get(records_at + at / 8..records_at + to.div_ceil(8))?;
                        at = at % 8 + append(gathered, &bytes)?;
                    }
                }
            }
            if let RowSelection::List(_) = rows {
                prefetch(&data, at + first * grouped.ids);
                prefetch(&data, at + in_block * grouped.ids + first * usual);
                prefetch(&data, at + in_block * grouped.ids + (first + 1) * usual);
            }
            let place = head.place_in_frame(row) as usize;
            self.runs.push(Run { at, rows: in_block, first, count, frame, place });
        }
        Ok((frames, data))
    }
}

/// The bytes of a map that were touched last, in whole pages: rows in order share them.
#[derive(Default)]
pub(crate) struct Touched(Range<u64>);

impl Touched {
    /// Touches bits `from` to `to` of the stream at `start`.
    pub fn touch<S: ByteSource>(&mut self, pages: &Pages<S>, start: u64, from: u64, to: u64) -> Result<()> {
        let bytes = start + from / 8..start + to.div_ceil(8);
        if bytes.start < self.0.start || bytes.end > self.0.end {
            self.0 = bytes.start / PAGE as u64 * PAGE as u64..bytes.end.next_multiple_of(PAGE as u64);
            return pages.touch(bytes);
        }
        Ok(())
    }
}

/// Bits `from` to `to` of the stream at `start`, from the byte of the first on, and room for wide loads after them.
pub(crate) fn gather<'p, S: ByteSource>(
    pages: &Pages<S>,
    start: u64,
    from: u64,
    to: u64,
) -> Result<Cow<'p, [u8]>> {
    let mut bytes = match to > from {
        true => pages.get(start + from / 8..start + to.div_ceil(8))?.into_owned(),
        false => Vec::new(),
    };
    let end = bytes.len() + SLACK as usize;
    earned::resize(&mut bytes, end, 0)?;
    Ok(Cow::Owned(bytes))
}

/// Bits of a piece of a block in order, checked, and the bit at which they begin: all of a piece that is mapped.
pub(crate) fn window<S: ByteSource>(
    pages: &Pages<S>,
    piece: Piece,
    bits: Range<u64>,
) -> Result<(Cow<'_, [u8]>, u64)> {
    let Piece { offset, length } = piece;
    if pages.source().whole().is_none() {
        return Ok((gather(pages, offset, bits.start, bits.end)?, bits.start / 8 * 8));
    }
    if !bits.is_empty() {
        pages.touch(offset + bits.start / 8..offset + bits.end.div_ceil(8))?;
    }
    Ok((pages.source().bytes(offset..offset.saturating_add(length))?, 0))
}

/// Adds bytes to those gathered, and room for wide loads after them; the bit at which they begin.
fn append(gathered: &mut Vec<u8>, bytes: &[u8]) -> Result<u64> {
    gathered.truncate(gathered.len().saturating_sub(SLACK as usize));
    let start = 8 * gathered.len() as u64;
    earned::reserve(gathered, bytes.len() + SLACK as usize)?;
    gathered.extend_from_slice(bytes);
    earned::resize(gathered, start as usize / 8 + bytes.len() + SLACK as usize, 0)?;
    Ok(start)
}

/// Asks for the memory at a bit before it is needed.
#[inline(always)]
pub(crate) fn prefetch(data: &[u8], bit: u64) {
    #[cfg(target_arch = "x86_64")]
    if let Some(byte) = data.get((bit / 8) as usize) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the byte is there; nothing is read or written.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (data, bit);
}
