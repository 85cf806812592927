//! The blocks of one segment, decoded from memory as a reader decodes them from a file.

use std::borrow::Cow;
use std::ops::Range;

use zerocopy::IntoBytes;

use crate::codec::block_entry::BlockEntry;
use crate::codec::context::Context;
use crate::codec::row_selection::RowSelection;
use crate::codec::strings::dictionaries::Dictionaries;
use crate::codec::strings::dictionary_entry::DictionaryEntry;
use crate::column::values::{Batch, Values};
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::align;
use crate::format::header::HEADER;
use crate::format::pages::Pages;
use crate::format::schema::Schema;
use crate::format::sections::{Section, SectionKind};
use crate::format::tables::{TableEntry, TableKind};
use crate::read::lists::ListColumn;
use crate::read::projection::Projection;
use crate::read::table::TableView;

/// Pieces of a file that is not written yet, each at its own offset.
pub(crate) struct Pieces<'a> {
    /// Offset and bytes, in ascending order of the offsets.
    pieces: Vec<(u64, Cow<'a, [u8]>)>,
    end: u64,
}

impl<'a> Pieces<'a> {
    /// No pieces. The first one follows the place of a header, since offset 0 stands for an empty piece.
    pub fn new() -> Self {
        Self { pieces: Vec::new(), end: HEADER }
    }

    /// Adds a piece and returns its offset: 0 for an empty one.
    pub fn add(&mut self, bytes: impl Into<Cow<'a, [u8]>>) -> u64 {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return 0;
        }
        let offset = self.end;
        self.end = align(offset + bytes.len() as u64);
        self.pieces.push((offset, bytes));
        offset
    }
}

impl Pieces<'_> {
    /// Adds a section that lists entries.
    fn section(&mut self, kind: SectionKind, bytes: &[u8]) -> Section {
        let section = Section::new(kind, 0, self.add(bytes.to_vec()));
        Section { length: bytes.len() as u64, ..section }
    }
}

impl ByteSource for Pieces<'_> {
    fn length(&self) -> u64 {
        self.end
    }

    fn bytes(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        if range.is_empty() {
            return Ok(Cow::Borrowed(&[]));
        }
        let number = self.pieces.partition_point(|(offset, _)| *offset <= range.start);
        let piece = number.checked_sub(1).and_then(|n| self.pieces.get(n));
        let within = piece.and_then(|(offset, bytes)| {
            bytes.get((range.start - offset) as usize..(range.end - offset) as usize)
        });
        let outside = || Error::corrupt(format!("bytes {} to {} lie in no piece", range.start, range.end));
        within.map(Cow::Borrowed).ok_or_else(outside)
    }
}

/// One segment of a table, a block for each storage group.
pub(crate) struct SegmentReader<'a> {
    pages: Pages<Pieces<'a>>,
    table: TableView,
    dictionaries: Dictionaries,
}

impl<'a> SegmentReader<'a> {
    /// Reads blocks and dictionaries whose entries name places in `pieces`.
    pub fn new(
        schema: &Schema,
        mut pieces: Pieces<'a>,
        blocks: &[BlockEntry],
        dictionaries: &[DictionaryEntry],
    ) -> Self {
        let rows = blocks.first().map_or(0, |block| block.rows.get());
        let dictionary_table = pieces.section(SectionKind::DICTIONARY_TABLE, dictionaries.as_bytes());
        let block_table = pieces.section(SectionKind::BLOCK_TABLE, blocks.as_bytes());
        let table = TableEntry::new(TableKind::ROWS, schema.groups(), rows, rows, 1);
        let end = pieces.end;
        Self {
            pages: Pages::new(pieces, end, &[], false),
            table: TableView::new(schema.clone(), &table, Some(&block_table)),
            dictionaries: Dictionaries::new(Some(&dictionary_table), end),
        }
    }

    fn context(&self) -> Context<'_, Pieces<'a>> {
        Context { pages: &self.pages, dictionaries: &self.dictionaries }
    }

    /// Decodes rows of the segment, lists without their items: where these are, in the order of the projection.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn rows(
        &self,
        rows: Range<usize>,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<Vec<ListColumn>> {
        let stored = RowSelection::Range(rows.start as u64, rows.len());
        self.table.take_own(self.context(), stored, None, projection, out)
    }

    /// Decodes the strings of a dictionary.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn dictionary(&self, number: u32) -> Result<Values> {
        self.dictionaries.strings(&self.pages, number)?.values()
    }

    /// Decodes the cosine coefficients of an image of a storage group.
    ///
    /// # Errors
    /// `Corrupt`, also for a block that has none.
    pub fn coefficients(&self, group: u32, row: usize, out: &mut [i32]) -> Result<()> {
        self.table.image_block(&self.pages, 0, group)?.coefficients(&self.pages, row as u64, out)
    }
}
