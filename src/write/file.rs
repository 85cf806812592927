//! The file as it grows: blocks and dictionaries, then tables, checksums, metadata, directory, footer.

use std::collections::BTreeSet;
use std::path::Path;

use zerocopy::IntoBytes;

use crate::codec::block_entry::BlockEntry;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::head::BlockHead;
use crate::codec::images;
use crate::codec::lists;
use crate::codec::packed_head;
use crate::codec::strings::dictionary_entry::DictionaryEntry;
use crate::codec::strings::encode::StoredDictionary;
use crate::codec::transform;
use crate::codec::transform::exceptions;
use crate::error::{Error, ErrorKind, Result};
use crate::files::file_system::FileSystem;
use crate::files::scratch_space::ScratchSpace;
use crate::format::checksum::{PAGE, crc};
use crate::format::created_by::CREATED_BY;
use crate::format::directory::{Directory, MAX_TABLES};
use crate::format::features::Feature;
use crate::format::header::{EndPlace, Footer, HEADER, Header};
use crate::format::identity::Identity;
use crate::format::schema::Schema;
use crate::format::sections::{Place, Section, SectionKind};
use crate::format::tables::{TableEntry, TableKind};
use crate::summary::cells::section::CellsSection;
use crate::summary::{cells, statistics};
use crate::write::blocks::Blocks;
use crate::write::commit::Pending;
use crate::write::read_back;

/// Condensed samples: their table, of no rows if readers compute them, and how cells were cut.
pub(crate) struct SampleTable {
    pub schema: Schema,
    pub blocks: Blocks,
    pub cells: CellsSection,
}

/// A gede file being written.
pub(crate) struct FileWriter<'s> {
    pub(super) out: Pending<'s>,
    pub(super) dictionaries: Vec<DictionaryEntry>,
    pub(super) features: BTreeSet<Feature>,
    pub(super) tables: Vec<TableEntry>,
    pub(super) sections: Vec<Section>,
    /// The schemas of the rows and of items, by the numbers of their tables.
    pub(super) schemas: Vec<(u32, Vec<u8>)>,
    /// The offset of the blocks of the table that is written.
    pub(super) start: u64,
    /// The offset of the footer of the file that rows are appended to, or 0.
    pub(super) previous: u64,
    /// The place in the header for the end.
    pub(super) place: usize,
}

impl<'s> FileWriter<'s> {
    /// Starts a file.
    pub fn create(file_system: &'s dyn FileSystem, path: &Path, overwrite: bool) -> Result<Self> {
        let out = Pending::create(file_system, path, overwrite, Header::new().as_bytes())?;
        Ok(Self {
            out,
            dictionaries: Vec::new(),
            features: BTreeSet::new(),
            tables: Vec::new(),
            sections: Vec::new(),
            schemas: Vec::new(),
            start: HEADER,
            previous: 0,
            place: 0,
        })
    }

