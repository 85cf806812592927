//! The rows of a table: which block holds a row, and the values of rows in any order.

use std::sync::{Arc, Mutex, PoisonError};

use zerocopy::FromBytes;

use super::block::Block;
use super::decode::{Decode, Part};
use super::dictionary::Dictionaries;
use super::records::Picked;
use super::{Pages, Projection, Source};
use crate::column::{Batch, Schema};
use crate::error::{Error, Result};
use crate::format::BlockEntry;

/// A block kept, and its number.
type Slot = Mutex<Option<(u64, Arc<Block>)>>;

/// A table in the file: the rows themselves, or the condensed samples.
pub(super) struct Rows {
    pub schema: Schema,
    pub rows: u64,
    pub blocks: u64,
    /// Rows a block, if all but the last have as many; else 0.
    pub block_rows: u64,
    /// Offset of the block table.
    pub table: u64,
    cache: Vec<Slot>,
}

impl Rows {
    pub fn new(schema: Schema, rows: u64, blocks: u64, block_rows: u64, table: u64) -> Self {
        let block_bytes = 128 + 80 * schema.lanes() as usize;
        let slots = (4 << 20) / block_bytes;
        let slots = (slots as u64).clamp(2, 16).min(blocks.max(1));
        Self {
            schema,
            rows,
            blocks,
            block_rows,
            table,
            cache: (0..slots).map(|_| Mutex::new(None)).collect(),
        }
    }

    /// The entry of a block.
    pub fn entry<S: Source>(&self, pages: &Pages<S>, number: u64) -> Result<BlockEntry> {
        if number >= self.blocks {
            return Err(Error::corrupt("the block table ends too early"));
        }
        let bytes = pages.piece(self.table + number * BlockEntry::SIZE, BlockEntry::SIZE)?;
        BlockEntry::read_from_bytes(&bytes).map_err(|_| Error::corrupt("a block entry is cut short"))
    }

    /// A block, from the cache if it was used lately.
    pub fn block<S: Source>(&self, pages: &Pages<S>, number: u64) -> Result<Arc<Block>> {
        let slot = self.cache.get((number % self.cache.len() as u64) as usize);
        let mut slot = slot.map(|s| s.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some((_, block)) = slot.as_deref().and_then(Option::as_ref).filter(|(n, _)| *n == number) {
            return Ok(block.clone());
        }
        let entry = self.entry(pages, number)?;
        let block =
            Block::read(pages, &self.schema, entry).map_err(|e| e.at(format_args!("block {number}")))?;
        let block = Arc::new(block);
        if let Some(slot) = slot.as_deref_mut() {
            *slot = Some((number, block.clone()));
        }
        Ok(block)
    }

    /// The number of the block that holds a stored row (less than `rows`).
    pub fn find<S: Source>(&self, pages: &Pages<S>, row: u64) -> Result<u64> {
        if let Some(number) = row.checked_div(self.block_rows) {
            return Ok(number);
        }
        let (mut low, mut high) = (0, self.blocks);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.entry(pages, middle)?.first_row.get() <= row { low = middle } else { high = middle }
        }
        Ok(low)
    }

    /// Reads stored rows (each less than `rows`) into `out`: row `i` of the output, or row `places[i]`.
    pub fn take<S: Source>(
        &self,
        pages: &Pages<S>,
        dictionaries: &Dictionaries,
        stored: Picked,
        places: Option<&[u32]>,
        projection: &Projection,
        out: &mut Batch,
    ) -> Result<()> {
        let mut decode = Decode::new(self, pages, dictionaries, projection, stored.len(), out)?;
        let mut within = Vec::new();
        let mut from = 0;
        while from < stored.len() {
            let number = self.find(pages, stored.row(from))?;
            let block = self.block(pages, number)?;
            let (first, rows) = (block.entry.first_row.get(), block.rows());
            let here = match stored.slice(from, stored.len()) {
                Picked::Range(row, count) => {
                    let row = row.wrapping_sub(first);
                    Picked::Range(row, (count as u64).min(rows.saturating_sub(row)) as usize)
                }
                Picked::List(list) => {
                    within.clear();
                    within.extend(list.iter().map(|r| r.wrapping_sub(first)).take_while(|&r| r < rows));
                    Picked::List(&within)
                }
            };
            if here.len() == 0 {
                return Err(Error::corrupt(format!("block {number} does not hold the rows it should")));
            }
            let to = from + here.len();
            let part = Part { rows: here, first: from, places: places.and_then(|p| p.get(from..to)) };
            decode.block(&block, part).map_err(|e| e.at(format_args!("block {number}")))?;
            from = to;
        }
        decode.finish(out);
        Ok(())
    }
}
