//! A block of fixed records: where its records and bases are, and base parts that scans have decoded.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::bits::field;
use crate::codec::fixed::head::FixedHead;
use crate::codec::fixed::kernel::{BaseParts, Bases};
use crate::codec::fixed::lane::Lane;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Most base parts kept decoded for a block.
const MAX_PARTS: u64 = 1 << 16;

/// Fixed records of a table.
pub(crate) struct FixedBlock {
    pub head: FixedHead,
    /// Per lane the base parts, base by base, once a scan has made them.
    parts: Vec<OnceLock<BaseParts>>,
    /// True if there are few enough bases to keep their parts.
    keeps_parts: bool,
}

impl FixedBlock {
    /// The block with this head, whose lanes are read already.
    pub fn new(head: FixedHead, lanes: &[Lane]) -> Self {
        let with_bases = lanes.iter().filter(|lane| lane.base_mask != 0).count() as u64;
        let keeps_parts = head.base_count.saturating_mul(with_bases) <= MAX_PARTS;
        Self { head, parts: lanes.iter().map(|_| OnceLock::new()).collect(), keeps_parts }
    }

    /// True if reading this many rows of the block reuses its bases enough to decode the base table up front.
    pub fn meets_bases_often(&self, rows: usize) -> bool {
        rows as u64 * 8 >= self.head.base_count && self.keeps_parts
    }

    /// The base parts of a lane: made if that pays, else those that are there.
    pub fn parts(&self, number: usize, lane: &Lane, bases: &Bases, often: bool) -> Option<&BaseParts> {
        let parts = &self.parts[number];
        match often && lane.base_mask != 0 {
            true => Some(parts.get_or_init(|| BaseParts::of(lane, bases))),
            false => parts.get(),
        }
    }

    /// The base table's bytes.
    pub fn bases<'p, S: ByteSource>(&self, pages: &'p Pages<S>) -> Result<Cow<'p, [u8]>> {
        self.head.bases.piece.read(pages)
    }
}

/// The lanes of fixed records, as the layout cuts them; `limits` are their largest fields.
pub(crate) fn lanes<S: ByteSource>(
    pages: &Pages<S>,
    head: &FixedHead,
    transforms: &[LaneTransform],
    limits: &[u64],
) -> Result<Vec<Lane>> {
    let layout = head.layout.piece.read(pages)?;
    let total = u64::from(head.total_bits);
    let (mut at, mut base_offset, mut deviation_offset) = (0u64, 0u64, u64::from(head.id_bits));
    let mut lanes = earned::with_room(transforms.len())?;
    for (transform, &most) in transforms.iter().zip(limits) {
        let own = Lane::new(transform, most)?;
        let width = u32::from(transform.width);
        if at + u64::from(width) > total {
            return Err(Error::corrupt("a block's lanes are wider than its layout"));
        }
        let (a, b) = (field(&layout, at, width), field(&layout, total + at, width));
        let (base_mask, deviation_mask, constant) = (a & !b, a & b, !a & b);
        lanes.push(Lane { constant, base_mask, base_offset, deviation_mask, deviation_offset, ..own });
        at += u64::from(width);
        base_offset += u64::from(base_mask.count_ones());
        deviation_offset += u64::from(deviation_mask.count_ones());
    }
    let fits =
        at == total && base_offset == u64::from(head.base_bits) && deviation_offset == head.record_bits();
    if fits { Ok(lanes) } else { Err(Error::corrupt("a block's layout does not fit its bit counts")) }
}
