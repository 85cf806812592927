//! Chunked records as the records of a table.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::fmt;
use std::sync::Arc;

use zstd::zstd_safe::DCtx;

use crate::bits::mask;
use crate::codec::block_entry::BlockEntry;
use crate::codec::chunks::CHUNK_BYTES;
use crate::codec::chunks::cut::{align, record_bytes, whole};
use crate::codec::chunks::frames::FrameDictionary;
use crate::codec::chunks::head::ChunksHead;
use crate::codec::chunks::trained::plain;
use crate::codec::context::Context;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::fixed::lane::Lane;
use crate::codec::kind::{LaneFields, RecordHead, TableRecords};
use crate::codec::lanes::Lanes;
use crate::codec::record_parts::{GroupPart, LanePart, RecordParts};
use crate::codec::row_selection::RowSelection;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Rows that a block has at least: fewer have too little to find in each other.
const LEAST_ROWS: usize = 256;

/// Chunked records of a table: for each lane its byte in a record, and its width.
pub(crate) struct Chunks {
    head: ChunksHead,
    lanes: Vec<(u64, u32)>,
    dictionary: Option<Arc<FrameDictionary>>,
}

/// Memory of a decoder: a chunk, and the fields of the wanted lanes of some rows.
#[derive(Default)]
pub(crate) struct ChunkFields {
    decompressor: Option<DCtx<'static>>,
    /// The chunk at hand, and its fields.
    /// By the place of the block's records and its number there.
    at_hand: Option<(u64, u64)>,
    chunk: Vec<u8>,
    wanted: Vec<bool>,
    fields: Vec<Vec<u64>>,
}

impl fmt::Debug for ChunkFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkFields").field("at_hand", &self.at_hand).finish_non_exhaustive()
    }
}

/// True if lanes may be chunked.
pub(crate) fn is_chunked(lanes: &Lanes) -> bool {
    let is_short = (1..=CHUNK_BYTES / 16).contains(&record_bytes(&lanes.lanes));
    lanes.coding().is_chunked() && lanes.rows() >= LEAST_ROWS && is_short
}

fn corrupt(what: &str) -> Error {
    Error::corrupt(format!("chunked records: {what}"))
}

impl TableRecords for Chunks {
    type Head = ChunksHead;
    type Fields<'p> = ChunkFields;
    type Rows<'c> = &'c mut ChunkFields;

    const CHUNK: usize = 2048;

    // A single row costs the whole of its chunk.
    const PRICE: Option<u64> = Some(125);

    fn takes(lanes: &Lanes) -> bool {
        is_chunked(lanes)
    }

    fn encode(mut lanes: Lanes, _: usize) -> Option<EncodedBlock> {
        align(&mut lanes.lanes);
        let trained = lanes.trained();
        let trained = trained.and_then(|trained| Some((trained.number + 1, trained.short(&lanes.lanes)?)));
        let (dictionary, cut) = trained.unwrap_or_else(|| (0, plain(&lanes.lanes)));
        let entry = BlockEntry {
            rows: (lanes.rows() as u64).into(),
            base_count: 1.into(),
            total_bits: lanes.lanes.iter().map(|lane| u32::from(lane.transform.width)).sum::<u32>().into(),
            deviation_bits: (8 * record_bytes(&lanes.lanes) as u32).into(),
            constant_bits: dictionary.into(),
            record_kind: ChunksHead::NUMBER,
            frame_shift: cut.shift as u8,
            records_length: (cut.records.len() as u64).into(),
            ..BlockEntry::default()
        };
        let records = EncodedBlock { records: cut.records, offsets: cut.ends, ..EncodedBlock::new(entry) };
        Some(lanes.around(records))
    }

    fn read<S: ByteSource>(
        context: Context<S>,
        head: ChunksHead,
        transforms: &[LaneTransform],
        limits: &[u64],
        _: Option<Vec<u8>>,
    ) -> Result<(Self, Vec<Lane>)> {
        let mut lanes = earned::with_room(transforms.len())?;
        let mut own = earned::with_room(transforms.len())?;
        let (mut at, mut total) = (0, 0);
        for (t, &most) in transforms.iter().zip(limits) {
            lanes.push(Lane { deviation_mask: mask(t.width.into()), ..Lane::new(t, most)? });
            own.push((at, u32::from(t.width)));
            at += whole(t.width);
            total += u64::from(t.width);
        }
        if (8 * at, total) != (head.record_bits.into(), head.total_bits.into()) {
            return Err(Error::corrupt("a block's lanes do not fit its bit counts"));
        }
        let dictionary = |number| context.dictionaries.frames(context.pages, number);
        let dictionary = head.dictionary.map(dictionary).transpose()?;
        Ok((Self { head, lanes: own, dictionary }, lanes))
    }

