//! The directory: what a file holds, where, and what a reader must know (spec, sections 2.3 and 2.4).

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, ErrorKind, Result};
use crate::format::checksum::{Levels, PAGE};
use crate::format::header::{FOOTER, HEADER};
use crate::format::{ALIGN, VERSION};

/// A kind of section. A kind that this crate does not know is skipped; what a reader must not skip
/// is a required feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectionKind(pub u32);

impl SectionKind {
    pub const BLOCKS: Self = Self(1);
    pub const BLOCK_TABLE: Self = Self(2);
    pub const DICTIONARY_TABLE: Self = Self(3);
    pub const CONDENSED_TABLE: Self = Self(4);
    pub const SAMPLE_INDEX: Self = Self(6);
    pub const CLASS_TABLE: Self = Self(7);
    pub const CHECKSUM_LEVEL: Self = Self(16);
    pub const SCHEMA: Self = Self(32);
    pub const CONDENSED_SCHEMA: Self = Self(33);
    pub const ARROW_SCHEMA: Self = Self(34);
    pub const CELLS: Self = Self(35);
    pub const IMAGE_ERRORS: Self = Self(36);

    /// Bytes of one of its entries, 0 if it has none.
    pub fn stride(self) -> u32 {
        match self {
            Self::BLOCK_TABLE | Self::CONDENSED_TABLE => 128,
            Self::DICTIONARY_TABLE => 32,
            Self::CHECKSUM_LEVEL => 4,
            _ => 0,
        }
    }

    /// True if it lies in the pages that the checksum levels cover.
    pub fn is_bulk(self) -> bool {
        self < Self::CHECKSUM_LEVEL
    }

    /// True if its CRC is in the directory and checked at open.
    pub fn is_metadata(self) -> bool {
        self > Self::CHECKSUM_LEVEL
    }
}

/// The numbers at the head of the directory.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Head {
    pub rows: U64,
    pub segment_rows: U64,
    pub bulk_end: U64,
    pub sections: U32,
    pub features: U32,
    pub storage_groups: U32,
    pub page: U32,
    pub segments: U64,
    pub condensed_rows: U64,
    pub condensed_segments: U64,
}

/// One section.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub kind: SectionKind,
    pub crc: u32,
    pub offset: u64,
    pub length: u64,
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct SectionEntry {
    kind: U32,
    crc: U32,
    offset: U64,
    length: U64,
    stride: U32,
    zero: U32,
}

/// A feature that a file may use. Each is declared in the room that implements it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    pub id: u16,
    pub required: bool,
    pub since: (u16, u16),
    pub name: &'static str,
}

impl Feature {
    /// A feature without which a file cannot be read.
    pub const fn required(id: u16, name: &'static str) -> Self {
        Self { id, required: true, since: (1, 0), name }
    }

    /// A feature whose absence leaves the rest of a file readable.
    pub const fn optional(id: u16, name: &'static str) -> Self {
        Self { id, required: false, since: (1, 0), name }
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct FeatureEntry {
    id: U16,
    required: u8,
    zero: u8,
    major: U16,
    minor: U16,
    name: [u8; 24],
}

/// The directory, checked.
#[derive(Clone, Debug)]
pub struct Directory {
    pub head: Head,
    pub sections: Vec<Section>,
    pub features: Vec<Feature>,
}

impl Directory {
    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = self.head;
        head.sections = (self.sections.len() as u32).into();
        head.features = (self.features.len() as u32).into();
        let mut bytes = head.as_bytes().to_vec();
        for section in &self.sections {
            let entry = SectionEntry {
                kind: section.kind.0.into(),
                crc: section.crc.into(),
                offset: section.offset.into(),
                length: section.length.into(),
                stride: section.kind.stride().into(),
                zero: 0.into(),
            };
            bytes.extend_from_slice(entry.as_bytes());
        }
        for feature in &self.features {
            let mut entry = FeatureEntry::new_zeroed();
            entry.id = feature.id.into();
            entry.required = feature.required.into();
            (entry.major, entry.minor) = (feature.since.0.into(), feature.since.1.into());
            for (to, from) in entry.name.iter_mut().zip(feature.name.bytes()) {
                *to = from;
            }
            bytes.extend_from_slice(entry.as_bytes());
        }
        bytes
    }

    /// Reads and checks a directory at `offset` in its file: required features among the `known` ones, sections in
    /// order, aligned, without overlap, `bulk_end` and checksum levels as they must be.
    pub fn read(bytes: &[u8], offset: u64, known: &[Feature]) -> Result<Self> {
        let bad = |what: &str| Error::corrupt(format!("directory: {what}"));
        let (head, rest) = Head::read_from_prefix(bytes).map_err(|_| bad("too short"))?;
        let (sections, features) = (head.sections.get() as usize, head.features.get() as usize);
        if rest.len() as u128 != (sections as u128 + features as u128) * 32 {
            return Err(bad("its length does not fit its counts"));
        }
        let (sections, rest) = <[SectionEntry]>::ref_from_prefix_with_elems(rest, sections)
            .map_err(|_| bad("its sections are cut short"))?;
        let features =
            <[FeatureEntry]>::ref_from_bytes(rest).map_err(|_| bad("its features are cut short"))?;
        let features =
            features.iter().filter_map(|f| known_feature(f, known).transpose()).collect::<Result<_>>()?;
        let sections = sections.iter().map(known_section).collect::<Result<Vec<_>>>()?;
        let directory = Self { head, sections, features };
        directory.check(offset)?;
        Ok(directory)
    }

    /// The section of a kind, if the file has it.
    pub fn section(&self, kind: SectionKind) -> Option<&Section> {
        self.sections.iter().find(|s| s.kind == kind)
    }

    /// The checksum levels, lowest first.
    pub fn levels(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|s| s.kind == SectionKind::CHECKSUM_LEVEL)
    }

