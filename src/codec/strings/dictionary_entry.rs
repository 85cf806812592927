//! Dictionary entries (spec, chapter 4.3).

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::codec::chunks::{DICTIONARY_BYTES, FEATURE as CHUNKS};
use crate::codec::strings::frame_strings::HEAD;
use crate::codec::strings::symbol_table::MAX_SYMBOL;
use crate::error::{Error, Result};
use crate::format::features::Feature;

/// Where a dictionary is.
#[derive(Clone, Copy, Default, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct DictionaryEntry {
    pub offset: U64,
    pub length: U64,
    pub count: U64,
    pub kind: U32,
    /// Bytes of each string's length, for kinds that have strings.
    pub width: U32,
}

/// Content of a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DictionaryKind {
    /// Raw bits, 8 bytes each.
    Raw = 1,
    /// Lengths, then bytes.
    Strings = 2,
    /// Symbols that strings of a heap are made of: lengths, then bytes.
    Symbols = 3,
    /// A table of symbols, then as `Strings`, the strings in these symbols.
    SymbolStrings = 4,
    /// A dictionary of Zstandard, for the frames of chunked records.
    Frames = 5,
    /// Strings in frames of Zstandard.
    FramedStrings = 6,
}

const VALUES: Feature = Feature::required(17, "value dictionary");
const STRINGS: Feature = Feature::required(18, "bytes dictionary");
const SYMBOLS: Feature = Feature::required(23, "symbols");
const FRAMED: Feature = Feature::required(27, "strings in frames");

/// The features of all kinds of dictionaries.
pub(crate) const FEATURES: [Feature; 4] = [VALUES, STRINGS, SYMBOLS, FRAMED];

impl DictionaryKind {
    /// The features that readers of such a dictionary know.
    pub fn features(self) -> &'static [Feature] {
        match self {
            Self::Raw => &[VALUES],
            Self::Strings => &[STRINGS],
            Self::Symbols => &[SYMBOLS],
            Self::SymbolStrings => &[STRINGS, SYMBOLS],
            Self::Frames => &[CHUNKS],
            Self::FramedStrings => &[STRINGS, FRAMED],
        }
    }
}

impl DictionaryEntry {
    /// Bytes of an entry.
    pub const SIZE: u64 = 32;

    /// Its kind, once count, length and width agree.
    pub fn kind(&self) -> Result<DictionaryKind> {
        let (count, width) = (self.count.get(), u64::from(self.width.get()));
        let each = |bytes: u64| count.checked_mul(bytes);
        let (kind, least, most) = match self.kind.get() {
            1 => (DictionaryKind::Raw, each(8), each(8)),
            2 => (DictionaryKind::Strings, each(width), Some(u64::MAX)),
            3 => (DictionaryKind::Symbols, each(2), each(1 + MAX_SYMBOL as u64)),
            5 => {
                (DictionaryKind::Frames, Some(8), Some(if count == 1 { DICTIONARY_BYTES as u64 } else { 0 }))
            }
            4 => (DictionaryKind::SymbolStrings, each(width), Some(u64::MAX)),
            6 => (DictionaryKind::FramedStrings, Some(HEAD), Some(u64::MAX)),
            k => return Err(Error::corrupt(format!("a dictionary has the unknown kind {k}"))),
        };
        let widths: &[u64] = match kind {
            DictionaryKind::Strings | DictionaryKind::SymbolStrings => &[1, 2, 4],
            DictionaryKind::Raw
            | DictionaryKind::Symbols
            | DictionaryKind::Frames
            | DictionaryKind::FramedStrings => &[0],
        };
        let length = Some(self.length.get());
        if count == 0 || least.is_none() || length < least || length > most || !widths.contains(&width) {
            return Err(Error::corrupt("a dictionary's count and length do not agree"));
        }
        Ok(kind)
    }
}
