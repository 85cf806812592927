//! Where every byte of a file is.

use std::collections::BTreeMap;

use crate::bits::id_bits;
use crate::codec::head::BlockHead;
use crate::codec::packed_head::is_packed;
use crate::codec::piece::{Piece, PieceKind};
use crate::codec::strings::dictionary_entry::DictionaryEntry;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::header::{FOOTER, HEADER};
use crate::format::part::FilePart;
use crate::format::sections::{Section, SectionKind};
use crate::format::tables::TableKind;
use crate::read::reader::Reader;
use crate::read::table::TableView;
use crate::summary::SUMMARIES;

/// Where every byte of a file is, and what other layouts would take.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Bytes by part; they add up to the file's length.
    pub parts: BTreeMap<FilePart, u64>,
    /// Bytes of the whole file.
    pub file_length: u64,
    /// Bytes of the file if records were bit-packed in the lanes' widths, without bases.
    pub plain_length: u64,
    /// Equation 1 of the paper without its parameters, in bytes: bases, rows and condensed samples in
    /// records, weights; no container.
    pub paper_bytes: u64,
    /// Bases of all blocks.
    pub bases: u64,
    /// Bits of a record before and after: the mean over rows of `l_t`, and of base id and deviation.
    pub bits_per_row: (f64, f64),
}

/// A piece of the file: place, length, what it is.
pub(crate) type Extent = (u64, u64, FilePart);

