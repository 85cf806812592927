//! Sections: the parts of a file that the directory finds (spec, chapter 2.3).

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, Result};

/// A kind of section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectionKind(pub u16);

impl SectionKind {
    pub const BLOCKS: Self = Self(1);
    pub const BLOCK_TABLE: Self = Self(2);
    pub const DICTIONARY_TABLE: Self = Self(3);
    pub const TABLE_SCHEMA: Self = Self(4);
    pub const SAMPLE_INDEX: Self = Self(6);
    pub const CLASS_TABLE: Self = Self(7);
    pub const CELLS: Self = Self(10);
    /// Bytes that an earlier directory described and this one does not.
    pub const FORMER: Self = Self(11);
    pub const CHECKSUM_LEVEL: Self = Self(16);
    pub const SCHEMA: Self = Self(32);
    pub const ARROW_SCHEMA: Self = Self(34);
    pub const IMAGE_ERRORS: Self = Self(35);
    pub const KEY_VALUES: Self = Self(36);
    pub const IDENTITY: Self = Self(37);
    pub const CREATED_BY: Self = Self(38);

    /// Bytes of one of its entries, 0 if it has none.
    pub fn stride(self) -> u32 {
        match self {
            Self::BLOCK_TABLE => 144,
            Self::DICTIONARY_TABLE => 32,
            Self::CHECKSUM_LEVEL => 4,
            _ => 0,
        }
    }

    /// All that this crate knows but the summaries'.
    pub const CORE: [Self; 15] = [
        Self::BLOCKS,
        Self::BLOCK_TABLE,
        Self::DICTIONARY_TABLE,
        Self::TABLE_SCHEMA,
        Self::SAMPLE_INDEX,
        Self::CLASS_TABLE,
        Self::CHECKSUM_LEVEL,
        Self::SCHEMA,
        Self::ARROW_SCHEMA,
        Self::CELLS,
        Self::FORMER,
        Self::IMAGE_ERRORS,
        Self::KEY_VALUES,
        Self::IDENTITY,
        Self::CREATED_BY,
    ];

    /// True if its number is that of a table; the others of this version have 0.
    pub fn is_of_table(self) -> bool {
        [Self::BLOCKS, Self::BLOCK_TABLE, Self::TABLE_SCHEMA, Self::SCHEMA].contains(&self)
    }

    /// The place of a kind of 1.0.
    fn place(self) -> Place {
        match self.0 {
            0..16 => Place::Bulk,
            16..32 => Place::Levels,
            _ => Place::Metadata,
        }
    }
}

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the pages that the checksum levels cover.
    Bulk,
    /// The checksum levels.
    Levels,
    /// After them, with a checksum in the directory that is checked at open.
    Metadata,
}

/// One section.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub kind: SectionKind,
    pub place: Place,
    /// The table it is of, where tables have such sections; else as its feature says.
    pub number: u32,
    pub crc: u32,
    /// Bytes of one of its entries, 0 if it has none: at least those that this crate knows.
    pub stride: u32,
    pub offset: u64,
    pub length: u64,
}

impl Section {
    /// An empty section of a kind of 1.0, at an offset.
    pub fn new(kind: SectionKind, number: u32, offset: u64) -> Self {
        Self { kind, place: kind.place(), number, crc: 0, stride: kind.stride(), offset, length: 0 }
    }

    /// Entries of a section whose kind has them.
    pub fn entries(&self) -> u64 {
        self.length / u64::from(self.stride) // `SectionEntry::read` refuses 0 where a kind has entries
    }
}

/// A section as the directory lists it.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct SectionEntry {
    kind: U16,
    place: u8,
    zero: u8,
    number: U32,
    stride: U32,
    crc: U32,
    offset: U64,
    length: U64,
}

impl SectionEntry {
    /// The entry of a section.
    pub fn new(section: &Section) -> Self {
        Self {
            kind: section.kind.0.into(),
            place: section.place as u8,
            zero: 0,
            number: section.number.into(),
            stride: section.stride.into(),
            crc: section.crc.into(),
            offset: section.offset.into(),
            length: section.length.into(),
        }
    }

    /// The section of a file of so many tables, of a kind in `known` or of a later one. With `is_strict`, later ones are
    /// refused.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn read(
        &self,
        known: impl Fn(SectionKind) -> bool,
        tables: usize,
        is_strict: bool,
    ) -> Result<Section> {
        let bad = |what: &str| Err(Error::corrupt(format!("directory: section {}: {what}", self.kind)));
        let kind = SectionKind(self.kind.get());
        let place = match self.place {
            0 => Place::Bulk,
            1 => Place::Levels,
            2 => Place::Metadata,
            _ => return bad("it is in no part of the file"),
        };
        let stride = self.stride.get();
        if known(kind) {
            if kind.place() != place {
                return bad("it is in the wrong part of the file");
            }
            let is_longer = stride > kind.stride() || self.zero != 0;
            if stride < kind.stride() || (is_strict && is_longer) {
                return bad("its stride is wrong");
            }
            let tables = if kind.is_of_table() { tables } else { 1 };
            if self.number.get() as usize >= tables {
                return bad("it is of no table");
            }
        } else if is_strict {
            return bad("its kind is unknown, and no feature names it");
        }
        Ok(Section {
            kind,
            place,
            number: self.number.get(),
            crc: self.crc.get(),
            stride,
            offset: self.offset.get(),
            length: self.length.get(),
        })
    }
}
