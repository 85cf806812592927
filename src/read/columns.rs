//! Bytes of columns and code groups in the records, base tables and frames.

use std::collections::BTreeMap;

use crate::bits::SLACK;
use crate::codec::block::{Block, Records};
use crate::codec::fixed::head::FixedHead;
use crate::codec::grouped::block::Grouped;
use crate::codec::head::{BlockHead, RecordKind};
use crate::codec::piece::{PieceKind, Stream};
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::read::reader::Reader;

/// Bits of a column over all blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColumnBits {
    /// Deviations in the records.
    pub deviations: u128,
    /// Its part of base tables.
    pub bases: u128,
    /// Minima of frames.
    pub minima: u128,
    /// Images: records, base tables and offsets.
    pub images: u128,
}

/// Bits of the columns that share bases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupBits {
    /// Blocks that have such a code group.
    pub blocks: u64,
    /// Bases in all of them.
    pub bases: u64,
    /// Base ids in the records.
    pub ids: u128,
}

/// Bytes of columns and code groups; strings, dictionaries and exceptions are not counted here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnAccount {
    /// One a column, in order.
    pub columns: Vec<ColumnBits>,
    /// By the numbers of their columns.
    pub groups: BTreeMap<Vec<usize>, GroupBits>,
    /// Anchors of mini-blocks.
    pub anchors: u128,
}

impl<S: ByteSource> Reader<S> {
    /// Bytes of columns and code groups. Reads the base ids of all rows in code groups.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn column_account(&self) -> Result<ColumnAccount> {
        let schema = self.schema();
        // For each storage group the column of each lane.
        let mut columns_of: Vec<Vec<usize>> = vec![Vec::new(); schema.groups() as usize];
        let mut count = 0;
        for node in schema.nodes() {
            count += usize::from(node.parent.is_none());
            let lanes = node.first_value_lane() + node.value_lanes() - node.first_lane;
            if let Some(columns) = columns_of.get_mut(node.group as usize) {
                columns.extend(std::iter::repeat_n(
                    count - 1,
                    if node.image.is_some() { 1 } else { lanes as usize },
                ));
            }
        }
        let mut account =
            ColumnAccount { columns: vec![ColumnBits::default(); count], ..ColumnAccount::default() };
        for segment in 0..self.table.segments {
            let block = self.table.block(&self.pages, segment)?;
            let columns = columns_of.first().map_or(&[][..], |c| c);
            match &block.records {
                Records::Fixed(fixed) => add_fixed(&mut account, &block, &fixed.head, columns),
                Records::Grouped(grouped) => self.add_grouped(&mut account, grouped, columns)?,
            }
            for group in 1..schema.groups() {
                let images = self.table.image_block(&self.pages, segment, group)?;
                let column = columns_of.get(group as usize).and_then(|c| c.first());
                if let Some(column) = column.and_then(|&c| account.columns.get_mut(c)) {
                    column.images += image_bits(&images.head);
                }
            }
        }
        Ok(account)
    }

    fn add_grouped(&self, account: &mut ColumnAccount, grouped: &Grouped, columns: &[usize]) -> Result<()> {
        let head = &grouped.head;
        let frames = u128::from(head.rows.div_ceil(head.frame_rows()));
        account.anchors += frames * u128::from(head.frame_bits() - u64::from(head.minima_bits));
        for part in grouped.parts(&self.pages)? {
            let mut own = Vec::new();
            for lane in &part.lanes {
                let column = columns[lane.lane];
                own.push(column);
                if let Some(bits) = account.columns.get_mut(column) {
                    bits.deviations += lane.deviations;
                    bits.bases += lane.bases;
                    bits.minima += if lane.framed { frames * u128::from(lane.width) } else { 0 };
                }
            }
            own.sort_unstable();
            own.dedup();
            let group = account.groups.entry(own).or_default();
            group.blocks += 1;
            group.bases += part.bases;
            group.ids += part.ids;
        }
        Ok(())
    }
}

fn add_fixed(account: &mut ColumnAccount, block: &Block, head: &FixedHead, columns: &[usize]) {
    let (rows, bases) = (u128::from(head.rows), u128::from(head.base_count));
    for (lane, &column) in block.lanes.iter().zip(columns) {
        if let Some(bits) = account.columns.get_mut(column) {
            bits.deviations += rows * u128::from(lane.deviation_mask.count_ones());
            bits.bases += bases * u128::from(lane.base_mask.count_ones());
        }
    }
    let mut all: Vec<usize> = columns.to_vec();
    all.dedup();
    let group = account.groups.entry(all).or_default();
    group.blocks += 1;
    group.bases = group.bases.saturating_add(head.base_count);
    group.ids += rows * u128::from(head.id_bits);
}

/// Bits of a block of images but its layout; tiles keep their bases there.
fn image_bits(head: &BlockHead) -> u128 {
    let is_tiled = matches!(head.records, RecordKind::Tiles(_));
    let bits = |(kind, stream): (PieceKind, Stream)| match kind {
        PieceKind::Layout if is_tiled => stream.bits + 8 * u128::from(SLACK),
        PieceKind::Layout => 0,
        _ => stream.bits,
    };
    head.records.streams().into_iter().map(bits).sum()
}
