//! Code groups of a block as they are decoded.

use std::ops::Range;

use crate::codec::grouped::frame_of_reference::Slope;
use crate::error::Error;

/// Fields of up to so many bits are one load.
pub(crate) const ONE_LOAD: u32 = 57;

pub(crate) struct Group {
    /// The first bit of the id among a row's ids.
    pub at: u64,
    pub id_bits: u32,
    pub bases: usize,
    pub lanes: Range<usize>,
    /// Its first base among the entries.
    pub entries: usize,
}

pub(crate) struct GroupLane {
    pub lane: usize,
    /// The bit of its minimum in an entry of the frames, and its width.
    pub minimum: Option<(u64, u32)>,
    pub slope: Slope,
    /// Bits of its fields.
    pub width: u32,
    /// True if a base has deviations that lead out of them, which no field may.
    pub loose: bool,
    /// True if they may even lead out of 64 bits.
    pub wraps: bool,
}

/// A lane's part of a base.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entry {
    pub low: u64,
    pub width: u32,
}

pub(crate) fn corrupt(what: &str) -> Error {
    Error::corrupt(format!("records in code groups: {what}"))
}

/// The code groups of a block, and their base tables.
#[derive(Default)]
pub(crate) struct CodeGroups {
    pub groups: Vec<Group>,
    /// Group by group.
    pub lanes: Vec<GroupLane>,
    /// Group by group, base by base, lane by lane; 2^(id bits) bases a group, so that every id has one.
    pub entries: Vec<Entry>,
}

impl CodeGroups {
    /// The entries of a group, and how many a base has.
    pub fn entries(&self, group: &Group) -> (&[Entry], usize) {
        let per = group.lanes.len();
        (&self.entries[group.entries..group.entries + (per << group.id_bits)], per)
    }
}
