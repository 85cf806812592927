//! The sample index: a row's stored place and back, in O(log C) (spec, chapter 7).

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;

use crate::bits::{little, partition_point};
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::NONE;
use crate::format::features::Feature;
use crate::format::pages::Pages;

/// The feature of files with a sample index: rows are stored in another order without it.
pub(crate) const FEATURE: Feature = Feature::required(32, "sample index");

/// Rows to a rank; rows to a sample.
pub(crate) const GROUP: u64 = 1024;
pub(crate) const SAMPLE: u64 = 8192;

/// A class of a class-wise file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// The label: raw little-endian bytes of a number, or the bytes of a string; none for null.
    pub label: Option<Vec<u8>>,
    /// Its rows' stored places.
    pub stored: Range<u64>,
    /// Its first segment.
    pub first_segment: u64,
}

/// The wavelet matrix over the class numbers, and the class table.
pub(crate) struct SampleIndex {
    offset: u64,
    rows: u64,
    levels: u64,
    classes_offset: u64,
    classes_length: u64,
    classes: u64,
    node: u32,
}

/// Bytes of one level's parts: zeros, bits, ranks, samples.
pub(crate) fn level_parts(rows: u64) -> [u64; 4] {
    [8, rows.div_ceil(64) * 8, rows.div_ceil(GROUP) * 8, (rows / SAMPLE + 2) * 8]
}

impl SampleIndex {
    /// The index in the section of kind 6 (offset, length) with the classes in that of kind 7.
    pub fn open<S: ByteSource>(
        pages: &Pages<S>,
        rows: u64,
        index: (u64, u64),
        classes: (u64, u64),
    ) -> Result<Self> {
        let bad = || Error::corrupt("the sample index does not fit its section");
        let head = pages.piece(index.0, 64.min(index.1))?;
        let class_head = pages.piece(classes.0, 32.min(classes.1))?;
        let at = |bytes: &[u8], from: usize, n: usize| bytes.get(from..from + n).map(little).ok_or_else(bad);
        let (own_rows, levels) = (at(&head, 0, 8)?, at(&head, 8, 4)?);
        let (count, node) = (at(&class_head, 0, 8)?, at(&class_head, 8, 4)?);
        let zero = head.iter().skip(12).chain(class_head.iter().skip(12)).all(|&b| b == 0);
        let wanted = u64::from(crate::bits::id_bits(count));
        let level: u64 = level_parts(rows).iter().sum();
        let table_end = count.checked_mul(32).and_then(|n| n.checked_add(32));
        let fits = own_rows == rows
            && count > 0
            && levels == wanted
            && zero
            && level.checked_mul(levels).and_then(|n| n.checked_add(64)) == Some(index.1)
            && table_end.is_some_and(|e| e <= classes.1)
            && node != u64::from(NONE);
        if !fits {
            return Err(bad());
        }
        Ok(Self {
            offset: index.0,
            rows,
            levels,
            classes_offset: classes.0,
            classes_length: classes.1,
            classes: count,
            node: node as u32,
        })
    }

    /// Number of classes.
    pub fn classes(&self) -> u64 {
        self.classes
    }

    /// The class column's node.
    pub fn node(&self) -> u32 {
        self.node
    }

    /// A class.
    pub fn class<S: ByteSource>(&self, pages: &Pages<S>, number: u64) -> Result<Class> {
        let entry = |n: u64| pages.piece(self.classes_offset + 32 + n * 32, 32);
        if number >= self.classes {
            return Err(Error::argument(format!("there is no class {number}")));
        }
        let bytes = entry(number)?;
        let part = |i: usize| little(&bytes[8 * i..8 * i + 8]);
        let end = if number + 1 < self.classes { little(&entry(number + 1)?[..8]) } else { self.rows };
        let (start, first_segment, offset, length) = (part(0), part(1), part(2), part(3));
        let bad = || Error::corrupt(format!("class {number} lies outside its table"));
        if start > end || end > self.rows {
            return Err(bad());
        }
        let label = if length == u64::MAX {
            None
        } else {
            if offset.checked_add(length).is_none_or(|e| e > self.classes_length) {
                return Err(bad());
            }
            Some(pages.piece(self.classes_offset + offset, length)?.into_owned())
        };
        Ok(Class { label, stored: start..end, first_segment })
    }

