//! Blocks whose rows all have as many bits and no base ids: their lanes are bit-packed.

use crate::codec::grouped::code_group::CodeGroups;
use crate::codec::grouped::head::GroupedHead;

/// Rows of more bits are read as others are: their lanes share loads there.
const MAX_ROW_BITS: u64 = 64;

/// A lane of rows of as many bits each.
pub(crate) struct SteadyLane {
    /// Its first bit in a row.
    pub offset: u64,
    pub width: u32,
    pub low: u64,
}

/// The lanes of rows of as many bits each, and few of them.
pub(crate) struct Steady {
    pub row_bits: u64,
    /// By place.
    pub lanes: Vec<SteadyLane>,
}

impl Steady {
    /// The lanes of a block, if its rows are as this says.
    pub fn new(head: &GroupedHead, code: &CodeGroups) -> Option<Self> {
        if head.anchor_bits > 0 || code.groups.iter().any(|group| group.id_bits > 0) {
            return None;
        }
        let mut steady = Self { row_bits: 0, lanes: Vec::new() };
        for group in &code.groups {
            for entry in code.entries(group).0 {
                steady.lanes.push(SteadyLane { offset: steady.row_bits, width: entry.width, low: entry.low });
                steady.row_bits += u64::from(entry.width);
            }
        }
        (steady.row_bits <= MAX_ROW_BITS).then_some(steady)
    }
}
