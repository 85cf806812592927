//! The records of some rows of a block: mapped in place, or gathered.

use std::borrow::Cow;

use super::block::Block;
use super::{Pages, Source};
use crate::error::{Error, Result};
use crate::format::bits::field;

/// Where the records of a chunk of rows are.
#[derive(Default)]
pub(super) struct Chunk {
    /// The bit at which each begins.
    pub starts: Vec<u64>,
    /// The base id of each, less than the block's number of bases.
    pub ids: Vec<u32>,
}

impl Chunk {
    /// Finds the records of some rows of a block: their bytes, the bit each starts at, and their base ids.
    pub fn find<'p, S: Source>(
        &mut self,
        pages: &'p Pages<S>,
        block: &Block,
        rows: &[u64],
    ) -> Result<Cow<'p, [u8]>> {
        let entry = &block.entry;
        let width = entry.record_bits();
        self.starts.clear();
        self.ids.clear();
        if width == 0 {
            self.starts.resize(rows.len(), 0);
            self.ids.resize(rows.len(), 0);
            return Ok(Cow::Borrowed(&[]));
        }
        let (first, last) = (rows.first().copied().unwrap_or(0), rows.last().copied().unwrap_or(0));
        let dense =
            last.wrapping_sub(first).wrapping_add(1) == rows.len() as u64 && rows.is_sorted_by(|a, b| a < b);
        let range = block.record_bytes(first).start..block.record_bytes(last).end;
        let length = entry.stream_lengths().map_or(0, |l| l[2]);
        let all = entry.records.get()..entry.records.get().saturating_add(length);
        let data = if let Some(whole) = pages.source().whole() {
            if dense {
                pages.touch(range)?;
            } else {
                for &row in rows {
                    pages.touch(block.record_bytes(row))?;
                }
            }
            self.starts.extend(rows.iter().map(|r| r * width));
            let place = usize::try_from(all.start).ok().zip(usize::try_from(all.end).ok());
            let data =
                place.filter(|_| all.end <= pages.end()).and_then(|(start, end)| whole.get(start..end));
            Cow::Borrowed(data.ok_or_else(|| Error::corrupt("the records lie outside the file"))?)
        } else if dense {
            let skipped = (range.start - all.start) * 8;
            self.starts.extend(rows.iter().map(|r| r * width - skipped));
            let mut data = pages.get(range)?.into_owned();
            data.resize(data.len() + 16, 0);
            Cow::Owned(data)
        } else {
            let mut data = Vec::with_capacity(rows.len() * (width as usize / 8 + 2) + 16);
            for &row in rows {
                self.starts.push(data.len() as u64 * 8 + row * width % 8);
                data.extend_from_slice(&pages.get(block.record_bytes(row))?);
            }
            data.resize(data.len() + 16, 0);
            Cow::Owned(data)
        };
        let bits = u32::from(entry.id_bits);
        if bits == 0 {
            self.ids.resize(rows.len(), 0);
            return Ok(data);
        }
        let bases = entry.base_count.get();
        for &start in &self.starts {
            let id = field(&data, start, bits);
            if id >= bases || bits > 32 {
                return Err(Error::corrupt("a record names a base that does not exist"));
            }
            self.ids.push(id as u32);
        }
        Ok(data)
    }
}