    /// All classes in stored order. Their labels are adjacent in the class table, so that they have no more bytes
    /// than it.
    pub fn all<'p, S: ByteSource>(&'p self, pages: &'p Pages<S>) -> impl Iterator<Item = Result<Class>> + 'p {
        let mut left = self.classes_length;
        (0..self.classes).map(move |number| {
            let class = self.class(pages, number)?;
            let length = class.label.as_ref().map_or(0, |label| label.len() as u64);
            left = left.checked_sub(length).ok_or_else(|| {
                Error::corrupt(format!("class {number}: labels lie in the place of others"))
            })?;
            Ok(class)
        })
    }

    /// The stored place of a row.
    pub fn stored<S: ByteSource>(&self, pages: &Pages<S>, row: u64) -> Result<u64> {
        let mut at = row;
        for level in 0..self.levels {
            let (one, ones) = self.rank(pages, level, at)?;
            at = match one {
                false => at - ones.min(at),
                true => self.number(pages, level, 0, 0)?.saturating_add(ones),
            };
            self.within(at)?;
        }
        Ok(at)
    }

    /// The row at a stored place.
    pub fn row<S: ByteSource>(&self, pages: &Pages<S>, stored: u64) -> Result<u64> {
        let mut at = stored;
        for level in (0..self.levels).rev() {
            let zeros = self.number(pages, level, 0, 0)?;
            at = if at < zeros {
                self.select(pages, level, false, at)?
            } else {
                self.select(pages, level, true, at - zeros)?
            };
            self.within(at)?;
        }
        Ok(at)
    }

    /// The stored places of the rows that have a class number, by the index alone.
    pub fn places<S: ByteSource>(&self, pages: &Pages<S>, class: u64) -> Result<Range<u64>> {
        let mut places = [0, self.rows];
        for level in 0..self.levels {
            let zeros = self.number(pages, level, 0, 0)?;
            for place in &mut places {
                let ones = if *place < self.rows {
                    self.rank(pages, level, *place)?.1
                } else {
                    self.rows.saturating_sub(zeros)
                };
                *place = if class >> level & 1 == 1 {
                    zeros.saturating_add(ones)
                } else {
                    place.saturating_sub(ones)
                };
            }
        }
        Ok(places[0]..places[1])
    }

    fn within(&self, at: u64) -> Result<()> {
        if at < self.rows { Ok(()) } else { Err(Error::corrupt("the sample index leads outside the table")) }
    }

    /// A bit of a level, less than `rows`, and the ones before it.
    fn rank<S: ByteSource>(&self, pages: &Pages<S>, level: u64, at: u64) -> Result<(bool, u64)> {
        let before = self.number(pages, level, 2, at / GROUP)?;
        let first = at / GROUP * (GROUP / 64);
        let bits = pages.piece(self.place(level, 1, first)?, (at / 64 + 1 - first) * 8)?;
        let mut words = bits.as_chunks().0.iter().map(|&word| u64::from_le_bytes(word));
        let last = words.next_back().ok_or_else(|| Error::corrupt("the sample index has no such word"))?;
        let ones: u64 = words.map(|word| u64::from(word.count_ones())).sum();
        let ones = ones + u64::from((last & !(u64::MAX << (at % 64))).count_ones());
        Ok((last >> (at % 64) & 1 == 1, before.saturating_add(ones)))
    }

