//! Small parts at the end of a file that are written again with the rows that follow: so that a file to which few rows are
//! appended again and again has few parts.

use std::ops::Range;

use crate::codec::block_entry::BlockEntry;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::schema::Schema;
use crate::format::sections::SectionKind;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::write::segments::SEGMENT_ROWS;
use crate::write::table::{Batches, Table};

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 14;

/// The parts at the end of a file that are written again.
pub(crate) struct TakenOver {
    /// The offset of the blocks of the first of them, or the file's end.
    pub start: u64,
    /// Segments before them.
    pub segments: u64,
    /// Their rows.
    pub rows: Range<u64>,
}

impl TakenOver {
    /// The parts at the end of a file of which each has no more rows than all that follow it, `new` ones among them, as long
    /// as all are no more than a segment has.
    pub fn choose<S: ByteSource>(reader: &Reader<S>, new: u64) -> Result<Self> {
        let rows = reader.rows();
        let mut taken = Self { start: reader.file_length(), segments: reader.segments(), rows: rows..rows };
        // Blocks of rows without lanes have no pieces, which would say what part they are of.
        if reader.table.all().iter().any(|table| table.schema.lanes() == 0) {
            return Ok(taken);
        }
        let parts = reader.directory.sections.iter();
        let parts = parts.filter(|s| (s.kind, s.number) == (SectionKind::BLOCKS, 0)).map(|s| s.offset);
        for start in parts.collect::<Vec<_>>().into_iter().rev() {
            let (mut segments, mut first) = (taken.segments, taken.rows.start);
            while segments > 0 && Self::begins(reader, segments - 1)? >= start {
                segments -= 1;
                first = reader.segment_range(segments)?.start;
            }
            let (own, later) = (taken.rows.start - first, rows - taken.rows.start + new);
            if own > later || own.saturating_add(later) > SEGMENT_ROWS as u64 {
                break;
            }
            taken = Self { start, segments, rows: first..rows };
        }
        Ok(taken)
    }

    /// The place of the blocks of a segment, about: a storage group may have none.
    fn begins<S: ByteSource>(reader: &Reader<S>, segment: u64) -> Result<u64> {
        let mut place = 0;
        for group in 0..reader.schema().groups() {
            let entry = reader.table.group_entry(&reader.pages, segment, group)?;
            place = first_piece(&entry).map_or(place, |own| place.max(own));
        }
        Ok(place)
    }
}

/// The offset of a piece of a block; none if it has none.
pub(crate) fn first_piece(entry: &BlockEntry) -> Option<u64> {
    let pieces = [entry.transforms, entry.layout, entry.records, entry.heap];
    pieces.into_iter().map(|offset| offset.get()).find(|&offset| offset > 0)
}

/// Rows of a file as a table.
pub(crate) struct FileRows<'r, S> {
    pub reader: &'r Reader<S>,
    pub rows: Range<u64>,
}

impl<S: ByteSource> Table for FileRows<'_, S> {
    fn schema(&self) -> &Schema {
        self.reader.schema()
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows.end - self.rows.start)
    }

    fn batches(&self) -> Result<Batches<'_>> {
        let all = Projection::all(self.reader.schema()).with_large_lists();
        Ok(Box::new(self.reader.scan(&all, self.rows.clone(), BATCH_ROWS)?))
    }
}