    fn is_constant(&self) -> bool {
        false
    }

    fn varies(&self, _: &[Lane], number: usize) -> bool {
        self.lanes.get(number).is_none_or(|&(_, width)| width > 0)
    }

    /// Every chunk has the bytes of its rows, and they end where the records do.
    fn check<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
        let mut fields = ChunkFields::default();
        let mut before = 0;
        for chunk in 0..self.head.chunks() {
            let range = self.place(pages, chunk)?;
            if range.0 != before {
                return Err(corrupt("their ends are out of order"));
            }
            before = range.1;
            self.load(&mut fields, pages, chunk)?;
        }
        match u128::from(before) * 8 == self.head.records.bits {
            true => Ok(()),
            false => Err(corrupt("the last chunk does not end where the records do")),
        }
    }

    fn parts<S: ByteSource>(&self, _: &Pages<S>, _: &[Lane]) -> Result<RecordParts> {
        let all = self.head.records.bits + self.head.ends.bits;
        let share = |width: u32| all * u128::from(whole(width as u8)) / u128::from(self.head.record_bytes());
        let lane = |(lane, &(_, width)): (usize, &(u64, u32))| LanePart {
            lane,
            deviations: share(width),
            bases: 0,
            minima: 0,
        };
        let lanes = self.lanes.iter().enumerate().map(lane).collect();
        Ok(RecordParts { groups: vec![GroupPart { lanes, bases: 1, ids: 0 }], anchors: 0 })
    }

    fn start<S: ByteSource>(
        &self,
        fields: &mut ChunkFields,
        _: &Pages<S>,
        _: &[Lane],
        wanted: impl Iterator<Item = usize>,
        _: usize,
    ) -> Result<()> {
        fields.wanted.clear();
        earned::resize(&mut fields.wanted, self.lanes.len(), false)?;
        fields.fields.resize_with(self.lanes.len(), Vec::new);
        wanted.for_each(|lane| fields.wanted[lane] = true);
        Ok(())
    }

    fn rows<'c, S: ByteSource>(
        &'c self,
        fields: &'c mut ChunkFields,
        pages: &Pages<S>,
        rows: RowSelection,
    ) -> Result<&'c mut ChunkFields> {
        for lane in &mut fields.fields {
            lane.clear();
            earned::reserve(lane, rows.len())?;
        }
        let mut from = 0;
        while from < rows.len() {
            let chunk = rows.row(from) >> self.head.shift;
            if chunk >= self.head.chunks() {
                return Err(corrupt("a row lies outside"));
            }
            let first = chunk << self.head.shift;
            let is_own = |i: &usize| rows.row(*i).wrapping_sub(first) < self.head.rows_of(chunk);
            let to = match rows {
                RowSelection::Range(row, count) => {
                    from + ((count - from) as u64).min(self.head.rows_of(chunk) - (row + from as u64 - first))
                        as usize
                }
                RowSelection::List(_) => from + (from..rows.len()).take_while(is_own).count(),
            };
            if fields.at_hand != Some(self.key(chunk)) {
                self.load(fields, pages, chunk)?;
            }
            self.gather(fields, chunk, rows.slice(from, to))?;
            from = to;
        }
        Ok(fields)
    }
}

impl Chunks {
    /// A chunk among those of all blocks.
    fn key(&self, chunk: u64) -> (u64, u64) {
        (self.head.records.piece.offset, chunk)
    }

