//! Bits of the lanes of a block in its records, base tables and frames.

/// Bits of the records of a block.
pub(crate) struct RecordParts {
    /// The lanes that share bases.
    pub groups: Vec<GroupPart>,
    /// Anchors of mini-blocks.
    pub anchors: u128,
}

/// Bits of the lanes that share bases.
pub(crate) struct GroupPart {
    pub lanes: Vec<LanePart>,
    pub bases: u64,
    /// Base ids in the records.
    pub ids: u128,
}

/// Bits of a lane.
pub(crate) struct LanePart {
    pub lane: usize,
    pub deviations: u128,
    /// Its part of the base table.
    pub bases: u128,
    /// Minima of frames.
    pub minima: u128,
}
