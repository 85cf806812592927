//! Base tables lane by lane, as the AVX-512 kernel looks them up.

use crate::codec::grouped::code_group::{CodeGroups, Group};

/// Ids of so many bits are looked up in two registers; tables have so many entries at least.
pub(crate) const REGISTER_BITS: u32 = 4;
pub(crate) const REGISTERS: usize = 1 << REGISTER_BITS;

/// Entries of the bases of a lane, by id.
pub(crate) struct LaneTable {
    /// The first bit of the group's id among those of a row.
    pub at: u64,
    pub id_bits: u32,
    pub lows: Table,
    pub widths: Table,
    pub widest: u64,
    /// True if the sum of a least field and a deviation may exceed 64 bits.
    pub wraps: bool,
}

/// An entry for each id, repeated where they are few: then a lookup may leave the bits above an id.
pub(crate) type Table = Vec<u64>;

impl LaneTable {
    /// The lanes of a block, by place; none where they will not be used.
    pub fn all(code: &CodeGroups) -> Vec<Self> {
        if !crate::processor::has_avx512() {
            return Vec::new();
        }
        let lanes = |group| {
            let (entries, per) = code.entries(group);
            let lanes = group.lanes.clone().filter_map(|place| code.lanes.get(place));
            lanes.enumerate().map(move |(offset, lane)| {
                let own = entries.iter().skip(offset).step_by(per);
                Self {
                    at: group.at,
                    id_bits: group.id_bits,
                    lows: table(group, own.clone().map(|entry| entry.low)),
                    widths: table(group, own.clone().map(|entry| entry.width.into())),
                    widest: own.map(|entry| entry.width.into()).fold(0, u64::max),
                    wraps: lane.wraps,
                }
            })
        };
        code.groups.iter().flat_map(lanes).collect()
    }
}

/// As many entries as ids, and as two registers at least.
fn table(group: &Group, entries: impl Iterator<Item = u64>) -> Table {
    let mut own: Table = entries.collect();
    own.resize(1 << group.id_bits, 0);
    own.iter().copied().cycle().take(own.len().max(REGISTERS)).collect()
}
