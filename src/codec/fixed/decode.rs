//! The fields of some rows of a block in fixed records: records found, base ids read, lanes decoded one by one.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;

use crate::codec::fixed::block::FixedBlock;
use crate::codec::fixed::kernel::{Bases, Records, lane_fields};
use crate::codec::fixed::lane::Lane;
use crate::codec::fixed::records::Chunk;
use crate::codec::row_selection::RowSelection;
use crate::earned;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Memory that decoding uses again from chunk to chunk.
#[derive(Default)]
pub(crate) struct FixedFields<'p> {
    chunk: Chunk,
    ids: Vec<u32>,
    bases: Cow<'p, [u8]>,
    data: Cow<'p, [u8]>,
    often: bool,
    wants_ids: bool,
}

/// Some rows of a block, found and checked.
pub(crate) struct FixedRows<'c> {
    block: &'c FixedBlock,
    bases: Bases<'c>,
    records: Records<'c>,
    often: bool,
}

impl<'p> FixedFields<'p> {
    /// Gets ready for a block of which so many rows will be read. Base ids are read only where a wanted lane has bits in
    /// the base table.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn start<S: ByteSource>(
        &mut self,
        pages: &'p Pages<S>,
        block: &FixedBlock,
        rows: usize,
        wants_ids: bool,
    ) -> Result<()> {
        self.bases = block.bases(pages)?;
        self.often = block.meets_bases_often(rows);
        self.wants_ids = wants_ids;
        Ok(())
    }

    /// Finds the records of some rows.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn read<'c, S: ByteSource>(
        &'c mut self,
        pages: &'p Pages<S>,
        block: &'c FixedBlock,
        rows: RowSelection,
    ) -> Result<FixedRows<'c>> {
        let head = &block.head;
        self.data = self.chunk.find(pages, head, rows)?;
        let records = Records::new(&self.data, self.chunk.starts(), head.record_bits())?;
        if self.wants_ids {
            records.read_ids(head.id_bits, head.base_count, &mut self.ids)?;
        }
        let bases = Bases { bytes: &self.bases, width: head.base_bits.into(), count: head.base_count };
        Ok(FixedRows { block, bases, records: records.with_ids(&self.ids), often: self.often })
    }
}

impl FixedRows<'_> {
    /// Decodes a lane into `out`, a field a row.
    ///
    /// # Errors
    /// `Memory`.
    pub fn decode(&self, number: usize, lane: &Lane, out: &mut Vec<u64>) -> Result<()> {
        let parts = self.block.parts(number, lane, &self.bases, self.often);
        earned::resize(out, self.records.len(), 0)?;
        lane_fields(lane, &self.records, &self.bases, parts, out);
        Ok(())
    }
}