impl<S: ByteSource> Reader<S> {
    /// Where every byte is. Reads the block tables, not the records.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn account(&self) -> Result<Account> {
        let mut parts: BTreeMap<FilePart, u64> = BTreeMap::new();
        let mut used = 0u64;
        for (_, length, part) in self.extents()? {
            let bytes = parts.entry(part).or_default();
            *bytes = bytes.saturating_add(length);
            used = used.saturating_add(length);
        }
        let file_length = self.file_length();
        let padding = file_length.checked_sub(used);
        parts.insert(FilePart::Padding, padding.ok_or_else(|| Error::corrupt("pieces of the file overlap"))?);
        let (mut plain, mut paper, mut before, mut after, mut bases) = (0u128, 0u128, 0u128, 0u128, 0u64);
        let mut sets = 0u64;
        for table in self.table.all() {
            let lanes = u64::from(table.schema.lanes());
            sets = sets.saturating_add(table.segments.saturating_mul(lanes * LaneTransform::SIZE));
            for number in table.known_blocks() {
                let head = BlockHead::parse(&table.entry(&self.pages, number)?)?;
                plain += head.records.usage(table.lanes_of(number)).packed_bits.div_ceil(8);
            }
        }
        for number in self.table.known_blocks() {
            let head = BlockHead::parse(&self.table.entry(&self.pages, number)?)?;
            let usage = head.records.usage(self.table.lanes_of(number));
            paper += usage.paper_bits;
            before += usage.packed_bits;
            after += head.records.records().bits;
            bases = bases.saturating_add(usage.bases);
        }
        let rows = self.rows().max(1) as f64;
        let m = self.cells()?.map_or(0, |c| c.cells);
        let record = after.div_ceil(u128::from(self.rows().max(1)));
        paper += u128::from(m) * (record + u128::from(id_bits(self.rows())));
        // A part that no segment has takes no bytes.
        let of = |part| parts.get(&part).copied().unwrap_or(0);
        let own = of(FilePart::Records) + of(FilePart::Bases) + of(FilePart::Layouts) + of(FilePart::Offsets);
        // Plain packing keeps the transforms; it needs no layouts and no bases.
        let plain = (u128::from(file_length) + plain).saturating_sub(own.into());
        let plain = plain + u128::from(sets.min(of(FilePart::Layouts)));
        let bytes = |n: u128| u64::try_from(n).unwrap_or(u64::MAX);
        Ok(Account {
            file_length,
            plain_length: bytes(plain),
            paper_bytes: bytes(paper.div_ceil(8)),
            bases,
            bits_per_row: (before as f64 / rows, after as f64 / rows),
            parts,
        })
    }

    /// Every piece of the file, by place; transform sets that blocks share occur once.
    pub(crate) fn extents(&self) -> Result<Vec<Extent>> {
        let mut all = vec![(0, HEADER, FilePart::Frame)];
        let length = self.file_length();
        all.push((self.footer.directory_offset.get(), self.footer.directory_length.get(), FilePart::Frame));
        all.push((length.saturating_sub(FOOTER), FOOTER, FilePart::Frame));
        for section in &self.directory.sections {
            let part = match section.kind {
                SectionKind::BLOCKS => continue,
                SectionKind::BLOCK_TABLE if self.is_of(section, TableKind::STATISTICS) => {
                    FilePart::Statistics
                }
                SectionKind::BLOCK_TABLE if !self.is_of(section, TableKind::CONDENSED) => {
                    FilePart::BlockTable
                }
                SectionKind::DICTIONARY_TABLE => FilePart::Dictionaries,
                SectionKind::BLOCK_TABLE | SectionKind::TABLE_SCHEMA | SectionKind::CELLS => {
                    FilePart::Condensed
                }
                SectionKind::SAMPLE_INDEX | SectionKind::CLASS_TABLE => FilePart::SampleIndex,
                SectionKind::FORMER => FilePart::Former,
                SectionKind::CHECKSUM_LEVEL => FilePart::Checksums,
                SectionKind::SCHEMA | SectionKind::IMAGE_ERRORS => FilePart::Schema,
                SectionKind::ARROW_SCHEMA => FilePart::ArrowSchema,
                SectionKind::KEY_VALUES => FilePart::KeyValues,
                SectionKind::IDENTITY | SectionKind::CREATED_BY => FilePart::Identity,
                kind => {
                    let known = SUMMARIES.iter().find(|summary| summary.section == kind);
                    known.map_or(FilePart::Unknown, |summary| summary.part)
                }
            };
            all.push((section.offset, section.length, part));
        }
        let mut sets = Vec::new();
        for table in self.table.all() {
            self.block_extents(table, None, &mut all, &mut sets)?;
        }
        if let Some(condensed) = self.stored_condensed()? {
            self.block_extents(condensed, Some(FilePart::Condensed), &mut all, &mut sets)?;
        }
        if let Some(statistics) = self.statistics_table()? {
            self.block_extents(&statistics.view, Some(FilePart::Statistics), &mut all, &mut sets)?;
        }
        sets.sort_unstable();
        sets.dedup();
        all.extend(sets);
        for number in 0..self.dictionaries.count() {
            let entry: DictionaryEntry = self.dictionaries.entry(&self.pages, number)?;
            all.push((entry.offset.get(), entry.length.get(), FilePart::Dictionaries));
        }
        all.sort_unstable();
        Ok(all)
    }

    /// True for a section of the table of a kind.
    fn is_of(&self, section: &Section, kind: TableKind) -> bool {
        self.directory.table(kind).is_some_and(|(number, _)| number == section.number)
    }

    fn block_extents(
        &self,
        table: &TableView,
        whole: Option<FilePart>,
        all: &mut Vec<Extent>,
        sets: &mut Vec<Extent>,
    ) -> Result<()> {
        for number in table.known_blocks() {
            let head = BlockHead::parse(&table.entry(&self.pages, number)?)?;
            let lanes = if head.records.has_transforms() { table.lanes_of(number) } else { 0 };
            let set = u64::from(lanes) * LaneTransform::SIZE;
            let part_of = |part| whole.unwrap_or(part);
            let mut add = |offset, length, part| all.push((offset, length, part_of(part)));
            if set > 0 && !is_packed(&head, lanes.into()) {
                sets.push((head.transforms, set, part_of(FilePart::Layouts)));
            }
            for (kind, Piece { offset, length }) in head.pieces()? {
                let part = match kind {
                    PieceKind::Layout => FilePart::Layouts,
                    PieceKind::Bases => FilePart::Bases,
                    PieceKind::Records => FilePart::Records,
                    PieceKind::Exceptions => FilePart::Exceptions,
                    PieceKind::Heap => FilePart::Heaps,
                    PieceKind::Offsets => FilePart::Offsets,
                    PieceKind::Lists => FilePart::Lists,
                };
                add(offset, length, part);
            }
        }
        Ok(())
    }
}
