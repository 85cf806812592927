//! Lists: how many items each row has, and where those of a block are in the table of items (spec, chapter 4.5).

pub(crate) mod block;
pub(crate) mod encode;

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::codec::transform::lane_transform::LaneTransform;
use crate::format::features::Feature;
use crate::format::schema::Node;

/// Lists of any length.
pub(crate) const FEATURE: Feature = Feature::required(24, "lists");

/// Rows between two anchors: as many lengths are summed at most to find the items of a row.
pub(crate) const ANCHOR_ROWS: u64 = 64;

/// The items of the lists of one node in a block.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct ListHead {
    node: U32,
    anchors: U32,
    first: U64,
    items: U64,
}

/// True if the lists of a node have one length in a block with these transforms.
fn has_one_length(node: &Node, transforms: &[LaneTransform]) -> bool {
    let own = node.first_lane as usize..(node.first_value_lane() + node.value_lanes()) as usize;
    transforms.get(own).is_some_and(|own| own.iter().all(|lane| lane.width == 0))
}
