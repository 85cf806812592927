//! Grouped records as the records of a table.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::bits::mask;
use crate::codec::coding::Layout;
use crate::codec::context::Context;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::fixed::lane::Lane;
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::encode::{encode, fits};
use crate::codec::grouped::find::{GroupedFields, prefetch};
use crate::codec::grouped::head::GroupedHead;
use crate::codec::grouped::layout::MINI_BLOCK;
use crate::codec::kind::{LaneFields, TableRecords};
use crate::codec::lanes::Lanes;
use crate::codec::record_parts::RecordParts;
use crate::codec::row_selection::RowSelection;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Some rows of a block in code groups.
pub(crate) struct GroupedRows<'c> {
    grouped: &'c Grouped,
    fields: &'c mut GroupedFields,
}

impl TableRecords for Grouped {
    type Head = GroupedHead;
    type Fields<'p> = GroupedFields;
    type Rows<'c> = GroupedRows<'c>;

    /// Records in code groups take more memory a row than fixed ones.
    const CHUNK: usize = 512;

    fn takes(lanes: &Lanes) -> bool {
        lanes.coding().layout == Layout::Compact && fits(lanes.lanes.len())
    }

    fn encode(lanes: Lanes, _: usize) -> Option<EncodedBlock> {
        Some(encode(lanes))
    }

    fn read<S: ByteSource>(
        context: Context<S>,
        head: GroupedHead,
        transforms: &[LaneTransform],
        limits: &[u64],
        layout: Option<Vec<u8>>,
    ) -> Result<(Self, Vec<Lane>)> {
        let (lanes, widths) = whole_lanes(transforms, limits, head.total_bits)?;
        Ok((Self::read(context.pages, head, &widths, layout)?, lanes))
    }

    fn is_constant(&self) -> bool {
        self.is_constant()
    }

    fn varies(&self, _: &[Lane], number: usize) -> bool {
        self.varies(number)
    }

    fn check<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
        self.check(pages)
    }

    fn parts<S: ByteSource>(&self, pages: &Pages<S>, _: &[Lane]) -> Result<RecordParts> {
        self.parts(pages)
    }

    /// Where frames and, as far as they are known, the row's bits are.
    fn prefetch(&self, bytes: &[u8], row: u64) {
        let place = |at: u64, bit: u64| at.saturating_mul(8).saturating_add(bit);
        let head = &self.head;
        prefetch(
            bytes,
            place(head.frames.piece.offset, head.frame_of(row).saturating_mul(head.frame_bits())),
        );
        // Where an anchor says exactly where a mini-block begins, its line says about where.
        let at = match head.anchor_bits {
            0 => row.saturating_mul(self.steady_bits()),
            _ => self.anchors.at(row / MINI_BLOCK),
        };
        prefetch(bytes, place(head.records.piece.offset, at));
    }

    fn start<S: ByteSource>(
        &self,
        fields: &mut GroupedFields,
        _: &Pages<S>,
        _: &[Lane],
        wanted: impl Iterator<Item = usize>,
        _: usize,
    ) -> Result<()> {
        fields.start(self, wanted)
    }

    fn rows<'c, S: ByteSource>(
        &'c self,
        fields: &'c mut GroupedFields,
        pages: &Pages<S>,
        rows: RowSelection,
    ) -> Result<GroupedRows<'c>> {
        fields.read(self, pages, rows)?;
        Ok(GroupedRows { grouped: self, fields })
    }
}

impl LaneFields for GroupedRows<'_> {
    fn lane(&mut self, number: usize, _: &Lane, out: &mut Vec<u64>) -> Result<()> {
        self.fields.swap(self.grouped, number, out);
        Ok(())
    }
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
