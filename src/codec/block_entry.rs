//! Block entries as a file stores them (spec, chapter 4). `BlockHead` is what code works with.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

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
    /// The number of a [`RecordHead`](crate::codec::kind::RecordHead).
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
    /// Where the items of lists are.
    pub lists: U64,
    pub lists_length: U64,
}

/// Image transform: lanes are values of pixels.
pub const PIXELS: u8 = 0;
/// Image transform: lanes are coefficients of the discrete cosine transform.
pub const DCT: u8 = 1;

impl BlockEntry {
    /// Bytes of an entry.
    pub const SIZE: u64 = 144;
}
