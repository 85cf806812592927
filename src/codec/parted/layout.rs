//! The layout of a block of parted records: its parts, and their lanes.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::codec::block_entry::BlockEntry;
use crate::codec::parted::MAX_PARTS;
use crate::earned;
use crate::error::{Error, Result};

/// A part as a file stores it.
#[derive(Clone, Copy, Default, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct PartEntry {
    /// The kind of its row map.
    pub kind: U32,
    pub lanes: U32,
    /// Where the row map is in the records; 0 if it has no bytes.
    pub map: U64,
    /// Of a period: rows that have the same tuple one after the other, and rows of the period that come before the first.
    pub length: U64,
    pub phase: U64,
    /// Grouped records of the tuples. Offsets are counted from the records of the block.
    pub tuples: BlockEntry,
}

/// The kinds of row maps.
impl PartEntry {
    pub const SAME: u32 = 0;
    pub const RUNS: u32 = 1;
    pub const PERIOD: u32 = 2;
    pub const INDEX: u32 = 3;
}

/// The parts of a block, each with its lanes.
pub(crate) struct PartedLayout(pub Vec<(PartEntry, Vec<u32>)>);

pub(crate) fn corrupt(what: &str) -> Error {
    Error::corrupt(format!("parted records: {what}"))
}

impl PartedLayout {
    /// Reads the layout of a block of so many lanes. Each of them is in one part, and so is the index of each part that has one: the
    /// lane of the part's number after those of the block, in a part of rows.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn read(bytes: &[u8], lanes: usize) -> Result<Self> {
        let short = || corrupt("the layout is cut short");
        let (count, rest) = U32::read_from_prefix(bytes).map_err(|_| short())?;
        let (zero, mut rest) = U32::read_from_prefix(rest).map_err(|_| short())?;
        let count = count.get() as usize;
        if !(1..=MAX_PARTS).contains(&count) || zero.get() != 0 {
            return Err(corrupt("there are none of them, or more than 64"));
        }
        let mut parts = earned::with_room(count)?;
        for _ in 0..count {
            let (part, after) = PartEntry::read_from_prefix(rest).map_err(|_| short())?;
            parts.push((part, Vec::new()));
            rest = after;
        }
        // What is no lane, a number that is no index, counts as found.
        let mut found = earned::with_room(lanes + count)?;
        earned::resize(&mut found, lanes, false)?;
        found.extend(parts.iter().map(|(part, _)| part.kind.get() != PartEntry::INDEX));
        for (part, own) in &mut parts {
            let count = part.lanes.get() as usize;
            if !(1..=found.len()).contains(&count) {
                return Err(corrupt("a part has no lanes, or more than the block"));
            }
            *own = earned::with_room(count)?;
            for _ in 0..count {
                let (lane, after) = U32::read_from_prefix(rest).map_err(|_| short())?;
                rest = after;
                let is_next = own.last().is_none_or(|last| *last < lane.get())
                    && (part.kind.get() == PartEntry::SAME || (lane.get() as usize) < lanes);
                match found.get_mut(lane.get() as usize) {
                    Some(found) if !*found && is_next => *found = true,
                    _ => return Err(corrupt("a lane is not there, or in two places")),
                }
                own.push(lane.get());
            }
        }
        match rest.is_empty() && found.iter().all(|found| *found) {
            true => Ok(Self(parts)),
            false => Err(corrupt("the layout does not have every lane, or more")),
        }
    }

    /// As it is stored, without the zero bytes after it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = [U32::new(self.0.len() as u32), U32::ZERO].as_bytes().to_vec();
        self.0.iter().for_each(|(part, _)| bytes.extend_from_slice(part.as_bytes()));
        self.0
            .iter()
            .flat_map(|(_, lanes)| lanes)
            .for_each(|lane| bytes.extend_from_slice(&lane.to_le_bytes()));
        bytes
    }
}
