//! The checksummed part of a file: every page is checked when it is first touched (spec, chapter 2.5).

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::checksum::{Levels, PAGE, crc};
use crate::format::header::HEADER;
use crate::format::sections::Section;

/// Bytes whose checksums are checked before they are handed out.
pub struct Pages<S> {
    source: S,
    /// Level 0 is the file itself; the last level is checked at open.
    levels: Vec<Level>,
    checked: bool,
}

/// A byte range cut into pages, whose checksums the next level lists.
struct Level {
    /// Where pages are counted from.
    base: u64,
    /// The first byte, in the first page.
    start: u64,
    end: u64,
    /// One bit a page: found good. Zeroed by the system's map where there are many, not filled.
    good: OnceLock<Box<[AtomicU64]>>,
}

/// Zeros that take memory only where they are touched.
fn zeros(words: usize) -> Box<[AtomicU64]> {
    let words = Box::into_raw(vec![0u64; words].into_boxed_slice());
    // SAFETY: AtomicU64 has the size, the alignment and the bit patterns of u64, and the box is ours.
    unsafe { Box::from_raw(words as *mut [AtomicU64]) }
}

impl Level {
    fn good(&self) -> &[AtomicU64] {
        self.good.get_or_init(|| zeros((self.end - self.base).div_ceil(PAGE as u64 * 64) as usize))
    }

    /// The bytes of one page.
    fn page(&self, page: u64) -> Range<u64> {
        let start = self.base + page * PAGE as u64;
        self.start.max(start)..self.end.min(start + PAGE as u64)
    }
}

impl<S: ByteSource> Pages<S> {
    /// The part up to `bulk_end` with its checksum levels, the last of which has been checked; with
    /// `checked` false nothing is checked.
    pub fn new(source: S, bulk_end: u64, levels: &[Section], checked: bool) -> Self {
        let level = |base, start, end| Level { base, start, end, good: OnceLock::new() };
        let mut all = vec![level(0, HEADER, bulk_end)];
        all.extend(levels.iter().map(|s| level(s.offset, s.offset, s.offset + s.length)));
        Self { source, levels: all, checked }
    }

    /// Where the bytes come from.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The end of the checksummed part.
    pub fn end(&self) -> u64 {
        self.levels.first().map_or(0, |l| l.end)
    }

    /// Bytes of the pages that have been touched and found good.
    pub fn touched(&self) -> u64 {
        let good = self.levels.iter().filter_map(|level| level.good.get()).flat_map(|good| good.iter());
        good.map(|word| u64::from(word.load(Ordering::Relaxed).count_ones()) * PAGE as u64).sum()
    }

    /// The bytes of a range of the file, checked.
    pub fn get(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        self.get_at(0, range)
    }

    /// `length` bytes at an offset, checked.
    pub fn piece(&self, offset: u64, length: u64) -> Result<Cow<'_, [u8]>> {
        let end =
            offset.checked_add(length).ok_or_else(|| Error::corrupt("a piece lies outside the file"))?;
        self.get(offset..end)
    }

    /// Checks that `range` of a borrowed level-0 slice has been found good, checking it if not.
    /// For rows of records that were mapped as a whole.
    #[inline]
    pub fn touch(&self, range: Range<u64>) -> Result<()> {
        if !self.checked {
            return Ok(());
        }
        let Some(level) = self.levels.first() else { return Ok(()) };
        let good = level.good();
        let pages = range.start / PAGE as u64..=range.end.saturating_sub(1) / PAGE as u64;
        for page in pages {
            let word = good.get((page / 64) as usize);
            if word.is_none_or(|w| w.load(Ordering::Relaxed) >> (page % 64) & 1 == 0) {
                self.get_at(0, level.page(page))?;
            }
        }
        Ok(())
    }

    /// The checksums of the first pages of level 0, which `level`, the first of the levels, lists.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn sums(&self, level: &Section, pages: u64) -> Result<Vec<u8>> {
        Ok(self.get_at(1, level.offset..level.offset.saturating_add(4 * pages))?.into_owned())
    }

    /// Checks every page of every level.
    pub fn check_all(&self, mut progress: impl FnMut(u64)) -> Result<()> {
        const STEP: u64 = 256 * PAGE as u64;
        for (number, level) in self.levels.iter().enumerate().rev().filter(|(n, _)| n + 1 < self.levels.len())
        {
            let mut at = level.start;
            while at < level.end {
                let end = level.end.min(level.base + ((at - level.base) / STEP + 1) * STEP);
                self.get_at(number, at..end)?;
                progress(end - at);
                at = end;
            }
        }
        Ok(())
    }

    fn get_at(&self, number: usize, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let outside =
            || Error::corrupt(format!("bytes {} to {} lie outside the checked part", range.start, range.end));
        let level = self.levels.get(number).ok_or_else(outside)?;
        if range.start == range.end && range.end <= level.end {
            return Ok(Cow::Borrowed(&[]));
        }
        if range.start > range.end || range.start < level.start || range.end > level.end {
            return Err(outside());
        }
        if !self.checked || number + 1 == self.levels.len() {
            return self.source.bytes(range);
        }
        let first = (range.start - level.base) / PAGE as u64;
        let last = (range.end - 1 - level.base) / PAGE as u64;
        let cover = level.page(first).start..level.page(last).end;
        let bytes = self.source.bytes(cover.clone())?;
        let good = level.good();
        // Bytes read anew may have changed since they were found good; mapped ones are checked once.
        let fresh = matches!(bytes, Cow::Owned(_));
        let mut left = &*bytes;
        for page in first..=last {
            let place = level.page(page);
            let (content, later) =
                left.split_at_checked((place.end - place.start) as usize).ok_or_else(outside)?;
            left = later;
            let word = good.get((page / 64) as usize).ok_or_else(outside)?;
            let bit = 1 << (page % 64);
            if fresh || word.load(Ordering::Relaxed) & bit == 0 {
                self.check(number, page, content)?;
                word.fetch_or(bit, Ordering::Relaxed);
            }
        }
        let within = (range.start - cover.start) as usize..(range.end - cover.start) as usize;
        match bytes {
            Cow::Borrowed(b) => b.get(within).map(Cow::Borrowed).ok_or_else(outside),
            Cow::Owned(mut b) => {
                b.truncate(within.end);
                b.drain(..within.start);
                Ok(Cow::Owned(b))
            }
        }
    }

    fn check(&self, number: usize, page: u64, content: &[u8]) -> Result<()> {
        let (parent, at) = Levels::parent(page);
        let outside = || Error::corrupt("a checksum lies outside its list");
        let above = self.levels.get(number + 1).ok_or_else(outside)?;
        let sums = self.get_at(number + 1, above.page(parent))?;
        let sum = sums.get(at..).and_then(|s| s.first_chunk::<4>()).ok_or_else(outside)?;
        if crc(content) == u32::from_le_bytes(*sum) {
            return Ok(());
        }
        let level = self.levels.get(number).ok_or_else(outside)?;
        let place = level.page(page);
        Err(Error::corrupt(format!(
            "bytes {} to {} are damaged: their checksum does not match",
            place.start, place.end
        )))
    }
}