    fn check(&self, directory_offset: u64) -> Result<()> {
        let bad = |what: &str| Err(Error::corrupt(format!("directory: {what}")));
        let head = &self.head;
        if head.page.get() as usize != PAGE || head.storage_groups.get() == 0 {
            return bad("a page size or a number of storage groups that this version does not have");
        }
        let mut end = HEADER;
        let mut bulk_end = HEADER;
        for (i, s) in self.sections.iter().enumerate() {
            let fits = s.offset.checked_add(s.length).is_some_and(|e| e <= directory_offset);
            if s.offset % ALIGN != 0 || s.offset < end || s.offset - end >= ALIGN || s.length == 0 || !fits {
                return bad("sections overlap, leave gaps or lie outside the file");
            }
            if s.kind.stride() > 0 && s.length % u64::from(s.kind.stride()) != 0 {
                return bad("a section is not a whole number of entries");
            }
            let repeated = self.sections.iter().take(i).any(|t| t.kind == s.kind);
            if repeated && s.kind != SectionKind::CHECKSUM_LEVEL {
                return bad("a section occurs twice");
            }
            end = s.offset + s.length;
            if s.kind.is_bulk() {
                bulk_end = end;
            }
        }
        if directory_offset < end
            || directory_offset - end >= ALIGN
            || !directory_offset.is_multiple_of(ALIGN)
        {
            return bad("it does not follow the last section");
        }
        if head.bulk_end.get() != bulk_end {
            return bad("the checksummed part ends in the wrong place");
        }
        if !self.levels().map(|s| s.length).eq(Levels::lengths(bulk_end)) {
            return bad("the checksum levels do not fit the checksummed part");
        }
        let order = |s: &Section| (s.kind.is_metadata(), !s.kind.is_bulk());
        if !self.sections.is_sorted_by_key(order) {
            return bad("sections are out of order");
        }
        let entries = |kind, size: u64| self.section(kind).map_or(0, |s| s.length / size);
        let blocks = head.segments.get().checked_mul(head.storage_groups.get().into());
        if Some(entries(SectionKind::BLOCK_TABLE, 128)) != blocks
            || entries(SectionKind::CONDENSED_TABLE, 128) != head.condensed_segments.get()
        {
            return bad("the number of segments does not fit the block table");
        }
        let empty = |rows: U64, segments: U64| (rows.get() == 0) == (segments.get() == 0);
        let (rows, per) = (head.rows.get(), head.segment_rows.get());
        if !empty(head.rows, head.segments)
            || !empty(head.condensed_rows, head.condensed_segments)
            || (per > 0 && rows.div_ceil(per) != head.segments.get())
        {
            return bad("the number of rows does not fit the number of segments");
        }
        if self.section(SectionKind::SCHEMA).is_none() {
            return bad("there is no schema");
        }
        Ok(())
    }
}

/// Bytes from the end of a file that usually hold everything an open needs.
pub const TAIL: u64 = 64 * 1024;
const _: () = assert!(TAIL > FOOTER);

fn known_feature(entry: &FeatureEntry, known: &[Feature]) -> Result<Option<Feature>> {
    let known = known.iter().copied().find(|f| f.id == entry.id.get());
    if entry.required > 1 || entry.zero != 0 {
        return Err(Error::corrupt("directory: a feature is neither required nor optional"));
    }
    if known.is_none() && entry.required == 1 {
        let name: String = entry.name.iter().take_while(|&&b| b != 0).map(|&b| char::from(b)).collect();
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "it uses the feature \"{}\" of format {}.{}; this reader knows {}.{}: use a newer gede",
                name.escape_default(),
                entry.major,
                entry.minor,
                VERSION.0,
                VERSION.1
            ),
        ));
    }
    Ok(known)
}

fn known_section(entry: &SectionEntry) -> Result<Section> {
    let kind = SectionKind(entry.kind.get());
    if (kind.stride() > 0 && entry.stride.get() != kind.stride()) || entry.zero.get() != 0 {
        return Err(Error::corrupt("directory: a section's stride is wrong"));
    }
    Ok(Section { kind, crc: entry.crc.get(), offset: entry.offset.get(), length: entry.length.get() })
}
