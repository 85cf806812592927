//! A block of a table: its head, transforms and layout, read and checked once.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use zerocopy::FromBytes;

use crate::bits::mask;
use crate::codec::block_entry::BlockEntry;
use crate::codec::fixed;
use crate::codec::fixed::block::FixedBlock;
use crate::codec::fixed::lane::Lane;
use crate::codec::grouped::block::Grouped;
use crate::codec::head::{BlockHead, RecordKind};
use crate::codec::strings::text_map::TextMap;
use crate::codec::transform::exceptions::{LaneExceptions, exceptions};
use crate::codec::transform::lane_transform::{LaneTransform, TransformKind};
use crate::codec::transform::limits::{column_place, lane_limit};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;
use crate::format::schema::Schema;

/// A block of a table, ready for decoding.
pub(crate) struct Block {
    pub head: BlockHead,
    pub records: Records,
    pub lanes: Vec<Lane>,
    /// Per lane with exceptions: the lane and its places in the exceptions piece.
    pub exceptions: Vec<LaneExceptions>,
    /// The characters of the heap, once strings have been checked.
    pub text: OnceLock<Arc<TextMap>>,
}

/// The records of a table, by their kind.
pub(crate) enum Records {
    Fixed(FixedBlock),
    Grouped(Box<Grouped>),
}

impl Block {
    /// Reads the block that an entry describes.
    pub fn read<S: ByteSource>(pages: &Pages<S>, schema: &Schema, entry: &BlockEntry) -> Result<Self> {
        let head = BlockHead::parse(entry)?;
        head.check_places(pages)?;
        let of_images = || Error::corrupt("a block of a table has records of images");
        let (lanes, records) = match head.records {
            RecordKind::Fixed(own) if !own.is_cosine => {
                let (transforms, limits) = transforms(pages, schema, 0, &head)?;
                let lanes = fixed::block::lanes(pages, &own, &transforms, &limits)?;
                let block = FixedBlock::new(own, &lanes);
                (lanes, Records::Fixed(block))
            }
            RecordKind::Grouped(own) => {
                let (transforms, limits) = transforms(pages, schema, 0, &head)?;
                let (lanes, widths) = whole_lanes(&transforms, &limits, own.total_bits)?;
                (lanes, Records::Grouped(Box::new(Grouped::read(pages, own, &widths)?)))
            }
            RecordKind::Fixed(_) | RecordKind::Tiles(_) => return Err(of_images()),
        };
        let exceptions = exceptions(pages, schema, head.exceptions)?;
        let block = Self { head, records, lanes, exceptions, text: OnceLock::new() };
        for e in &block.exceptions {
            let kind = block.lanes.get(e.lane as usize).map(|lane| lane.kind);
            if kind != Some(TransformKind::Decimal) || e.count as u64 > head.rows {
                return Err(Error::corrupt("a block has exceptions where there can be none"));
            }
        }
        Ok(block)
    }

    /// True if all rows are alike.
    pub fn is_constant(&self) -> bool {
        match &self.records {
            Records::Fixed(fixed) => fixed.head.record_bits() == 0,
            Records::Grouped(grouped) => grouped.is_constant(),
        }
    }

    /// True if rows of the block may have different fields in some of these lanes, or exceptions.
    pub fn varies(&self, lanes: Range<u32>) -> bool {
        let own = |lane: u32| match &self.records {
            Records::Fixed(_) => {
                // Lanes of images are not the table's.
                let lane = self.lanes.get(lane as usize);
                lane.is_none_or(|lane| lane.base_mask | lane.deviation_mask != 0)
            }
            Records::Grouped(grouped) => grouped.varies(lane as usize),
        };
        lanes.clone().any(own) || self.exceptions.iter().any(|e| lanes.contains(&e.lane))
    }

    /// Rows of the block.
    pub fn rows(&self) -> u64 {
        self.head.rows
    }
}

/// The transforms of a block's lanes, and the largest field of each.
pub(crate) fn transforms<S: ByteSource>(
    pages: &Pages<S>,
    schema: &Schema,
    group: u32,
    head: &BlockHead,
) -> Result<(Vec<LaneTransform>, Vec<u64>)> {
    let lanes = schema.group_lanes(group) as usize;
    if lanes == 0 {
        return if head.transforms == 0 {
            Ok((Vec::new(), Vec::new()))
        } else {
            Err(Error::corrupt("transforms of no lanes"))
        };
    }
    // Copied before it is checked: a map may change meanwhile.
    let bytes = pages.piece(head.transforms, lanes as u64 * LaneTransform::SIZE)?.into_owned();
    let set = <[LaneTransform]>::ref_from_bytes(&bytes)
        .map_err(|_| Error::corrupt("a transform set is cut short"))?;
    let mut limits = earned::with_room(lanes)?;
    for (_, node) in schema.group_nodes(group) {
        let own = node.first_lane..node.first_value_lane() + node.value_lanes();
        let own = set.get(own.start as usize..own.end as usize);
        let own = own.ok_or_else(|| Error::corrupt("a transform set is cut short"))?;
        let place = |e: Error| e.at(column_place(&node.name));
        for (lane, transform) in (node.first_lane..).zip(own) {
            limits.push(lane_limit(node, lane, transform).map_err(place)?);
        }
        if let [.., places, lengths] = own
            && node.kind.is_bytes()
            && places.kind()? == TransformKind::Dictionary
            && lengths.width > 0
        {
            return Err(place(Error::corrupt("codes of a dictionary have lengths")));
        }
    }
    Ok((set.to_vec(), limits))
}

/// Lanes whose fields come whole, from code groups, and their widths.
fn whole_lanes(
    transforms: &[LaneTransform],
    limits: &[u64],
    total_bits: u32,
) -> Result<(Vec<Lane>, Vec<u8>)> {
    let mut lanes = earned::with_room(transforms.len())?;
    for (t, &most) in transforms.iter().zip(limits) {
        let own = Lane::new(t, most)?;
        lanes.push(Lane { deviation_mask: mask(t.width.into()), ..own });
    }
    let widths: Vec<u8> = transforms.iter().map(|t| t.width).collect();
    match widths.iter().map(|&w| u64::from(w)).sum::<u64>() == u64::from(total_bits) {
        true => Ok((lanes, widths)),
        false => Err(Error::corrupt("a block's lanes do not fit its bit counts")),
    }
}
