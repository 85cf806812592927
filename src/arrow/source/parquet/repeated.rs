//! The longest lists of Parquet columns. Levels and values that repeat take next to nothing in a file, so that a row of few
//! bytes may have more items than memory has places.

use super::thrift::Thrift;
use parquet::basic::{Encoding, Type};
use parquet::column::page::Page;
use parquet::file::metadata::ColumnChunkMetaData;

/// Bytes of the lists of a column chunk that are read without a look at how long each is, all columns together.
pub(crate) const TRUSTED: u64 = 64 << 20;

/// Bytes of an item in memory, its levels among them, strings aside.
pub(crate) fn item_bytes(column: &ColumnChunkMetaData) -> u64 {
    let width = match column.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE | Type::INT96 | Type::BYTE_ARRAY => 8,
        Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.column_descr().type_length()).unwrap_or(0),
    };
    width + 8
}

/// Counts the items of rows, page by page.
pub(crate) struct Rows {
    bits: u32,
    /// Items of the row at hand.
    current: u64,
    longest: u64,
}

impl Rows {
    /// The rows of a column with repetition levels up to so many.
    pub fn new(most: i16) -> Self {
        Self { bits: 16 - most.max(0).leading_zeros(), current: 0, longest: 0 }
    }

    /// Items of the row with the most.
    pub fn longest(&self) -> u64 {
        self.longest
    }

    /// Counts those of a page. Where its levels cannot be told, all of its items count as of one row, and damage is the
    /// reader's to report.
    pub fn page(&mut self, page: &Page) {
        let values = u64::from(page.num_values());
        let levels = match page {
            Page::DataPageV2 { buf, rep_levels_byte_len, .. } => buf.get(..*rep_levels_byte_len as usize),
            Page::DataPage { buf, rep_level_encoding: Encoding::RLE, .. } => {
                let length = buf.first_chunk().map(|&length| u32::from_le_bytes(length) as usize);
                length.and_then(|length| buf.get(4..)?.get(..length))
            }
            Page::DataPage { .. } => None,
            Page::DictionaryPage { .. } => return,
        };
        let mut left = values;
        if levels.and_then(|levels| self.levels(levels, &mut left)).is_none() {
            self.add(left);
        }
    }

    /// Counts levels: runs of one, and groups of eight that are packed. None if they end before all are counted.
    fn levels(&mut self, levels: &[u8], left: &mut u64) -> Option<()> {
        let mut input = Thrift(levels);
        while *left > 0 {
            let head = input.varint()?;
            if head & 1 == 0 {
                let (level, rest) = input.0.split_at_checked(self.bits.div_ceil(8) as usize)?;
                input.0 = rest;
                let run = (head >> 1).min(*left);
                *left -= run;
                match level.iter().all(|&byte| byte == 0) {
                    true if run > 0 => {
                        // Each begins a row.
                        self.add(0);
                        self.current = 1;
                        self.add(0);
                    }
                    true => {}
                    false => self.add(run),
                }
                continue;
            }
            let bytes = usize::try_from((head >> 1).checked_mul(self.bits.into())?).ok()?;
            // The last group may be cut short.
            let (packed, rest) = input.0.split_at(bytes.min(input.0.len()));
            input.0 = rest;
            let bit = |at: usize| packed.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
            let width = self.bits as usize;
            let count = (packed.len() * 8 / width.max(1)).min(usize::try_from(*left).ok()?);
            for at in 0..count {
                let is_first = !(at * width..(at + 1) * width).any(bit);
                if is_first {
                    self.current = 0;
                }
                self.add(1);
            }
            *left -= count as u64;
            if count == 0 {
                return None;
            }
        }
        Some(())
    }

    fn add(&mut self, items: u64) {
        self.current = self.current.saturating_add(items);
        self.longest = self.longest.max(self.current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(most: i16, pages: &[(&[u8], u64)]) -> u64 {
        let mut rows = Rows::new(most);
        for &(levels, values) in pages {
            let mut left = values;
            if rows.levels(levels, &mut left).is_none() {
                rows.add(left);
            }
        }
        rows.longest()
    }

    #[test]
    fn rows_are_counted_over_runs_groups_and_pages() {
        // 0, then 2^20 times 1; 0 0 0.
        let runs = [2, 0, 0x80, 0x80, 0x80, 1, 1, 6, 0];
        assert_eq!(longest(1, &[(&runs, (1 << 20) + 4)]), (1 << 20) + 1);
        // 0 1 1 0 1 1 1 1, 1 0 0 0 0 0 0 0 by bits.
        assert_eq!(longest(1, &[(&[5, 0b1111_0110, 0b0000_0001], 16)]), 6);
        // The same with three levels, two bits each: 0 1 2 0, 3 0 0 0.
        assert_eq!(longest(3, &[(&[3, 0b0010_0100, 0b0000_0011], 8)]), 3);
        // A row goes on in the next page.
        assert_eq!(longest(1, &[(&[2, 0, 6, 1], 4), (&[10, 1], 5)]), 9);
        // Levels that end too soon.
        assert_eq!(longest(1, &[(&[2, 0], 100)]), 100);
        assert_eq!(longest(1, &[(&[], 7)]), 7);
    }
}
