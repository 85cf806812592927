//! Checks that pieces cover the file, and that the file lists the features that it uses.

use std::collections::BTreeSet;

use zerocopy::FromBytes;

use crate::codec::head::BlockHead;
use crate::codec::packed_head::{self, HeadBytes};
use crate::codec::transform::lane_transform::LaneTransform;
use crate::codec::transform::{self, exceptions};
use crate::codec::{images, lists};
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::appended;
use crate::format::features::Feature;
use crate::format::header::{FOOTER, Named};
use crate::format::part::FilePart;
use crate::format::sections::{Section, SectionKind};
use crate::format::tables::{TableEntry, TableKind};
use crate::format::{ALIGN, align};
use crate::read::reader::Reader;
use crate::read::table::TableView;
use crate::summary::{SUMMARIES, cells, sample_index, statistics};

impl<S: ByteSource> Reader<S> {
    /// Pieces follow one another, aligned, with nothing but zeros between.
    pub(crate) fn check_cover(&self) -> Result<()> {
        let mut end = 0;
        // Bytes of a blocks section that no known piece holds may belong to a feature that this reader does not know.
        let blocks = self.directory.sections.iter().filter(|s| s.kind == SectionKind::BLOCKS);
        for (offset, length, _) in self.extents()? {
            let mut known = end..offset;
            if !self.directory.is_strict() {
                let is_within = |s: &&Section| {
                    align(end) >= s.offset && offset <= align(s.offset.saturating_add(s.length))
                };
                // Up to the section there is padding.
                known = blocks.clone().find(is_within).map_or(known, |s| end..end.max(s.offset).min(offset));
            }
            if offset < end || offset % ALIGN != 0 || known.end - known.start >= ALIGN {
                return Err(Error::corrupt(format!(
                    "the piece at byte {offset} overlaps another or leaves a gap"
                )));
            }
            if self.pages.source().bytes(known)?.iter().any(|&b| b != 0) {
                return Err(Error::corrupt(format!("the padding before byte {offset} is not zero")));
            }
            end = offset.saturating_add(length);
        }
        if end != self.file_length() {
            return Err(Error::corrupt("pieces lie outside the file"));
        }
        self.check_blocks_end()
    }

    /// The blocks section ends where its last piece does, or later if it may have pieces that this reader does not know.
    fn check_blocks_end(&self) -> Result<()> {
        let extents = self.extents()?;
        for section in self.directory.sections.iter().filter(|s| s.kind == SectionKind::BLOCKS) {
            let section_end = section.offset.saturating_add(section.length);
            let within = extents.iter().filter(|(offset, ..)| *offset < section_end);
            let last = within.map(|(offset, length, _)| offset.saturating_add(*length)).fold(0, u64::max);
            if last != section_end && (last > section_end || self.directory.is_strict()) {
                return Err(Error::corrupt("the blocks section does not end where its last piece does"));
            }
            let own = section.offset..section_end;
            let kind = self.directory.tables.get(section.number as usize).map(TableEntry::kind);
            let of_section = match kind {
                Some(TableKind::CONDENSED) => Some(FilePart::Condensed),
                Some(TableKind::STATISTICS) => Some(FilePart::Statistics),
                _ => None,
            };
            let is_other = |part: FilePart| {
                let is_of_table = [FilePart::Condensed, FilePart::Statistics].contains(&part);
                part != FilePart::Dictionaries && Some(part).filter(|_| is_of_table) != of_section
            };
            if extents.iter().any(|(offset, _, part)| own.contains(offset) && is_other(*part)) {
                return Err(Error::corrupt("a blocks section has pieces of another table"));
            }
        }
        Ok(())
    }

    /// The header names this end of the table, if rows were appended, and no others but this one and the one before.
    pub(crate) fn check_ends(&self) -> Result<()> {
        let bad = |what: &str| Err(Error::corrupt(format!("header: {what}")));
        // As they were when the file was opened: an append since then names another end.
        let places = self.places;
        let (end, previous) = (self.file_length(), self.footer.previous_footer.get());
        let is_known = |place: &Named| match place {
            Named::End(named) => *named == end || previous > 0 && *named == previous + FOOTER,
            Named::Nothing => true,
            Named::Damaged => false,
        };
        if places.contains(&Named::Damaged) {
            return bad("a place that may name the end of the table is damaged");
        }
        if !places.iter().all(is_known) || self.parts() > 1 && !places.contains(&Named::End(end)) {
            return bad("it does not name the end of the table, or another");
        }
        Ok(())
    }

    /// The file lists the features of its blocks, dictionaries and sections.
    pub(crate) fn check_features(&self) -> Result<()> {
        let mut used = BTreeSet::new();
        let statistics = self.statistics_table()?.map(|statistics| &statistics.view);
        for table in self.table.all().into_iter().chain(self.stored_condensed()?).chain(statistics) {
            for number in table.known_blocks() {
                self.block_features(table, number, &mut used)?;
            }
        }
        used.extend((self.table.all().len() > 1).then_some(lists::FEATURE));
        for number in 0..self.dictionaries.count() {
            used.extend(self.dictionaries.entry(&self.pages, number)?.kind()?.features());
        }
        used.extend((self.parts() > 1).then_some(appended::FEATURE));
        used.extend(self.directory.table(TableKind::STATISTICS).map(|_| statistics::FEATURE));
        let summaries = SUMMARIES.iter().map(|summary| (summary.section, summary.feature));
        let others = [
            (SectionKind::SAMPLE_INDEX, sample_index::FEATURE),
            (SectionKind::CELLS, cells::section::FEATURE),
        ];
        let sections = summaries.chain(others);
        used.extend(sections.filter(|(kind, _)| self.directory.section(*kind).is_some()).map(|(_, f)| f));
        match used.iter().find(|feature| !self.directory.features.contains(feature)) {
            Some(feature) => Err(Error::corrupt(format!(
                "directory: the feature \"{}\" is used and not listed",
                feature.name
            ))),
            None => Ok(()),
        }
    }

    /// Adds the features that a block needs.
    fn block_features(&self, table: &TableView, number: u64, used: &mut BTreeSet<Feature>) -> Result<()> {
        let head = BlockHead::parse(&table.entry(&self.pages, number)?)?;
        used.extend(head.records.features());
        used.extend((head.exceptions.length > 0).then_some(exceptions::FEATURE));
        let group = (number % u64::from(table.schema.groups())) as u32;
        used.extend(table.schema.has_images(group).then_some(images::FEATURE));
        let lanes = table.schema.group_lanes(group);
        if !head.records.has_transforms() || lanes == 0 {
            return Ok(());
        }
        used.extend(packed_head::is_packed(&head, lanes.into()).then_some(packed_head::FEATURE));
        let bytes = HeadBytes::read(&self.pages, &head, lanes as usize)?.transforms;
        let set = <[LaneTransform]>::ref_from_bytes(&bytes)
            .map_err(|_| Error::corrupt("a transform set is cut short"))?;
        for (lane, transform) in (0..).zip(set) {
            if !table.schema.is_unknown_lane(group, lane) {
                used.extend(transform::features(transform)?);
            }
        }
        Ok(())
    }
}
