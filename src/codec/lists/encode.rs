//! The lists of a segment as bytes.

use zerocopy::{FromBytes, IntoBytes};

use crate::codec::lists::{ANCHOR_ROWS, ListHead, has_one_length};
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::column::values::{Batch, Values};
use crate::error::{Error, Result};
use crate::format::schema::{Kind, Schema};

/// The bytes of the lists of a segment's storage group, whose first items are counted from the segment's own.
///
/// # Errors
/// `Argument` for a column that is not as its node says, or more items than anchors can name.
pub(crate) fn lists_piece(
    schema: &Schema,
    group: u32,
    segment: &Batch,
    lanes: &[EncodedLane],
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let nodes = || schema.group_nodes(group).filter(|(_, node)| node.kind == Kind::List);
    if nodes().next().is_none() {
        return Ok(bytes);
    }
    let transforms: Vec<LaneTransform> = lanes.iter().map(|lane| lane.transform).collect();
    for (number, node) in nodes() {
        let error = |what: &str| Error::argument(format!("column \"{}\": {what}", node.name));
        let Values::Lists { offsets, items } = &segment.columns[number].values else {
            return Err(error("its values do not fit its type"));
        };
        let is_one = has_one_length(node, &transforms);
        let anchors = if is_one { 0 } else { (segment.rows - 1) / ANCHOR_ROWS as usize };
        let head = ListHead {
            node: (number as u32).into(),
            anchors: (anchors as u32).into(),
            first: 0.into(),
            items: (items.rows as u64).into(),
        };
        bytes.extend_from_slice(head.as_bytes());
        for anchor in 1..=anchors {
            let before = u32::try_from(offsets[anchor * ANCHOR_ROWS as usize]);
            let before = before.map_err(|_| error("more than 2^32 items of lists in one segment"))?;
            bytes.extend_from_slice(&before.to_le_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    Ok(bytes)
}

/// Moves the lists of a block to where their items are: the first row of items of each list, in order. Returns the
/// items of each.
///
/// # Errors
/// `Internal` for bytes that hold other lists.
pub(crate) fn move_lists(lists: &mut [u8], firsts: &[u64]) -> Result<Vec<u64>> {
    let (mut rest, mut items) = (lists, Vec::with_capacity(firsts.len()));
    for &first in firsts {
        let (head, later) = ListHead::mut_from_prefix(rest)
            .map_err(|_| Error::internal("a segment has fewer lists than its schema"))?;
        head.first = first.into();
        items.push(head.items.get());
        rest = &mut later[(4 * head.anchors.get() as usize).next_multiple_of(8)..];
    }
    Ok(items)
}
