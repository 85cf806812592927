//! The directory: a file's tables, sections and features (spec, chapters 2.3 and 2.4).

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, Result};
use crate::format::ALIGN;
use crate::format::appended::{self, MAX_PARTS};
use crate::format::checksum::{Levels, PAGE};
use crate::format::features::{Feature, FeatureEntry, Scope, UnknownFeature};
use crate::format::header::{FOOTER, HEADER};
use crate::format::sections::{Place, Section, SectionEntry, SectionKind};
use crate::format::tables::{TableEntry, TableKind};

/// The numbers at the head of the directory. Entries may be longer than this crate knows them: a reader takes the part
/// that it knows.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Head {
    length: U32,
    page: U32,
    bulk_end: U64,
    features: U32,
    tables: U32,
    sections: U32,
    feature_stride: U16,
    table_stride: U16,
    section_stride: U16,
    zero: [u8; 30],
}

/// The directory, checked.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The end of the pages that checksums cover.
    pub bulk_end: u64,
    pub features: Vec<Feature>,
    /// Features that this reader does not know, none of which the whole file needs.
    pub unknown: Vec<UnknownFeature>,
    /// The table of the rows, then others.
    pub tables: Vec<TableEntry>,
    pub sections: Vec<Section>,
}

impl Directory {
    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            length: (size_of::<Head>() as u32).into(),
            page: (PAGE as u32).into(),
            bulk_end: self.bulk_end.into(),
            features: (self.features.len() as u32).into(),
            tables: (self.tables.len() as u32).into(),
            sections: (self.sections.len() as u32).into(),
            feature_stride: (size_of::<FeatureEntry>() as u16).into(),
            table_stride: (size_of::<TableEntry>() as u16).into(),
            section_stride: (size_of::<SectionEntry>() as u16).into(),
            zero: [0; 30],
        };
        let mut bytes = head.as_bytes().to_vec();
        for feature in &self.features {
            bytes.extend_from_slice(FeatureEntry::new(feature).as_bytes());
        }
        bytes.extend_from_slice(self.tables.as_bytes());
        for section in &self.sections {
            bytes.extend_from_slice(SectionEntry::new(section).as_bytes());
        }
        bytes
    }

    /// Reads and checks a directory at `offset` in its file. Features come first: a file that needs one that is not among
    /// the `known` ones is refused by that feature's name before anything else of it is judged. `summaries` are the kinds
    /// of sections that are summaries.
    ///
    /// # Errors
    /// `Unsupported` or `Corrupt`.
    pub fn read(bytes: &[u8], offset: u64, known: &[Feature], summaries: &[SectionKind]) -> Result<Self> {
        let (head, _) = Head::read_from_prefix(bytes).map_err(|_| bad("it is too short"))?;
        let mut rest = bytes.get(head.length.get() as usize..).ok_or_else(|| bad("it is too short"))?;
        let longer = bytes.get(size_of::<Head>()..head.length.get() as usize);
        let longer = longer.ok_or_else(|| bad("its head is too short"))?;
        let (entries, longer_features) = entries(&mut rest, head.features, head.feature_stride)?;
        let (features, unknown) = features(&entries, known)?;
        let (tables, longer_tables) = self::entries::<TableEntry>(&mut rest, head.tables, head.table_stride)?;
        let (sections, longer_sections) = self::entries(&mut rest, head.sections, head.section_stride)?;
        let is_longer = !longer.is_empty() || longer_features || longer_tables || longer_sections;
        if !rest.is_empty() {
            return Err(bad("its length does not fit its counts"));
        }
        if unknown.is_empty() && (is_longer || head.zero != [0; 30]) {
            return Err(bad("reserved bytes are not zero"));
        }
        if head.page.get() as usize != PAGE {
            return Err(bad("a page size that this version does not have"));
        }
        let is_strict = unknown.is_empty();
        check_tables(&tables, is_strict)?;
        let is_known = |kind| SectionKind::CORE.contains(&kind) || summaries.contains(&kind);
        let read = |entry: &SectionEntry| entry.read(is_known, tables.len(), is_strict);
        let sections = sections.iter().map(read).collect::<Result<_>>()?;
        let directory = Self { bulk_end: head.bulk_end.get(), features, unknown, tables, sections };
        directory.check_places(offset)?;
        Ok(directory)
    }

    /// The table of a kind, with its number.
    pub fn table(&self, kind: TableKind) -> Option<(u32, &TableEntry)> {
        (0..).zip(&self.tables).find(|(_, table)| table.kind() == kind)
    }

    /// The section of a kind, if the file has it; of the table of the rows, where tables have such sections.
    pub fn section(&self, kind: SectionKind) -> Option<&Section> {
        self.section_of(kind, 0)
    }

    /// The section of a kind that has a number: that of its table.
    pub fn section_of(&self, kind: SectionKind, number: u32) -> Option<&Section> {
        self.sections.iter().find(|s| s.kind == kind && s.number == number)
    }

    /// The checksum levels, lowest first.
    pub fn levels(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|s| s.kind == SectionKind::CHECKSUM_LEVEL)
    }

    /// The sections that an earlier directory described, in order.
    pub fn former(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|s| s.kind == SectionKind::FORMER)
    }

    /// Checks that what an earlier directory described ends where the footer before this one does, which is at `previous`, or 0.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn check_former(&self, previous: u64) -> Result<()> {
        if self.former().count() >= MAX_PARTS {
            return Err(bad(&format!("more than {MAX_PARTS} parts")));
        }
        let end = self.former().last().map_or(0, |s| s.offset.saturating_add(s.length));
        if previous.saturating_add(if previous > 0 { FOOTER } else { 0 }) != end {
            return Err(Error::corrupt("footer: the footer before it is not where the directory says"));
        }
        Ok(())
    }

    /// True if the file lists no feature that this reader does not know, so that reserved bytes are zero.
    pub fn is_strict(&self) -> bool {
        self.unknown.is_empty()
    }

    /// The part of a directory's bytes that its file's identity covers: up to the entry of that section.
    ///
    /// # Errors
    /// `Corrupt` if the bytes are of another directory.
    pub fn identified<'b>(&self, bytes: &'b [u8]) -> Result<&'b [u8]> {
        let later =
            self.sections.iter().skip_while(|s| (s.kind, s.number) != (SectionKind::IDENTITY, 0)).count();
        let (head, _) = Head::ref_from_prefix(bytes).map_err(|_| bad("it is too short"))?;
        let end = bytes.len().checked_sub(later * usize::from(head.section_stride.get()));
        end.and_then(|end| bytes.get(..end)).ok_or_else(|| bad("it is too short"))
    }

    /// The reason why a column of a table cannot be read, if it needs a feature that this reader does not know.
    pub fn unreadable(&self, table: u32, node: u32, group: u32) -> Option<String> {
        let mut required = self.unknown.iter().filter(|feature| feature.required);
        let found = required.find(|feature| match feature.scope {
            Scope::File => true,
            Scope::Table(t) => t == table,
            Scope::StorageGroup { table: t, group: g } => (t, g) == (table, group),
            Scope::Column { table: t, node: n } => (t, n) == (table, node),
        });
        found.map(UnknownFeature::reason)
    }

    /// True if the blocks of a storage group of a table are of this version.
    pub fn is_group_known(&self, table: u32, group: u32) -> bool {
        let own = [Scope::Table(table), Scope::StorageGroup { table, group }];
        !self.unknown.iter().any(|feature| feature.required && own.contains(&feature.scope))
    }

    /// Sections in order, aligned, without overlap; `bulk_end` and checksum levels as they must be.
    fn check_places(&self, directory_offset: u64) -> Result<()> {
        let mut end = HEADER;
        let mut bulk_end = HEADER;
        let mut place = Place::Bulk;
        let has_parts = self.features.contains(&appended::FEATURE);
        for (i, s) in self.sections.iter().enumerate() {
            let fits = s.offset.checked_add(s.length).is_some_and(|e| e <= directory_offset);
            if s.offset % ALIGN != 0 || s.offset < end || s.offset - end >= ALIGN || s.length == 0 || !fits {
                return Err(bad("sections overlap, leave gaps or lie outside the file"));
            }
            if s.stride > 0 && s.length % u64::from(s.stride) != 0 {
                return Err(bad("a section is not a whole number of entries"));
            }
            let repeated = self.sections[..i].iter().any(|t| (t.kind, t.number) == (s.kind, s.number));
            let is_of_part = (s.kind, s.number) == (SectionKind::BLOCKS, 0) || s.kind == SectionKind::FORMER;
            let may_repeat = s.kind == SectionKind::CHECKSUM_LEVEL || (is_of_part && has_parts);
            if repeated && !may_repeat {
                return Err(bad("a section occurs twice"));
            }
            if s.place < place {
                return Err(bad("sections are out of order"));
            }
            (place, end) = (s.place, s.offset + s.length);
            if place == Place::Bulk {
                bulk_end = end;
            }
        }
        let follows = directory_offset.checked_sub(end).is_some_and(|gap| gap < ALIGN);
        if !follows || !directory_offset.is_multiple_of(ALIGN) {
            return Err(bad("it does not follow the last section"));
        }
        if self.bulk_end != bulk_end {
            return Err(bad("the checksummed part ends in the wrong place"));
        }
        if !self.levels().map(|s| s.length).eq(Levels::lengths(bulk_end)) {
            return Err(bad("the checksum levels do not fit the checksummed part"));
        }
        let mut last = self.sections.iter().rev().map(|s| (s.kind, s.number));
        let (created_by, identity) = ((SectionKind::CREATED_BY, 0), (SectionKind::IDENTITY, 0));
        let is_identified = if self.is_strict() {
            (last.next(), last.next()) == (Some(created_by), Some(identity))
        } else {
            last.any(|s| s == created_by) && last.any(|s| s == identity)
        };
        if !is_identified {
            return Err(bad("its last sections are not the identity and the name of the writer"));
        }
        for (number, table) in (0..).zip(&self.tables) {
            let blocks = self.section_of(SectionKind::BLOCK_TABLE, number).map_or(0, Section::entries);
            let known = table.kind().is_known();
            if known && Some(blocks) != table.blocks() {
                return Err(bad("the number of segments does not fit the block table"));
            }
            let own = match table.kind() {
                TableKind::CONDENSED => vec![SectionKind::TABLE_SCHEMA, SectionKind::BLOCKS],
                TableKind::STATISTICS => vec![SectionKind::BLOCKS],
                _ if number == 0 => vec![SectionKind::SCHEMA, SectionKind::BLOCKS],
                _ => vec![SectionKind::SCHEMA],
            };
            let is_schema = |kind| [SectionKind::SCHEMA, SectionKind::TABLE_SCHEMA].contains(&kind);
            let schema = own.iter().find(|kind| is_schema(**kind));
            if known && schema.is_some_and(|&kind| self.section_of(kind, number).is_none()) {
                return Err(bad("a table has no schema"));
            }
            let mut others =
                [SectionKind::BLOCKS, SectionKind::SCHEMA, SectionKind::TABLE_SCHEMA].into_iter();
            let others = others.find(|kind| !own.contains(kind) && self.section_of(*kind, number).is_some());
            if let Some(kind) = others.filter(|_| known) {
                return Err(bad(&format!("section {}: it is of no table", kind.0)));
            }
        }
        Ok(())
    }
}

