//! The head of a block of grouped records: where frames and mini-blocks are.

use crate::bits::SLACK;
use crate::codec::block_entry::{BlockEntry, PIXELS};
use crate::codec::grouped::layout::{FRAME_SHIFTS, MINI_BLOCK};
use crate::codec::kind::RecordHead;
use crate::codec::piece::{PieceKind, RecordUsage, Stream};
use crate::error::Result;
use crate::format::features::Feature;

/// Widest anchor, so that one load has it.
const MAX_ANCHOR_BITS: u32 = 57;

/// Bit counts and streams of grouped records.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GroupedHead {
    pub layout: Stream,
    /// The base tables, group after group.
    pub bases: Stream,
    pub records: Stream,
    /// The anchors of mini-blocks and the minima of lanes, frame after frame.
    pub frames: Stream,
    pub rows: u64,
    /// Bases of all groups.
    pub base_count: u64,
    /// Bits of all base tables, of a row's base ids, of an anchor, and of the minima of a frame.
    pub base_bits: u32,
    pub id_bits: u32,
    pub anchor_bits: u32,
    pub minima_bits: u32,
    /// Bits of a row's fields.
    pub total_bits: u32,
    /// The logarithm of the rows of a frame.
    frame_shift: u32,
}

impl RecordHead for GroupedHead {
    const NUMBER: u8 = 3;
    const FEATURES: &'static [Feature] = &[Feature::required(2, "grouped records")];
    const PACKS: bool = true;

    /// The entry's base bits are those of all base tables, its deviation bits those of a row's base ids, its constant bits
    /// those of the layout, its id bits those of an anchor.
    fn parse(entry: &BlockEntry) -> Result<Option<Self>> {
        let (length, anchor_bits) = (entry.records_length.get(), u32::from(entry.id_bits));
        let fits = anchor_bits <= MAX_ANCHOR_BITS
            && entry.image_transform == PIXELS
            && entry.constant_bits.get() % 8 == 0
            && (length == 0 || length > SLACK)
            && FRAME_SHIFTS.contains(&entry.frame_shift);
        if !fits {
            return Ok(None);
        }
        let mut head = Self {
            layout: Stream::new(entry.layout.get(), entry.constant_bits.get().into())?,
            bases: Stream::new(entry.bases.get(), entry.base_bits.get().into())?,
            records: Stream::new(entry.records.get(), 8 * u128::from(length.saturating_sub(SLACK)))?,
            frames: Stream::default(),
            rows: entry.rows.get(),
            base_count: entry.base_count.get(),
            base_bits: entry.base_bits.get(),
            id_bits: entry.deviation_bits.get(),
            anchor_bits,
            minima_bits: entry.frame_bits.get(),
            total_bits: entry.total_bits.get(),
            frame_shift: entry.frame_shift.into(),
        };
        let bits = u128::from(head.rows.div_ceil(head.frame_rows())) * u128::from(head.frame_bits());
        head.frames = Stream::new(entry.offsets.get(), bits)?;
        Ok(Some(head))
    }

    fn streams(&self) -> Vec<(PieceKind, Stream)> {
        use PieceKind::{Bases, Layout, Offsets, Records};
        vec![(Layout, self.layout), (Bases, self.bases), (Records, self.records), (Offsets, self.frames)]
    }

    fn records(&self) -> Stream {
        self.records
    }

    fn usage(&self, _: u32) -> RecordUsage {
        RecordUsage {
            bases: self.base_count,
            packed_bits: u128::from(self.rows) * u128::from(self.total_bits),
            paper_bits: self.records.bits + u128::from(self.base_bits),
        }
    }
}

impl GroupedHead {
    /// Bytes of the records, without the zero bytes after them.
    pub fn record_bytes(&self) -> u64 {
        self.records.piece.length.saturating_sub(SLACK)
    }

    /// Rows of a frame.
    #[inline(always)]
    pub fn frame_rows(&self) -> u64 {
        1 << self.frame_shift
    }

    /// The frame of a row.
    #[inline(always)]
    pub fn frame_of(&self, row: u64) -> u64 {
        row >> self.frame_shift
    }

    /// The place of a row in its frame.
    #[inline(always)]
    pub fn place_in_frame(&self, row: u64) -> u64 {
        row & (self.frame_rows() - 1)
    }

    /// Bits of a frame: the anchors of its mini-blocks, then the minima of its lanes.
    #[inline(always)]
    pub fn frame_bits(&self) -> u64 {
        self.frame_rows() / MINI_BLOCK * u64::from(self.anchor_bits) + u64::from(self.minima_bits)
    }

    /// The bit in its frame at which the anchor of the mini-block that holds a row is.
    #[inline(always)]
    pub fn anchor_within(&self, row: u64) -> u64 {
        self.place_in_frame(row) / MINI_BLOCK * u64::from(self.anchor_bits)
    }
}
