//! A part of a block of parted records: its tuples, and some rows of them.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::find::GroupedFields;
use crate::codec::parted::row_map::RowMap;
use crate::codec::piece::Piece;
use crate::codec::row_selection::RowSelection;
use crate::earned;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Rows decoded at a time, and tuples.
pub(super) const CHUNK: usize = 512;

/// Tuples of a part that are decoded once for all rows of a read, at most.
const WHOLE_TUPLES: u64 = 1 << 20;

/// A part: its tuples, and which of them a row has.
pub(super) struct PartRecords {
    pub map: RowMap,
    pub tuples: Grouped,
    pub lanes: Vec<u32>,
    /// The pieces of the tuples.
    pub pieces: Vec<Piece>,
}

/// Memory of the decoder of a part.
#[derive(Default)]
pub(super) struct PartFields {
    pub tuples: GroupedFields,
    /// The lanes that are wanted, by place.
    pub wanted: Vec<usize>,
    /// The tuple of each row at hand.
    pub numbers: Vec<u64>,
    /// The wanted lanes of all tuples, if these are decoded once.
    whole: Vec<Vec<u64>>,
    is_whole: bool,
    /// By place, the fields of the rows at hand.
    pub fields: Vec<Vec<u64>>,
}

impl PartFields {
    /// Decodes all tuples at once if the rows of a read are as many.
    pub fn decode_whole<S: ByteSource>(
        &mut self,
        part: &PartRecords,
        pages: &Pages<S>,
        rows: usize,
    ) -> Result<()> {
        let tuples = part.tuples.head.rows;
        self.is_whole = match part.map {
            RowMap::Same | RowMap::Runs(_) => false,
            RowMap::Period { .. } | RowMap::Index => tuples <= (rows as u64).min(WHOLE_TUPLES),
        };
        if !self.is_whole {
            return Ok(());
        }
        self.whole.resize_with(part.lanes.len(), Vec::new);
        for &place in &self.wanted {
            self.whole[place].clear();
            earned::reserve(&mut self.whole[place], tuples as usize)?;
        }
        for first in (0..tuples).step_by(CHUNK) {
            let count = (tuples - first).min(CHUNK as u64) as usize;
            self.tuples.read(&part.tuples, pages, RowSelection::Range(first, count))?;
            for &place in &self.wanted {
                self.tuples.swap(&part.tuples, place, &mut self.fields[place]);
                self.whole[place].extend_from_slice(&self.fields[place]);
            }
        }
        Ok(())
    }

    /// Decodes the wanted lanes of some rows.
    pub fn read<S: ByteSource>(
        &mut self,
        part: &PartRecords,
        pages: &Pages<S>,
        rows: RowSelection,
    ) -> Result<()> {
        if let RowMap::Same = part.map {
            self.tuples.read(&part.tuples, pages, rows)?;
            for &place in &self.wanted {
                self.tuples.swap(&part.tuples, place, &mut self.fields[place]);
            }
            return Ok(());
        }
        part.map.find(pages, rows, part.tuples.head.rows, &mut self.numbers)?;
        for &place in &self.wanted {
            self.fields[place].clear();
            earned::reserve(&mut self.fields[place], rows.len())?;
        }
        if self.is_whole {
            for &place in &self.wanted {
                let (whole, numbers) = (&self.whole[place], &self.numbers);
                self.fields[place].extend(numbers.iter().map(|&number| whole[number as usize]));
            }
            return Ok(());
        }
        // Rows in order have few tuples, each of which is decoded once.
        let mut distinct = std::mem::take(&mut self.numbers);
        let mut places: Vec<u32> = earned::with_room(distinct.len())?;
        let mut last = None;
        let mut count = 0u32;
        distinct.retain(|&number| {
            let is_new = last.replace(number) != Some(number);
            count += u32::from(is_new);
            places.push(count - 1);
            is_new
        });
        let is_range = distinct.windows(2).all(|two| two[1] == two[0] + 1);
        let own = match (rows, distinct.first()) {
            (RowSelection::Range(..), Some(&first)) if is_range => RowSelection::Range(first, distinct.len()),
            _ => RowSelection::List(&distinct),
        };
        self.tuples.read(&part.tuples, pages, own)?;
        let mut tuples = Vec::new();
        for &place in &self.wanted {
            self.tuples.swap(&part.tuples, place, &mut tuples);
            self.fields[place].extend(places.iter().map(|&at| tuples[at as usize]));
            self.tuples.swap(&part.tuples, place, &mut tuples);
        }
        self.numbers = distinct;
        Ok(())
    }
}
