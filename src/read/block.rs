//! A block's layout and transforms, read and checked once, and where its records are.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use zerocopy::FromBytes;

use super::exceptions::{LaneExceptions, exceptions};
use super::fields::BaseParts;
use super::grouped::Grouped;
use super::limits::{column_place, lane_limit};
use super::text_map::TextMap;
use super::{Pages, Source};
use crate::column::Schema;
use crate::earned;
use crate::error::{Error, Result};
use crate::format::bits::{field, mask};
use crate::format::{BlockEntry, FIXED_RECORDS, GROUPED_RECORDS, LaneTransform, PIXELS, TransformKind};

/// Most base parts kept decoded for a block.
const MAX_PARTS: u64 = 1 << 16;

/// How one lane is cut, and how its fields become values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lane {
    pub kind: TransformKind,
    pub exponent: u8,
    pub dictionary: u32,
    /// Factor of the fields; 0 stands for 1.
    pub step: u32,
    pub minimum: u64,
    /// The largest field whose value is within the lane's type.
    pub most: u64,
    /// Bits that are 1 in every row.
    pub constant: u64,
    /// Positions kept in the base table, and where they are in a base.
    pub base_mask: u64,
    pub base_offset: u64,
    /// Positions kept in the record, and where they are in a record.
    pub deviation_mask: u64,
    pub deviation_offset: u64,
}

impl Lane {
    /// A lane of no bits with a transform, whose fields are at most `most`.
    fn new(t: &LaneTransform, most: u64) -> Result<Self> {
        let kind = t.kind()?;
        let (dictionary, step) = match kind {
            TransformKind::Dictionary | TransformKind::Symbols => (t.dictionary.get(), 0),
            _ => (0, t.dictionary.get()),
        };
        let minimum = t.minimum.get();
        Ok(Self { kind, exponent: t.exponent, dictionary, step, minimum, most, ..Self::default() })
    }

    /// True if one of these fields of the lane has a value outside of its type. The masks decide for most lanes, so
    /// that no field is looked at.
    #[inline]
    pub fn is_exceeded(&self, fields: &[u64]) -> bool {
        let largest = self.constant | self.base_mask | self.deviation_mask;
        if largest <= self.most {
            return false;
        }
        if largest >> 63 == 0 {
            // The top bit of a difference is its sign: no comparisons, which few vector units have for 64 bits.
            let most = self.most.min(u64::MAX >> 1);
            return fields.iter().fold(0, |signs, &field| signs | most.wrapping_sub(field)) >> 63 == 1;
        }
        fields.iter().fold(0, |largest, &field| field.max(largest)) > self.most
    }

    /// True if minimum plus field fits in an i32, whatever the field.
    pub fn fits_i32(&self) -> bool {
        let largest =
            (self.constant | self.base_mask | self.deviation_mask).checked_mul(self.step.max(1).into());
        let least = self.minimum as i64;
        let most = largest.and_then(|l| i64::try_from(l).ok()).and_then(|l| least.checked_add(l));
        i32::try_from(least).is_ok() && most.is_some_and(|m| i32::try_from(m).is_ok())
    }
}

/// A block, ready for decoding.
pub(super) struct Block {
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

/// The bytes of a block's streams.
pub(super) fn stream_lengths(entry: &BlockEntry) -> Result<[u64; 4]> {
    entry.stream_lengths().ok_or_else(|| Error::corrupt("a block's streams are longer than any file"))
}

/// Checks an entry, and that its pieces are in the checksummed part of the file.
pub(super) fn check_places<S: Source>(pages: &Pages<S>, entry: &BlockEntry) -> Result<()> {
    entry.check()?;
    let outside =
        |&(_, offset, length): &(_, u64, u64)| offset.checked_add(length).is_none_or(|e| e > pages.end());
    match entry.pieces()?.iter().any(outside) {
        true => Err(Error::corrupt("a piece of it lies outside the file")),
        false => Ok(()),
    }
}

/// The first number of a range that does not satisfy `before`.
pub(super) fn partition_point(range: std::ops::Range<usize>, mut before: impl FnMut(usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// A little-endian number of at most 8 bytes.
pub(super) fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b))
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
