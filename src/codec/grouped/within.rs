//! Lanes as grouped records within a block of others: some of its lanes, a lane that is read by itself, and what they take.

use crate::codec::coding::Coding;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::grouped::bins::Bins;
use crate::codec::grouped::encode::{MAX_BINS, cut, entry_bits, is_better, slopes};
use crate::codec::grouped::frame_of_reference::{Framed, SHIFTS};
use crate::codec::grouped::layout::MINI_BLOCK;
use crate::codec::transform::encoded_lane::EncodedLane;

/// Bits of the anchor of a mini-block whose rows have few bits of different numbers, about.
const LONE_ANCHOR_BITS: u64 = 11;

/// Cuts the records of a part of a block's lanes, of which only fields and widths count.
pub(crate) fn encode_tuples(lanes: &mut [EncodedLane], rows: usize, coding: Coding) -> EncodedBlock {
    cut(lanes, rows, coding, MAX_BINS)
}

/// Cuts the records of a lane that is read by itself.
pub(crate) fn encode_lone(lane: EncodedLane, coding: Coding) -> EncodedBlock {
    let rows = lane.fields.len();
    let packed = cut(&mut [lane.clone()], rows, coding, 1);
    let best = cut(&mut [lane], rows, coding, MAX_BINS);
    if is_better(&packed, &best) { packed } else { best }
}

/// About the bits of a lane that is alone.
pub(crate) fn estimate(width: u8, fields: &[u64]) -> u64 {
    let plain = Bins::estimate(fields, fields.len() as u64, entry_bits(width), MAX_BINS);
    match slopes(width, fields) {
        slopes if slopes.is_empty() => plain,
        slopes => Framed::trial(fields, width, SHIFTS[1], &slopes, MAX_BINS).0.min(plain),
    }
}

/// About the bits of a lane that is read by itself: anchors are for it alone, unless all rows have as many bits.
pub(crate) fn estimate_lone(width: u8, fields: &[u64]) -> u64 {
    let rows = fields.len() as u64;
    (estimate(width, fields) + rows * LONE_ANCHOR_BITS / MINI_BLOCK).min(rows * u64::from(width))
}