/// Most tables of a file.
pub const MAX_TABLES: usize = 4096;

/// Bytes from the end of a file that usually hold everything an open needs.
pub const TAIL: u64 = 64 * 1024;
const _: () = assert!(TAIL > FOOTER);

fn bad(what: &str) -> Error {
    Error::corrupt(format!("directory: {what}"))
}

/// Takes so many entries from `rest`, the known part of each; true if what follows that part anywhere is not zero.
fn entries<T: FromBytes + KnownLayout + Immutable>(
    rest: &mut &[u8],
    count: U32,
    stride: U16,
) -> Result<(Vec<T>, bool)> {
    let (count, stride) = (count.get() as usize, usize::from(stride.get()));
    if stride < size_of::<T>() {
        return Err(bad("its entries are too short"));
    }
    let length = count.checked_mul(stride).filter(|&length| length <= rest.len());
    let (own, later) = rest.split_at(length.ok_or_else(|| bad("its length does not fit its counts"))?);
    *rest = later;
    let mut is_longer = false;
    let mut entries = Vec::new();
    for bytes in own.chunks_exact(stride) {
        let (entry, more) = T::read_from_prefix(bytes).map_err(|_| bad("its entries are too short"))?;
        is_longer |= more.iter().any(|&b| b != 0);
        entries.push(entry);
    }
    Ok((entries, is_longer))
}

