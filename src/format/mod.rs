//! The file's bytes: fixed structures, bit streams, checksums (spec/gede.md). No files, no maths.

pub(crate) mod bits;
mod block;
mod cells;
mod checksum;
mod coreset;
mod directory;
mod frame;
mod grouped;
mod image_errors;
mod moments;
mod symbols;

pub(crate) use bits::SLACK;
pub(crate) use block::{
    BlockEntry, DCT, DictionaryEntry, DictionaryKind, FIXED_RECORDS, GROUPED_RECORDS, LaneTransform, PIXELS,
    Piece, TILE_RECORDS, TransformKind, id_bits,
};
pub use cells::MAX_CELLS;
pub(crate) use cells::{CellBitEntry, CellFeature, CellTarget, CellsSection};
pub(crate) use checksum::{Levels, PAGE, PageSums, crc};
pub(crate) use coreset::CoresetSection;
pub(crate) use directory::{Directory, Feature, Head, Section, SectionKind, TAIL};
pub(crate) use frame::{FOOTER, Footer, HEADER, Header};
pub(crate) use grouped::{
    AnchorLine, GroupEntry, GroupedLane, GroupedLayout, MAX_ENTRIES, MAX_GROUPED_LANES, MINI_BLOCK,
    WIDTH_BITS,
};

pub(crate) use image_errors::{image_errors_bytes, read_image_errors};
pub(crate) use moments::MomentsSection;
pub(crate) use symbols::{ESCAPE, MAX_SYMBOL, MAX_SYMBOLS, SymbolTable};

/// Every piece of a file starts at a multiple of this.
pub(crate) const ALIGN: u64 = 64;

/// The major and minor version that this crate writes.
pub const VERSION: (u16, u16) = (1, 0);

/// "None" in a u32 field.
pub(crate) const NONE: u32 = u32::MAX;

/// `offset` rounded up to the next piece's place.
pub(crate) fn align(offset: u64) -> u64 {
    offset.saturating_add(ALIGN - 1) / ALIGN * ALIGN
}
