//! Pieces of blocks: ranges of bytes in the blocks section.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;

use crate::bits::{SLACK, stream_len};
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// A piece of a block. An empty one has no place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub offset: u64,
    pub length: u64,
}

impl Piece {
    /// The bytes, whose checksums are checked.
    pub fn read<'p, S: ByteSource>(&self, pages: &'p Pages<S>) -> Result<Cow<'p, [u8]>> {
        pages.piece(self.offset, self.length)
    }

    /// True if the piece ends at or before a byte.
    pub fn ends_by(&self, end: u64) -> bool {
        self.offset.checked_add(self.length).is_some_and(|own| own <= end)
    }
}

/// A piece that is a stream of bits, with zero bytes after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stream {
    pub piece: Piece,
    pub bits: u128,
}

impl Stream {
    /// The stream of so many bits at an offset.
    ///
    /// # Errors
    /// `Corrupt` for more bits than a file can have.
    pub fn new(offset: u64, bits: u128) -> Result<Self> {
        let length = stream_len(bits);
        let length = length.ok_or_else(|| Error::corrupt("a block's streams are longer than any file"))?;
        Ok(Self { piece: Piece { offset, length }, bits })
    }
}

impl Stream {
    /// A copy of the bytes without the zero bytes after them. Copied before they are checked: a map may change meanwhile.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    pub fn without_slack<S: ByteSource>(&self, pages: &Pages<S>) -> Result<Vec<u8>> {
        let Piece { offset, length } = self.piece;
        Ok(pages.piece(offset, length.saturating_sub(SLACK))?.into_owned())
    }
}

/// The use of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PieceKind {
    Layout,
    Bases,
    Records,
    Exceptions,
    Heap,
    Offsets,
    Lists,
}

/// Sizes of the records of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordUsage {
    /// Bases of all base tables.
    pub bases: u64,
    /// Bits of the rows' fields in the widths of their lanes, without bases.
    pub packed_bits: u128,
    /// Bits of records and base tables: equation 1 of the paper, without its parameters.
    pub paper_bits: u128,
}
