//! The records of some rows of a block: mapped in place, or gathered.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;

use crate::codec::fixed::head::FixedHead;
use crate::codec::fixed::kernel::Starts;
use crate::codec::piece::Piece;
use crate::codec::row_selection::RowSelection;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Zero bytes after gathered records, for wide loads: as many as stored streams have.
const SLACK: usize = crate::bits::SLACK as usize;

/// Where the records of a chunk of rows are.
#[derive(Default)]
pub(crate) struct Chunk {
    dense: Option<(u64, u64, usize)>,
    listed: Vec<u64>,
}

impl Chunk {
    /// The bits at which the records begin.
    pub fn starts(&self) -> Starts<'_> {
        match self.dense {
            Some((first, width, count)) => Starts::Dense { first, width, count },
            None => Starts::Listed(&self.listed),
        }
    }

    /// Finds the records of some rows of a block: their bytes, and the bit each starts at.
    pub fn find<'p, S: ByteSource>(
        &mut self,
        pages: &'p Pages<S>,
        head: &FixedHead,
        rows: RowSelection,
    ) -> Result<Cow<'p, [u8]>> {
        let width = head.record_bits();
        self.listed.clear();
        self.dense = Some((0, 0, rows.len()));
        if width == 0 || rows.len() == 0 {
            return Ok(Cow::Borrowed(&[]));
        }
        let Piece { offset, length } = head.records.piece;
        let all = offset..offset.saturating_add(length);
        let whole = pages.source().whole().map(|whole| {
            let place = usize::try_from(all.start).ok().zip(usize::try_from(all.end).ok());
            let data =
                place.filter(|_| all.end <= pages.end()).and_then(|(start, end)| whole.get(start..end));
            data.ok_or_else(|| Error::corrupt("the records lie outside the file"))
        });
        match (rows, whole.transpose()?) {
            (RowSelection::Range(first, count), data) => {
                let range = head.record_bytes(first).start..head.record_bytes(first + count as u64 - 1).end;
                match data {
                    Some(data) => {
                        pages.touch(range)?;
                        self.dense = Some((first * width, width, count));
                        Ok(Cow::Borrowed(data))
                    }
                    None => {
                        self.dense = Some((first * width - (range.start - all.start) * 8, width, count));
                        let mut data = pages.get(range)?.into_owned();
                        let end = data.len() + SLACK;
                        earned::resize(&mut data, end, 0)?;
                        Ok(Cow::Owned(data))
                    }
                }
            }
            (RowSelection::List(rows), Some(data)) => {
                for &row in rows {
                    pages.touch(head.record_bytes(row))?;
                    self.listed.push(row * width);
                }
                self.dense = None;
                Ok(Cow::Borrowed(data))
            }
            (RowSelection::List(rows), None) => {
                let mut data = earned::with_room(rows.len().saturating_mul(width as usize / 8 + 2) + SLACK)?;
                for &row in rows {
                    self.listed.push(data.len() as u64 * 8 + row * width % 8);
                    data.extend_from_slice(&pages.get(head.record_bytes(row))?);
                }
                let end = data.len() + SLACK;
                earned::resize(&mut data, end, 0)?;
                self.dense = None;
                Ok(Cow::Owned(data))
            }
        }
    }
}