/// Checks tables: the rows first, then at most one of each kind, or of each list; rows and segments that go together.
fn check_tables(tables: &[TableEntry], is_strict: bool) -> Result<()> {
    if tables.first().map(TableEntry::kind) != Some(TableKind::ROWS) {
        return Err(bad("the first table is not that of the rows"));
    }
    if tables.len() > MAX_TABLES {
        return Err(bad(&format!("{} tables are more than {MAX_TABLES}", tables.len())));
    }
    for (number, table) in tables.iter().enumerate() {
        if table.kind().is_known() {
            let same = |other: &TableEntry| (other.kind(), other.list()) == (table.kind(), table.list());
            if tables[..number].iter().any(same) {
                return Err(bad("a kind of table, or a table of the same list, occurs twice"));
            }
            if table.list().is_some_and(|(parent, _)| parent as usize >= number) {
                return Err(bad("a table of items comes before that of their lists"));
            }
            table.check(is_strict)?;
        } else if is_strict {
            return Err(bad(&format!("table {number} is of an unknown kind")));
        }
    }
    Ok(())
}

/// The features among the known ones, and others, none of which the whole file needs.
fn features(entries: &[FeatureEntry], known: &[Feature]) -> Result<(Vec<Feature>, Vec<UnknownFeature>)> {
    let (mut own, mut unknown) = (Vec::new(), Vec::new());
    for entry in entries {
        let feature = entry.read()?;
        match known.iter().find(|f| f.id == entry.id()) {
            Some(&known) => own.push(known),
            None if feature.required && matches!(feature.scope, Scope::File | Scope::Table(0)) => {
                return Err(feature.refusal());
            }
            None => unknown.push(feature),
        }
    }
    if !entries.is_sorted_by(|a, b| a.order() < b.order()) {
        return Err(bad("features are out of order"));
    }
    Ok((own, unknown))
}
