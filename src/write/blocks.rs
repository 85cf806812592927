//! The blocks of a table that is written.

use crate::codec::block_entry::BlockEntry;
use crate::format::schema::Schema;
use crate::format::tables::{TableEntry, TableKind};

/// The blocks of one table, and those of the items of its lists.
#[derive(Default)]
pub(crate) struct Blocks {
    /// Segment by segment, storage group by storage group.
    pub entries: Vec<BlockEntry>,
    /// Rows of each segment.
    pub segments: Vec<u64>,
    pub rows: u64,
    /// For each storage group the transform set written last, and where it is: tables share no pieces.
    pub transforms: Vec<(Vec<u8>, u64)>,
    /// One a list, in the order of their nodes.
    pub items: Vec<Blocks>,
}

impl Blocks {
    /// No blocks of a table of this schema.
    pub fn new(schema: &Schema) -> Self {
        Self { items: schema.lists().map(|(_, items)| Self::new(items)).collect(), ..Self::default() }
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of segments so far.
    pub fn segments(&self) -> u64 {
        self.segments.len() as u64
    }

    /// Their entry in the directory.
    pub fn table(&self, kind: TableKind, groups: u32) -> TableEntry {
        TableEntry::new(kind, groups, self.rows, self.regular(), self.segments())
    }

    /// Rows a segment, if all but the last have as many and the last no more; else 0.
    fn regular(&self) -> u64 {
        match self.segments.split_last() {
            Some((&last, others)) => {
                let first = others.first().copied().unwrap_or(last);
                if others.iter().all(|&rows| rows == first) && last <= first { first } else { 0 }
            }
            None => 0,
        }
    }
}