    /// Where a chunk's bytes begin and end in the records.
    fn place<S: ByteSource>(&self, pages: &Pages<S>, chunk: u64) -> Result<(u64, u64)> {
        let at = self.head.ends.piece.offset + 4 * chunk;
        let bytes = pages.piece(at, 4)?;
        let end = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |end, &byte| end << 8 | u64::from(byte));
        let last = end(&bytes);
        let first = if chunk == 0 { 0 } else { end(&pages.piece(at - 4, 4)?) };
        let raw = self.head.rows_of(chunk) * self.head.record_bytes();
        let is_within = first < last && last - first <= raw && 8 * u128::from(last) <= self.head.records.bits;
        if is_within { Ok((first, last)) } else { Err(corrupt("a chunk lies outside")) }
    }

    /// Decompresses a chunk. Its bytes are those of its rows, whatever the frame claims.
    fn load<S: ByteSource>(&self, fields: &mut ChunkFields, pages: &Pages<S>, chunk: u64) -> Result<()> {
        let (first, last) = self.place(pages, chunk)?;
        let raw = (self.head.rows_of(chunk) * self.head.record_bytes()) as usize;
        fields.at_hand = None;
        fields.chunk.clear();
        earned::resize(&mut fields.chunk, raw, 0)?;
        let bytes = pages.piece(self.head.records.piece.offset + first, last - first)?;
        if bytes.len() == raw {
            fields.chunk.copy_from_slice(&bytes);
        } else {
            let decompressor = match &mut fields.decompressor {
                Some(decompressor) => decompressor,
                none => none.insert(DCtx::try_create().ok_or_else(|| Error::memory("cannot start zstd"))?),
            };
            let out = &mut fields.chunk[..];
            let found = match &self.dictionary {
                Some(dictionary) => decompressor.decompress_using_ddict(out, &bytes, dictionary.own()),
                None => decompressor.decompress(out, &bytes),
            };
            if found.ok() != Some(raw) {
                return Err(corrupt("a chunk does not hold its rows"));
            }
        }
        fields.at_hand = Some(self.key(chunk));
        Ok(())
    }

    /// Appends the fields of some rows of the chunk at hand.
    fn gather(&self, fields: &mut ChunkFields, chunk: u64, rows: RowSelection) -> Result<()> {
        let (first, count) = (chunk << self.head.shift, self.head.rows_of(chunk));
        for ((&(at, width), out), _) in
            self.lanes.iter().zip(&mut fields.fields).zip(&fields.wanted).filter(|(_, wanted)| **wanted)
        {
            let bytes = whole(width as u8) as usize;
            let start = (at * count) as usize;
            let lane = &fields.chunk[start..start + bytes * count as usize];
            let from = out.len();
            match bytes {
                1 => gather_lane::<1>(lane, first, rows, out),
                2 => gather_lane::<2>(lane, first, rows, out),
                3 => gather_lane::<3>(lane, first, rows, out),
                4 => gather_lane::<4>(lane, first, rows, out),
                5 => gather_lane::<5>(lane, first, rows, out),
                6 => gather_lane::<6>(lane, first, rows, out),
                7 => gather_lane::<7>(lane, first, rows, out),
                8 => gather_lane::<8>(lane, first, rows, out),
                _ => out.extend(std::iter::repeat_n(0, rows.len())), // no bytes: every field is 0
            }
            let used = out[from..].iter().fold(0, |all, field| all | field);
            if used & !mask(width) != 0 {
                return Err(corrupt("a field is wider than its lane"));
            }
        }
        Ok(())
    }
}

/// Appends the fields of some rows, `N` bytes each; `first` is the row of the first of all.
fn gather_lane<const N: usize>(lane: &[u8], first: u64, rows: RowSelection, out: &mut Vec<u64>) {
    let field = |bytes: &[u8; N]| {
        let mut eight = [0; 8];
        eight[..N].copy_from_slice(bytes);
        u64::from_le_bytes(eight)
    };
    let (all, _) = lane.as_chunks::<N>();
    match rows {
        RowSelection::Range(row, count) => {
            let from = (row - first) as usize;
            out.extend(all[from..from + count].iter().map(field));
        }
        RowSelection::List(rows) => out.extend(rows.iter().map(|&row| field(&all[(row - first) as usize]))),
    }
}

impl LaneFields for &mut ChunkFields {
    fn lane(&mut self, number: usize, _: &Lane, out: &mut Vec<u64>) -> Result<()> {
        std::mem::swap(&mut self.fields[number], out);
        Ok(())
    }
}
