//! A block of a table: its head, transforms and layout, read and checked once.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use zerocopy::FromBytes;

use crate::codec::Records;
use crate::codec::block_entry::BlockEntry;
use crate::codec::context::Context;
use crate::codec::fixed::lane::Lane;
use crate::codec::head::BlockHead;
use crate::codec::lists::block::{BlockList, lists};
use crate::codec::packed_head::HeadBytes;
use crate::codec::strings::text_map::TextMap;
use crate::codec::transform::TransformKind;
use crate::codec::transform::exceptions::{LaneExceptions, exceptions};
use crate::codec::transform::lane_transform::LaneTransform;
use crate::codec::transform::limits::{column_place, lane_limit};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;
use crate::format::schema::{Kind, Schema};

/// A block of a table, ready for decoding.
pub(crate) struct Block {
    pub head: BlockHead,
    pub records: Records,
    pub lanes: Vec<Lane>,
    /// Per lane with exceptions: the lane and its places in the exceptions piece.
    pub exceptions: Vec<LaneExceptions>,
    pub lists: Vec<BlockList>,
    /// The characters of the heap, once strings have been checked.
    pub text: OnceLock<Arc<TextMap>>,
}

impl Block {
    /// Reads the block of a storage group that an entry describes.
    pub fn read<S: ByteSource>(
        context: Context<S>,
        schema: &Schema,
        group: u32,
        entry: &BlockEntry,
    ) -> Result<Self> {
        let pages = context.pages;
        let head = BlockHead::parse(entry)?;
        head.check_places(pages)?;
        let bytes = head_bytes(pages, schema, group, &head)?;
        let (transforms, limits) = transforms(schema, group, &bytes.transforms)?;
        let records = Records::read(context, head.records, &transforms, &limits, bytes.layout)?;
        let (records, lanes) =
            records.ok_or_else(|| Error::corrupt("a block of a table has records of images"))?;
        let exceptions = exceptions(pages, schema.group_lanes(group), head.exceptions)?;
        let lists = lists(pages, schema, group, &head, &transforms)?;
        let block = Self { head, records, lanes, exceptions, lists, text: OnceLock::new() };
        for e in block.exceptions.iter().filter(|e| !schema.is_unknown_lane(group, e.lane)) {
            let kind = block.lanes.get(e.lane as usize).map(|lane| lane.kind);
            if !kind.is_some_and(TransformKind::has_exceptions) || e.count as u64 > head.rows {
                return Err(Error::corrupt("a block has exceptions where there can be none"));
            }
        }
        Ok(block)
    }

    /// True if all rows are alike.
    pub fn is_constant(&self) -> bool {
        self.records.is_constant()
    }

    /// True if rows of the block may have different fields in some of these lanes, or exceptions.
    pub fn varies(&self, lanes: Range<u32>) -> bool {
        let own = |lane: u32| self.records.varies(&self.lanes, lane as usize);
        lanes.clone().any(own) || self.exceptions.iter().any(|e| lanes.contains(&e.lane))
    }

    /// Rows of the block.
    pub fn rows(&self) -> u64 {
        self.head.rows
    }
}

/// The bytes of a block's transforms, and of its layout if that is packed with them.
pub(crate) fn head_bytes<S: ByteSource>(
    pages: &Pages<S>,
    schema: &Schema,
    group: u32,
    head: &BlockHead,
) -> Result<HeadBytes> {
    let lanes = schema.group_lanes(group) as usize;
    if lanes == 0 && head.transforms != 0 {
        return Err(Error::corrupt("transforms of no lanes"));
    }
    HeadBytes::read(pages, head, lanes)
}

/// The transforms of a block's lanes, and the largest field of each.
pub(crate) fn transforms(
    schema: &Schema,
    group: u32,
    bytes: &[u8],
) -> Result<(Vec<LaneTransform>, Vec<u64>)> {
    let lanes = schema.group_lanes(group) as usize;
    let set = <[LaneTransform]>::ref_from_bytes(bytes)
        .map_err(|_| Error::corrupt("a transform set is cut short"))?;
    let mut limits = earned::with_room(lanes)?;
    for (_, node) in schema.group_nodes(group) {
        let own = node.first_lane..node.first_value_lane() + node.value_lanes();
        let own = set.get(own.start as usize..own.end as usize);
        let own = own.ok_or_else(|| Error::corrupt("a transform set is cut short"))?;
        if node.kind == Kind::Unknown {
            limits.extend(own.iter().map(|_| u64::MAX));
            continue;
        }
        let place = |e: Error| e.at(column_place(&node.name));
        for (lane, transform) in (node.first_lane..).zip(own) {
            limits.push(lane_limit(node, lane, transform).map_err(place)?);
        }
        if let [.., places, lengths] = own
            && node.kind.is_bytes()
            && TransformKind::new(places)? == TransformKind::Dictionary
            && lengths.width > 0
        {
            return Err(place(Error::corrupt("codes of a dictionary have lengths")));
        }
    }
    let mut set = set.to_vec();
    // Of lanes that this reader does not know, only the widths are.
    for (_, node) in schema.group_nodes(group).filter(|(_, node)| node.kind == Kind::Unknown) {
        let own = node.first_lane as usize..(node.first_value_lane() + node.value_lanes()) as usize;
        let own = set.get_mut(own).ok_or_else(|| Error::corrupt("a transform set is cut short"))?;
        own.iter_mut().for_each(|t| *t = LaneTransform { width: t.width, ..LaneTransform::default() });
    }
    Ok((set, limits))
}
