//! A block's layout and transforms, read and checked once, and where its records are.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use zerocopy::FromBytes;

use crate::bits::{field, mask};
use crate::codec::block_entry::{
    BlockEntry, FIXED_RECORDS, GROUPED_RECORDS, PIXELS, check_places, stream_lengths,
};
use crate::codec::fixed::kernel::BaseParts;
use crate::codec::fixed::lane::Lane;
use crate::codec::grouped::block::Grouped;
use crate::codec::strings::text_map::TextMap;
use crate::codec::transform::exceptions::{LaneExceptions, exceptions};
use crate::codec::transform::lane_transform::{LaneTransform, TransformKind};
use crate::codec::transform::limits::{column_place, lane_limit};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::Source;
use crate::format::pages::Pages;
use crate::format::schema::Schema;

/// Most base parts kept decoded for a block.
const MAX_PARTS: u64 = 1 << 16;

/// A block, ready for decoding.
pub(crate) struct Block {
    pub entry: BlockEntry,
    pub lanes: Vec<Lane>,
    /// Per lane the base parts, base by base, once a scan has made them.
    pub parts: Vec<OnceLock<BaseParts>>,
    /// Per lane with exceptions: the lane and its places in the exceptions piece.
    pub exceptions: Vec<LaneExceptions>,
    /// Code groups, for grouped records.
    pub grouped: Option<Grouped>,
    /// The characters of the heap, once strings have been checked.
    pub text: OnceLock<Arc<TextMap>>,
}

impl Block {
    /// Reads the block that an entry describes.
    pub fn read<S: Source>(pages: &Pages<S>, schema: &Schema, entry: BlockEntry) -> Result<Self> {
        check_places(pages, &entry)?;
        let kinds = [FIXED_RECORDS, GROUPED_RECORDS];
        if !kinds.contains(&entry.record_kind) || entry.image_transform != PIXELS {
            return Err(Error::corrupt("a block of a table has records of images"));
        }
        let (lanes, grouped) = match entry.record_kind {
            GROUPED_RECORDS => {
                let (transforms, limits) = transforms(pages, schema, 0, &entry)?;
                let (lanes, widths) = whole_lanes(&transforms, &limits, &entry)?;
                (lanes, Some(Grouped::read(pages, &entry, &widths)?))
            }
            _ => (Self::lanes(pages, schema, 0, &entry)?, None),
        };
        let exceptions = exceptions(pages, schema, &entry)?;
        let parts = lanes.iter().map(|_| OnceLock::new()).collect();
        let block = Self { entry, lanes, parts, exceptions, grouped, text: OnceLock::new() };
        for e in &block.exceptions {
            let kind = block.lanes.get(e.lane as usize).map(|l| l.kind);
            if kind != Some(TransformKind::Decimal) || e.count as u64 > entry.rows.get() {
                return Err(Error::corrupt("a block has exceptions where there can be none"));
            }
        }
        Ok(block)
    }

    /// The lanes of a storage group in fixed records.
    pub fn lanes<S: Source>(
        pages: &Pages<S>,
        schema: &Schema,
        group: u32,
        entry: &BlockEntry,
    ) -> Result<Vec<Lane>> {
        let (transforms, limits) = transforms(pages, schema, group, entry)?;
        let [layout, ..] = stream_lengths(entry)?;
        lanes(&transforms, &limits, &pages.piece(entry.layout.get(), layout)?, entry)
    }

    /// True if there are few enough bases to keep their parts decoded.
    pub fn keeps_parts(&self) -> bool {
        let lanes = self.lanes.iter().filter(|l| l.base_mask != 0).count() as u64;
        self.entry.base_count.get().saturating_mul(lanes) <= MAX_PARTS
    }

    /// True if all rows are alike.
    pub fn is_constant(&self) -> bool {
        match &self.grouped {
            Some(grouped) => grouped.is_constant(),
            None => self.entry.record_bits() == 0,
        }
    }

