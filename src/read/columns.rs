//! Bytes of columns and code groups in the records, base tables and frames.

use std::collections::BTreeMap;

use crate::codec::record_parts::RecordParts;
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
    /// Bytes that the items of a list's rows take in memory, as far as the file says so beforehand: those of lists in them
    /// among them, strings aside. 0 for a node that is no list.
    pub fn list_bytes(&self, node: usize) -> u128 {
        self.table.items.iter().filter(|(list, _)| *list == node).map(|(_, items)| items.bytes()).sum()
    }

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
        for (table, column) in self.table.below(&schema.columns().collect::<Vec<_>>()) {
            // All lanes of a table of items are of the column that has its lists.
            let columns = vec![column; table.schema.lanes() as usize];
            for segment in (0..table.segments).filter(|_| table.is_group_known(0)) {
                let block = table.block(self.context(), segment, 0)?;
                account.add(&block.records.parts(&self.pages, &block.lanes)?, &columns);
            }
        }
        for segment in 0..self.table.segments {
            for (group, columns) in (0..).zip(&columns_of).filter(|(group, _)| self.table.is_judged(*group)) {
                if !schema.has_images(group) {
                    let block = self.table.block(self.context(), segment, group)?;
                    account.add(&block.records.parts(&self.pages, &block.lanes)?, columns);
                    continue;
                }
                let images = self.table.image_block(&self.pages, segment, group)?;
                if let Some(column) = columns.first().and_then(|&c| account.columns.get_mut(c)) {
                    column.images += images.head.records.bits_without_layout();
                }
            }
        }
        Ok(account)
    }
}

impl ColumnAccount {
    /// Adds the bits of a block; `columns` are by lane.
    fn add(&mut self, parts: &RecordParts, columns: &[usize]) {
        self.anchors += parts.anchors;
        for part in &parts.groups {
            let mut own = Vec::new();
            for lane in &part.lanes {
                let column = columns[lane.lane];
                own.push(column);
                let bits = &mut self.columns[column];
                bits.deviations += lane.deviations;
                bits.bases += lane.bases;
                bits.minima += lane.minima;
            }
            own.sort_unstable();
            own.dedup();
            let group = self.groups.entry(own).or_default();
            group.blocks += 1;
            group.bases = group.bases.saturating_add(part.bases);
            group.ids += part.ids;
        }
    }
}