    /// The place of one (or zero) number `number` of a level.
    fn select<S: ByteSource>(&self, pages: &Pages<S>, level: u64, one: bool, number: u64) -> Result<u64> {
        let bad = || Error::corrupt("the sample index has no such bit");
        let zeros = self.number(pages, level, 0, 0)?;
        let ones = self.rows.checked_sub(zeros).ok_or_else(bad)?;
        let total = if one { ones } else { zeros };
        if number >= total {
            return Err(bad());
        }
        let before = |group: u64| -> Result<u64> {
            let ones = self.number(pages, level, 2, group)?;
            Ok(if one { ones } else { (group * GROUP).saturating_sub(ones) })
        };
        // The group is between two samples.
        let groups = self.rows.div_ceil(GROUP);
        let first_sample = if one { 0 } else { ones.div_ceil(SAMPLE) };
        let sample = number / SAMPLE;
        let low = self.number(pages, level, 3, first_sample + sample)?.min(groups - 1);
        let next = (sample + 1) * SAMPLE;
        let high = match next < total {
            true => self.number(pages, level, 3, first_sample + sample + 1)?.saturating_add(1),
            false => groups,
        };
        let high = high.clamp(low + 1, groups);
        let mut failed = None;
        let group = partition_point(low as usize + 1..high as usize, |g| match before(g as u64) {
            Ok(count) => count <= number,
            Err(e) => {
                failed = Some(e);
                false
            }
        }) as u64
            - 1;
        if let Some(e) = failed {
            return Err(e);
        }
        let mut left = number.checked_sub(before(group)?).ok_or_else(bad)?;
        let words = self.rows.div_ceil(64);
        for word in group * (GROUP / 64)..((group + 1) * (GROUP / 64)).min(words) {
            let mut bits = self.number(pages, level, 1, word)?;
            bits = if one { bits } else { !bits };
            let count = u64::from(bits.count_ones());
            if left < count {
                for _ in 0..left {
                    bits &= bits - 1;
                }
                return Ok(word * 64 + u64::from(bits.trailing_zeros()));
            }
            left -= count;
        }
        Err(bad())
    }

    /// Number `i` of a part of a level: 0 zeros, 1 bits, 2 ranks, 3 samples.
    fn number<S: ByteSource>(&self, pages: &Pages<S>, level: u64, part: usize, i: u64) -> Result<u64> {
        Ok(little(&pages.piece(self.place(level, part, i)?, 8)?))
    }

    /// Where a number of a part of a level is.
    fn place(&self, level: u64, part: usize, i: u64) -> Result<u64> {
        let parts = level_parts(self.rows);
        let before: u64 = parts.iter().take(part).sum();
        if parts.get(part).is_none_or(|&length| i >= length / 8) {
            return Err(Error::corrupt("the sample index leads outside its level"));
        }
        let whole: u64 = parts.iter().sum();
        Ok(self.offset + 64 + level * whole + before + i * 8)
    }

    /// Recounts a level: zeros, ranks and samples must be what its bits say.
    pub fn verify<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
        for level in 0..self.levels {
            let bad = || Error::corrupt(format!("level {level} of the sample index does not fit its bits"));
            let (mut ones, groups) = (0u64, self.rows.div_ceil(GROUP));
            for word in 0..self.rows.div_ceil(64) {
                if word % (GROUP / 64) == 0 && self.number(pages, level, 2, word / (GROUP / 64))? != ones {
                    return Err(bad());
                }
                let bits = self.number(pages, level, 1, word)?;
                let used = self.rows - word * 64;
                if used < 64 && bits >> used != 0 {
                    return Err(bad());
                }
                ones += u64::from(bits.count_ones());
            }
            let zeros = self.number(pages, level, 0, 0)?;
            if zeros.checked_add(ones) != Some(self.rows) {
                return Err(bad());
            }
            let mut samples = Vec::new();
            for (total, one) in [(ones, true), (zeros, false)] {
                let mut group = 0;
                for sample in (0..total).step_by(SAMPLE as usize) {
                    let before = |g: u64| -> Result<u64> {
                        let ones = self.number(pages, level, 2, g)?;
                        Ok(if one { ones } else { (g * GROUP).saturating_sub(ones) })
                    };
                    while group + 1 < groups && before(group + 1)? <= sample {
                        group += 1;
                    }
                    samples.push(group);
                }
            }
            for i in 0..self.rows / SAMPLE + 2 {
                // Entries beyond the samples are zero.
                if self.number(pages, level, 3, i)? != samples.get(i as usize).copied().unwrap_or(0) {
                    return Err(bad());
                }
            }
        }
        Ok(())
    }
}
