//! Fixed structures of blocks: block entries, lane transforms, dictionary entries (spec, section 4).

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::bits::{SLACK, id_bits, stream_len};
use crate::codec::grouped::layout::FRAME_SHIFTS;
use crate::error::{Error, Result};
use crate::files::byte_source::Source;
use crate::format::pages::Pages;

/// Where a block's pieces are and how its records are cut.
#[derive(Clone, Copy, Default, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct BlockEntry {
    pub first_row: U64,
    pub rows: U64,
    pub transforms: U64,
    pub layout: U64,
    pub bases: U64,
    pub records: U64,
    pub exceptions: U64,
    pub exceptions_length: U64,
    pub heap: U64,
    pub heap_length: U64,
    pub base_count: U64,
    pub total_bits: U32,
    pub base_bits: U32,
    pub deviation_bits: U32,
    pub constant_bits: U32,
    pub record_kind: u8,
    pub id_bits: u8,
    /// Content of the lanes of images: `PIXELS` or `DCT`.
    pub image_transform: u8,
    /// Grouped records: a frame has 2^shift rows.
    pub frame_shift: u8,
    /// Grouped records: bits of the minima of a frame.
    pub frame_bits: U32,
    /// Tile records: where each begins. Grouped records: the frames.
    pub offsets: U64,
    /// Tile and grouped records: bytes of them all, and the zero bytes after them.
    pub records_length: U64,
}

/// Record kind: as many bits a row, base id and deviation.
pub const FIXED_RECORDS: u8 = 1;
/// Record kind: images as tiles of residuals, each as wide as its base says.
pub const TILE_RECORDS: u8 = 2;
/// Record kind: a base for each code group of lanes, and deviations as wide as the bases say. The entry's base bits are
/// those of all base tables, its deviation bits those of a row's base ids, its constant bits those of the layout, its
/// id bits those of an anchor.
pub const GROUPED_RECORDS: u8 = 3;

/// Bytes of the layout of tile records before their bases.
pub const TILE_HEAD: u128 = 16;

/// Image transform: lanes are values of pixels.
pub const PIXELS: u8 = 0;
/// Image transform: lanes are coefficients of the discrete cosine transform.
pub const DCT: u8 = 1;

impl BlockEntry {
    /// Bytes of an entry.
    pub const SIZE: u64 = 128;

    /// Bits of a record.
    pub fn record_bits(&self) -> u64 {
        u64::from(self.id_bits) + u64::from(self.deviation_bits.get())
    }

    /// Bits of the layout, the base table, the records and the offsets.
    pub fn stream_bits(&self) -> [u128; 4] {
        let rows = u128::from(self.rows.get());
        let bases = u128::from(self.base_count.get()) * u128::from(self.base_bits.get());
        if self.record_kind == TILE_RECORDS {
            let records = 8 * u128::from(self.records_length.get().saturating_sub(SLACK));
            return [8 * TILE_HEAD + bases, 0, records, (rows + 1) * u128::from(self.offset_bits())];
        }
        if self.record_kind == GROUPED_RECORDS {
            let frames = rows.div_ceil(self.frame_rows().into()) * u128::from(self.frame_entry_bits());
            let (layout, bases) = (self.constant_bits.get().into(), self.base_bits.get().into());
            return [layout, bases, 8 * u128::from(self.records_length.get().saturating_sub(SLACK)), frames];
        }
        [2 * u128::from(self.total_bits.get()), bases, rows * u128::from(self.record_bits()), 0]
    }

    /// Bytes of these streams.
    pub fn stream_lengths(&self) -> Option<[u64; 4]> {
        let [layout, bases, records, offsets] = self.stream_bits();
        Some([stream_len(layout)?, stream_len(bases)?, stream_len(records)?, stream_len(offsets)?])
    }

    /// Bits of an offset into tile records.
    pub fn offset_bits(&self) -> u32 {
        64 - self.records_length.get().leading_zeros()
    }

    /// The pieces of the block but its transform set: offset and length, empty ones left out.
    pub fn pieces(&self) -> Result<Vec<(Piece, u64, u64)>> {
        let [layout, bases, records, offsets] = self
            .stream_lengths()
            .ok_or_else(|| Error::corrupt("a block's streams are longer than any file"))?;
        let pieces = [
            (Piece::Layout, self.layout.get(), layout),
            (Piece::Bases, self.bases.get(), bases),
            (Piece::Records, self.records.get(), records),
            (Piece::Exceptions, self.exceptions.get(), self.exceptions_length.get()),
            (Piece::Heap, self.heap.get(), self.heap_length.get()),
            (Piece::Offsets, self.offsets.get(), offsets),
        ];
        if pieces.iter().any(|&(_, offset, length)| (offset == 0) != (length == 0)) {
            return Err(Error::corrupt("a block's piece has a place and no bytes, or bytes and no place"));
        }
        Ok(pieces.into_iter().filter(|&(_, _, length)| length > 0).collect())
    }

    /// Checks what the entry says of itself.
    pub fn check(&self) -> Result<()> {
        let bits = |b: U32| u64::from(b.get());
        let sum = bits(self.base_bits) + bits(self.deviation_bits) + bits(self.constant_bits);
        let length = self.records_length.get();
        let (ids, frames) = (self.id_bits, (self.frame_shift, self.frame_bits.get()));
        let sums = sum == bits(self.total_bits);
        // Bit counts, base ids, image transform, length of the records, frames.
        let fits = match self.record_kind {
            FIXED_RECORDS => {
                let ids_fit = u32::from(ids) == id_bits(self.base_count.get());
                sums && ids_fit && self.image_transform <= DCT && length == 0 && frames == (0, 0)
            }
            TILE_RECORDS => {
                sums && ids == 0 && self.image_transform == PIXELS && length > SLACK && frames == (0, 0)
            }
            GROUPED_RECORDS => {
                let shift = FRAME_SHIFTS.contains(&self.frame_shift);
                ids <= 57 && self.image_transform == PIXELS && (length == 0 || length > SLACK) && shift
            }
            kind => return Err(Error::corrupt(format!("a block has the unknown record kind {kind}"))),
        };
        let wrong = if self.rows.get() == 0 || self.base_count.get() == 0 {
            "no rows or no bases"
        } else if self.first_row.get().checked_add(self.rows.get()).is_none() {
            "rows beyond 2^64"
        } else if !fits {
            "bit counts or lengths that do not fit its record kind"
        } else {
            return Ok(());
        };
        Err(Error::corrupt(format!("a block has {wrong}")))
    }
}

/// A piece of a block's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    Layout,
    Bases,
    Records,
    Exceptions,
    Heap,
    Offsets,
}

/// The bytes of a block's streams.
pub(crate) fn stream_lengths(entry: &BlockEntry) -> Result<[u64; 4]> {
    entry.stream_lengths().ok_or_else(|| Error::corrupt("a block's streams are longer than any file"))
}

/// Checks an entry, and that its pieces are in the checksummed part of the file.
pub(crate) fn check_places<S: Source>(pages: &Pages<S>, entry: &BlockEntry) -> Result<()> {
    entry.check()?;
    let outside =
        |&(_, offset, length): &(_, u64, u64)| offset.checked_add(length).is_none_or(|e| e > pages.end());
    match entry.pieces()?.iter().any(outside) {
        true => Err(Error::corrupt("a piece of it lies outside the file")),
        false => Ok(()),
    }
}