    /// True if rows of the block may have different fields in some of these lanes, or exceptions.
    pub fn varies(&self, lanes: std::ops::Range<u32>) -> bool {
        let own = |lane: u32| match (&self.grouped, self.lanes.get(lane as usize)) {
            (Some(grouped), _) => grouped.varies(lane as usize),
            (None, Some(lane)) => lane.base_mask | lane.deviation_mask != 0,
            (None, None) => true,
        };
        lanes.clone().any(own) || self.exceptions.iter().any(|e| lanes.contains(&e.lane))
    }

    /// Rows of the block.
    pub fn rows(&self) -> u64 {
        self.entry.rows.get()
    }

    /// The bytes that hold the record of a row.
    pub fn record_bytes(&self, row: u64) -> std::ops::Range<u64> {
        let width = self.entry.record_bits();
        let start = self.entry.records.get();
        start + row * width / 8..start + ((row + 1) * width).div_ceil(8)
    }

    /// The base table's bytes.
    pub fn bases<'p, S: Source>(&self, pages: &'p Pages<S>) -> Result<Cow<'p, [u8]>> {
        let length = self.entry.stream_lengths().map_or(0, |l| l[1]);
        pages.piece(self.entry.bases.get(), length)
    }
}

/// The transforms of a block's lanes, and the largest field of each.
fn transforms<S: Source>(
    pages: &Pages<S>,
    schema: &Schema,
    group: u32,
    entry: &BlockEntry,
) -> Result<(Vec<LaneTransform>, Vec<u64>)> {
    let lanes = schema.group_lanes(group) as usize;
    if lanes == 0 {
        return if entry.transforms.get() == 0 {
            Ok((Vec::new(), Vec::new()))
        } else {
            Err(Error::corrupt("transforms of no lanes"))
        };
    }
    // Copied before it is checked: a map may change meanwhile.
    let bytes = pages.piece(entry.transforms.get(), lanes as u64 * LaneTransform::SIZE)?.into_owned();
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
    entry: &BlockEntry,
) -> Result<(Vec<Lane>, Vec<u8>)> {
    let mut lanes = earned::with_room(transforms.len())?;
    for (t, &most) in transforms.iter().zip(limits) {
        let own = Lane::new(t, most)?;
        lanes.push(Lane { deviation_mask: mask(t.width.into()), ..own });
    }
    let widths: Vec<u8> = transforms.iter().map(|t| t.width).collect();
    match widths.iter().map(|&w| u64::from(w)).sum::<u64>() == u64::from(entry.total_bits.get()) {
        true => Ok((lanes, widths)),
        false => Err(Error::corrupt("a block's lanes do not fit its bit counts")),
    }
}

fn lanes(
    transforms: &[LaneTransform],
    limits: &[u64],
    layout: &[u8],
    entry: &BlockEntry,
) -> Result<Vec<Lane>> {
    let total = u64::from(entry.total_bits.get());
    let (mut at, mut base_offset, mut deviation_offset) = (0u64, 0u64, u64::from(entry.id_bits));
    let mut lanes = earned::with_room(transforms.len())?;
    for (t, &most) in transforms.iter().zip(limits) {
        let own = Lane::new(t, most)?;
        let width = u32::from(t.width);
        if at + u64::from(width) > total {
            return Err(Error::corrupt("a block's lanes are wider than its layout"));
        }
        let (a, b) = (field(layout, at, width), field(layout, total + at, width));
        let (base_mask, deviation_mask, constant) = (a & !b, a & b, !a & b);
        lanes.push(Lane {
            constant: constant & mask(width),
            base_mask,
            base_offset,
            deviation_mask,
            deviation_offset,
            ..own
        });
        at += u64::from(width);
        base_offset += u64::from(base_mask.count_ones());
        deviation_offset += u64::from(deviation_mask.count_ones());
    }
    let fits = at == total
        && base_offset == u64::from(entry.base_bits.get())
        && deviation_offset == entry.record_bits();
    if fits { Ok(lanes) } else { Err(Error::corrupt("a block's layout does not fit its bit counts")) }
}
