//! The head of a block: its entry, parsed and checked once. No code after it reads fields of the entry.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::codec::RecordKind;
use crate::codec::block_entry::BlockEntry;
use crate::codec::piece::{Piece, PieceKind};
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Rows and pieces of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockHead {
    pub first_row: u64,
    pub rows: u64,
    /// The offset of the transform set.
    pub transforms: u64,
    pub exceptions: Piece,
    pub heap: Piece,
    pub lists: Piece,
    pub records: RecordKind,
}

impl BlockHead {
    /// Reads an entry, and checks what it says of itself.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn parse(entry: &BlockEntry) -> Result<Self> {
        let kind = entry.record_kind;
        let parse = RecordKind::parser(kind)
            .ok_or_else(|| Error::corrupt(format!("a block has the unknown record kind {kind}")))?;
        let wrong = |what: &str| Error::corrupt(format!("a block has {what}"));
        let (first_row, rows) = (entry.first_row.get(), entry.rows.get());
        if rows == 0 || entry.base_count.get() == 0 {
            return Err(wrong("no rows or no bases"));
        }
        if first_row.checked_add(rows).is_none() {
            return Err(wrong("rows beyond 2^64"));
        }
        let records = parse(entry)?;
        let records =
            records.ok_or_else(|| wrong("bit counts, places or lengths that do not fit its record kind"))?;
        Ok(Self {
            first_row,
            rows,
            transforms: entry.transforms.get(),
            exceptions: Piece { offset: entry.exceptions.get(), length: entry.exceptions_length.get() },
            heap: Piece { offset: entry.heap.get(), length: entry.heap_length.get() },
            lists: Piece { offset: entry.lists.get(), length: entry.lists_length.get() },
            records,
        })
    }

    /// The pieces of the block but its transform set, empty ones left out.
    ///
    /// # Errors
    /// `Corrupt` for a place without bytes, or bytes without a place.
    pub fn pieces(&self) -> Result<Vec<(PieceKind, Piece)>> {
        let streams = self.records.streams();
        let mut pieces: Vec<_> = streams.into_iter().map(|(kind, stream)| (kind, stream.piece)).collect();
        let others = [
            (PieceKind::Exceptions, self.exceptions),
            (PieceKind::Heap, self.heap),
            (PieceKind::Lists, self.lists),
        ];
        pieces.extend(others);
        if pieces.iter().any(|(_, piece)| (piece.offset == 0) != (piece.length == 0)) {
            return Err(Error::corrupt("a block's piece has a place and no bytes, or bytes and no place"));
        }
        pieces.retain(|(_, piece)| piece.length > 0);
        Ok(pieces)
    }

    /// Checks that the pieces are in the checksummed part of the file.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn check_places<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
        match self.pieces()?.iter().all(|(_, piece)| piece.ends_by(pages.end())) {
            true => Ok(()),
            false => Err(Error::corrupt("a piece of it lies outside the file")),
        }
    }
}
