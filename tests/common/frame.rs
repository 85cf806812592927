//! Where the directory of a sound file says things are (spec, chapter 2.3).

use std::ops::Range;

/// Bytes of a footer.
pub const FOOTER: usize = 64;

/// A section, as the directory lists it.
#[derive(Clone, Debug)]
pub struct Section {
    /// Where its entry is.
    pub entry: usize,
    pub kind: u64,
    pub number: u64,
    pub bytes: Range<usize>,
}

/// Places of the entries of a directory.
pub struct Frame {
    pub directory: Range<usize>,
    pub features: Vec<usize>,
    pub tables: Vec<usize>,
    pub sections: Vec<Section>,
}

/// A little-endian number of `width` bytes.
pub fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    bytes[at..at + width].iter().rev().fold(0, |n, &b| n << 8 | u64::from(b))
}

impl Frame {
    pub fn new(bytes: &[u8]) -> Self {
        let number = |at, width| number(bytes, at, width) as usize;
        let footer = bytes.len() - FOOTER;
        let directory = number(footer + 8, 8)..number(footer + 8, 8) + number(footer + 16, 8);
        let mut at = directory.start + number(directory.start, 4);
        let mut entries = |count: usize, stride: usize| -> Vec<usize> {
            let (count, stride) = (number(directory.start + count, 4), number(directory.start + stride, 2));
            let own = (0..count).map(|i| at + i * stride).collect();
            at += count * stride;
            own
        };
        let (features, tables, sections) = (entries(16, 28), entries(20, 30), entries(24, 32));
        let section = |entry: usize| {
            let (offset, length) = (number(entry + 16, 8), number(entry + 24, 8));
            let (kind, own) = (number(entry, 2) as u64, number(entry + 4, 4) as u64);
            Section { entry, kind, number: own, bytes: offset..offset + length }
        };
        let sections = sections.into_iter().map(section).collect();
        Self { directory, features, tables, sections }
    }

    /// The section of a kind, of the table of the rows.
    pub fn section(&self, kind: u64) -> Option<&Section> {
        self.sections.iter().find(|s| (s.kind, s.number) == (kind, 0))
    }
}