    /// The place for what does not fit into memory.
    pub fn scratch_space(&self) -> ScratchSpace<'s> {
        self.out.scratch_space()
    }

    /// Writes a dictionary and returns its number.
    pub fn dictionary(&mut self, stored: &StoredDictionary) -> Result<u32> {
        let number = self.dictionaries.len() as u32;
        self.dictionaries.push(stored.entry(self.out.piece(&stored.bytes)?));
        self.features.extend(stored.kind.features());
        Ok(number)
    }

    /// Writes the next segment of a table: a block for each storage group.
    pub fn segment(
        &mut self,
        schema: &Schema,
        blocks: &mut Blocks,
        segment: Vec<EncodedBlock>,
    ) -> Result<()> {
        blocks.transforms.resize_with(segment.len(), Default::default);
        let rows = segment[0].entry.rows.get(); // storage group 0 has a block, if an empty one
        for (group, block) in segment.into_iter().enumerate() {
            let entry = self.block(blocks, group, block)?;
            self.features.extend(schema.has_images(group as u32).then_some(images::FEATURE));
            blocks.entries.push(BlockEntry { first_row: blocks.rows.into(), ..entry });
        }
        blocks.segments.push(rows);
        blocks.rows += rows;
        Ok(())
    }

    fn block(&mut self, blocks: &mut Blocks, group: usize, mut block: EncodedBlock) -> Result<BlockEntry> {
        for own in &block.dictionaries {
            let number = self.dictionary(&own.stored)?;
            block.transforms[own.lane].dictionary = number.into();
        }
        for transform in &block.transforms {
            self.features.extend(transform::features(transform)?);
        }
        let (last, at) = &mut blocks.transforms[group];
        let transforms = match last.as_slice() == block.transforms.as_bytes() {
            true => *at,
            false if packed_head::pack(&mut block)? => {
                self.features.insert(packed_head::FEATURE);
                0
            }
            false => {
                let set = block.transforms.as_bytes();
                (*last, *at) = (set.to_vec(), self.out.piece(set)?);
                *at
            }
        };
        let entry = block.placed(transforms, |bytes| self.out.piece(bytes))?;
        self.features.extend(BlockHead::parse(&entry)?.records.features());
        self.features.extend((!block.exceptions.is_empty()).then_some(exceptions::FEATURE));
        Ok(entry)
    }

    /// Bytes so far.
    pub fn written(&self) -> u64 {
        self.out.at()
    }

    /// Ends the blocks of the rows and of the items of their lists: what follows is found by sections of its own.
    pub fn end_rows(&mut self) {
        let mut blocks = Section::new(SectionKind::BLOCKS, 0, self.start);
        blocks.length = self.out.at() - self.start;
        self.close_section(blocks);
        self.start = self.out.at();
    }

    /// Writes the tables that find blocks: the rows, the items of their lists, condensed samples, whose blocks follow those
    /// of the rows, and statistics.
    pub fn tables(
        &mut self,
        schema: &Schema,
        rows: &Blocks,
        samples: Option<&SampleTable>,
        statistics: Vec<EncodedBlock>,
    ) -> Result<()> {
        // Blocks of a table have a section of their own, so that statistics are read without the rows' pages, and all but the
        // rows is left behind when rows are appended.
        let number = 1 + schema.tables_of_items();
        let samples_start = crate::format::align(self.start);
        let mut section = Section::new(SectionKind::BLOCKS, number, samples_start);
        section.length = self.out.at().saturating_sub(samples_start);
        self.close_section(section);
        let number = number + u32::from(samples.is_some());
        let mut section = Section { number, ..self.open_section(SectionKind::BLOCKS) };
        let mut own = Blocks::default();
        for block in statistics {
            self.segment(schema, &mut own, vec![block])?;
        }
        section.length = self.out.at().saturating_sub(section.offset);
        self.close_section(section);
        self.table(rows.table(TableKind::ROWS, schema.groups()), schema, rows)?;
        let dictionaries = std::mem::take(&mut self.dictionaries);
        self.section(SectionKind::DICTIONARY_TABLE, dictionaries.as_bytes())?;
        if let Some(SampleTable { schema, blocks, cells }) = samples {
            let number = self.tables.len() as u32;
            self.tables.push(blocks.table(TableKind::CONDENSED, schema.groups()));
            self.section_of(SectionKind::BLOCK_TABLE, number, blocks.entries.as_bytes())?;
            self.section_of(SectionKind::TABLE_SCHEMA, number, &schema.to_bytes())?;
            self.section(SectionKind::CELLS, &cells.to_bytes())?;
            self.feature(cells::section::FEATURE);
        }
        if own.segments() > 0 {
            debug_assert_eq!(number as usize, self.tables.len());
            self.tables.push(own.table(TableKind::STATISTICS, 1));
            self.section_of(SectionKind::BLOCK_TABLE, number, own.entries.as_bytes())?;
            self.feature(statistics::FEATURE);
        }
        Ok(())
    }

    /// Writes the block table of a table, then those of the items of its lists.
    fn table(&mut self, entry: TableEntry, schema: &Schema, blocks: &Blocks) -> Result<()> {
        let number = self.tables.len() as u32;
        if self.tables.len() == MAX_TABLES {
            let what = format!("more than {MAX_TABLES} lists: store some of them in files of their own");
            return Err(Error::new(ErrorKind::Type, what));
        }
        self.tables.push(entry);
        self.schemas.push((number, schema.to_bytes()));
        self.section_of(SectionKind::BLOCK_TABLE, number, blocks.entries.as_bytes())?;
        for ((node, schema), items) in schema.lists().zip(&blocks.items) {
            self.features.insert(lists::FEATURE);
            let entry = items.table(TableKind::ITEMS, schema.groups()).of_list(number, node as u32);
            self.table(entry, schema, items)?;
        }
        Ok(())
    }

    /// Writes a section, if it has any bytes.
    pub fn section(&mut self, kind: SectionKind, bytes: &[u8]) -> Result<()> {
        self.section_of(kind, 0, bytes)
    }

    /// Writes a section of the table of that number, if it has any bytes.
    fn section_of(&mut self, kind: SectionKind, number: u32, bytes: &[u8]) -> Result<()> {
        let mut section = Section { number, ..self.open_section(kind) };
        section.crc = if section.place == Place::Metadata { crc(bytes) } else { 0 };
        self.part(&mut section, bytes)?;
        self.close_section(section);
        Ok(())
    }

    /// Starts a bulk section that is written part by part.
    pub fn open_section(&mut self, kind: SectionKind) -> Section {
        Section::new(kind, 0, crate::format::align(self.out.at()))
    }

    /// Appends to the open section.
    pub fn part(&mut self, section: &mut Section, bytes: &[u8]) -> Result<()> {
        if section.length == 0 && !bytes.is_empty() {
            self.out.align()?;
        }
        section.length += bytes.len() as u64;
        self.out.write(bytes)
    }

    /// Ends a section.
    pub fn close_section(&mut self, section: Section) {
        if section.length > 0 {
            self.sections.push(section);
        }
    }

    /// Notes a feature that the file uses.
    pub fn feature(&mut self, feature: Feature) {
        self.features.insert(feature);
    }

    /// Writes checksum levels, metadata, directory and footer, and gives the file its name. Returns its length.
    pub fn finish(mut self, metadata: &[(SectionKind, Vec<u8>)]) -> Result<u64> {
        let bulk_end = self.out.at();
        let mut level = self.out.take_sums();
        loop {
            let above: Vec<u8> = level.chunks(PAGE).flat_map(|p| crc(p).to_le_bytes()).collect();
            let mut section = self.open_section(SectionKind::CHECKSUM_LEVEL);
            self.part(&mut section, &level)?;
            let last = level.len() <= PAGE;
            section.crc = if last { crc(&level) } else { 0 };
            self.close_section(section);
            if last {
                break;
            }
            level = above;
        }
        for (number, bytes) in std::mem::take(&mut self.schemas) {
            self.section_of(SectionKind::SCHEMA, number, &bytes)?;
        }
        for (kind, bytes) in metadata {
            self.section(*kind, bytes)?;
        }
        let rows: Vec<u64> = self.tables.iter().map(TableEntry::rows).collect();
        let directory = Directory {
            bulk_end,
            features: self.features.iter().copied().collect(),
            unknown: Vec::new(),
            tables: std::mem::take(&mut self.tables),
            sections: std::mem::take(&mut self.sections),
        };
        let directory = self.identify(directory)?;
        let offset = self.out.piece(&directory)?;
        let length = self.out.align()? + crate::format::header::FOOTER;
        self.out.write(Footer::new(length, offset, &directory, self.previous).as_bytes())?;
        let mark = (EndPlace::offset(self.place), EndPlace::new(length).as_bytes().to_vec());
        self.out.commit(|written| read_back::check_file(written, length, &rows), mark)?;
        Ok(length)
    }

    /// Writes the identity and then the name of the writer, which is outside of it. Returns the directory's bytes.
    fn identify(&mut self, mut directory: Directory) -> Result<Vec<u8>> {
        let mut identity = Section::new(SectionKind::IDENTITY, 0, self.out.align()?);
        identity.length = Identity::LENGTH as u64;
        let at = crate::format::align(identity.offset + identity.length);
        let mut created_by = Section::new(SectionKind::CREATED_BY, 0, at);
        (created_by.length, created_by.crc) = (CREATED_BY.len() as u64, crc(CREATED_BY.as_bytes()));
        directory.sections.extend([identity, created_by]);
        let found = self.out.identity(directory.identified(&directory.to_bytes())?);
        self.out.piece(found.as_bytes())?;
        self.out.piece(CREATED_BY.as_bytes())?;
        identity.crc = crc(found.as_bytes());
        directory.sections.truncate(directory.sections.len() - 2);
        directory.sections.extend([identity, created_by]);
        Ok(directory.to_bytes())
    }
}
