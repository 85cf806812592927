//! The tables of a file: rows, and what is coded like them (spec, chapter 2.3).

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, Result};

/// A kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableKind(pub u16);

impl TableKind {
    /// The rows of the file.
    pub const ROWS: Self = Self(1);
    /// Condensed samples, one a row.
    pub const CONDENSED: Self = Self(2);
    /// The items of a list of another table, one a row.
    pub const ITEMS: Self = Self(3);
    /// Statistics of the rows, one row a segment and one of the file. Its schema follows from that of the rows.
    pub const STATISTICS: Self = Self(4);

    /// True if this version has it.
    pub fn is_known(self) -> bool {
        [Self::ROWS, Self::CONDENSED, Self::ITEMS, Self::STATISTICS].contains(&self)
    }
}

/// A table in the directory.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct TableEntry {
    kind: U16,
    zero: U16,
    storage_groups: U32,
    rows: U64,
    segment_rows: U64,
    segments: U64,
    parent: U32,
    node: U32,
}

impl TableEntry {
    /// A table of so many rows, in segments of `segment_rows` each, or of any if that is 0.
    pub fn new(kind: TableKind, storage_groups: u32, rows: u64, segment_rows: u64, segments: u64) -> Self {
        Self {
            kind: kind.0.into(),
            zero: 0.into(),
            storage_groups: storage_groups.into(),
            rows: rows.into(),
            segment_rows: segment_rows.into(),
            segments: segments.into(),
            parent: 0.into(),
            node: 0.into(),
        }
    }

    /// The same as the items of a list: a node of another table.
    pub fn of_list(self, parent: u32, node: u32) -> Self {
        Self { parent: parent.into(), node: node.into(), ..self }
    }

    /// The number of the table that has the list whose items these are, and the list's node in it.
    pub fn list(&self) -> Option<(u32, u32)> {
        (self.kind() == TableKind::ITEMS).then(|| (self.parent.get(), self.node.get()))
    }

    /// Its kind.
    pub fn kind(&self) -> TableKind {
        TableKind(self.kind.get())
    }

    /// Storage groups, each a block a segment.
    pub fn storage_groups(&self) -> u32 {
        self.storage_groups.get()
    }

    /// Rows.
    pub fn rows(&self) -> u64 {
        self.rows.get()
    }

    /// Rows of every segment but the last; 0 if they are cut otherwise.
    pub fn segment_rows(&self) -> u64 {
        self.segment_rows.get()
    }

    /// Segments.
    pub fn segments(&self) -> u64 {
        self.segments.get()
    }

    /// Entries of its block table, if they can be counted.
    pub fn blocks(&self) -> Option<u64> {
        self.segments().checked_mul(self.storage_groups().into())
    }

    /// Checks its numbers; with `is_strict`, reserved bytes too.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn check(&self, is_strict: bool) -> Result<()> {
        let bad = |what: &str| Err(Error::corrupt(format!("directory: {what}")));
        if self.storage_groups() == 0 {
            return bad("a table has no storage groups");
        }
        let (rows, per) = (self.rows(), self.segment_rows());
        let is_regular = per == 0 || rows.div_ceil(per) == self.segments();
        if (rows == 0) != (self.segments() == 0) || !is_regular {
            return bad("the number of rows does not fit the number of segments");
        }
        let is_alone = self.list().is_some() || (self.parent.get(), self.node.get()) == (0, 0);
        if is_strict && (self.zero.get() != 0 || !is_alone) {
            return bad("reserved bytes of a table are not zero");
        }
        Ok(())
    }
}
