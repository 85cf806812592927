//! Going on behind the end of a file.

use std::collections::BTreeSet;

use zerocopy::IntoBytes;

use crate::codec::strings::dictionary_entry::DictionaryEntry;
use crate::error::{Error, Result};
use crate::files::appended_file::AppendedFile;
use crate::files::byte_source::ByteSource;
use crate::format::appended;
use crate::format::checksum::{PAGE, PageSums};
use crate::format::features::Feature;
use crate::format::header::{self, EndPlace, FOOTER, HEADER, Named};
use crate::format::sections::{Section, SectionKind};
use crate::read::reader::Reader;
use crate::read::table::TableView;
use crate::summary;
use crate::write::blocks::Blocks;
use crate::write::commit::Pending;
use crate::write::file::FileWriter;
use crate::write::taken_over::{TakenOver, first_piece};

impl<'s> FileWriter<'s> {
    /// Goes on behind a file that is read: its blocks and dictionaries stay, but those of parts that are taken over, and what finds
    /// them is written anew. Returns the blocks that stay, too.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn resume<S: ByteSource>(
        mut file: AppendedFile<'s>,
        reader: &Reader<S>,
        taken: &TakenOver,
    ) -> Result<(Self, Blocks)> {
        let (end, directory) = (reader.file_length(), &reader.directory);
        let blocks = kept_blocks(reader, &reader.table, taken.start)?;
        if (blocks.rows, blocks.segments()) != (taken.rows.start, taken.segments) {
            return Err(Error::internal(
                "the parts that are kept are not those before the ones that are taken over",
            ));
        }
        let is_kept = |s: &&Section| {
            let is_of_part = (s.kind, s.number) == (SectionKind::BLOCKS, 0) || s.kind == SectionKind::FORMER;
            is_of_part && s.offset < taken.start
        };
        let mut sections: Vec<Section> = directory.sections.iter().filter(is_kept).copied().collect();
        // What is between the last part that is kept and the first that is taken over goes with the latter.
        let is_blocks = |s: &Section| s.kind == SectionKind::BLOCKS;
        sections.truncate(sections.iter().rposition(is_blocks).map_or(0, |last| last + 1));
        let blocks_end = sections.last().map_or(HEADER, |s| s.offset + s.length);
        let mut dictionaries: Vec<DictionaryEntry> = Vec::new();
        for number in 0..reader.dictionaries.count() {
            let entry = reader.dictionaries.entry(&reader.pages, number)?;
            // Those of condensed samples and of statistics come last, and are left behind with these.
            if entry.offset.get() >= blocks_end {
                break;
            }
            dictionaries.push(entry);
        }
        let former = crate::format::align(blocks_end);
        sections.push(Section { length: end - former, ..Section::new(SectionKind::FORMER, 0, former) });
        let sums = resumed_sums(reader)?;
        let mut places = reader.places;
        let mut place = header::place_for(&places);
        let mut mark = None;
        if !places.contains(&Named::End(end)) {
            mark = Some((EndPlace::offset(place), EndPlace::new(end)));
            places[place] = Named::End(end);
            place = header::place_for(&places);
        }
        file.begin(end, mark.as_ref().map(|(at, bytes)| (*at, bytes.as_bytes())))?;
        // Those of summaries are noted as these are written.
        let is_of_blocks = |feature: &&Feature| !summary::features().contains(feature);
        let mut features: BTreeSet<Feature> =
            directory.features.iter().filter(is_of_blocks).copied().collect();
        features.insert(appended::FEATURE);
        let out = Pending::resume(file, end, sums, reader.identity());
        let (tables, schemas, previous) = (Vec::new(), Vec::new(), end - FOOTER);
        let this =
            Self { out, dictionaries, features, tables, sections, schemas, start: end, previous, place };
        Ok((this, blocks))
    }
}

/// The blocks of a table before those whose pieces begin at `start`, and those of the items of its lists.
fn kept_blocks<S: ByteSource>(reader: &Reader<S>, table: &TableView, start: u64) -> Result<Blocks> {
    let mut blocks = Blocks::default();
    for segment in 0..table.segments {
        let entries =
            (0..table.schema.groups()).map(|group| table.group_entry(&reader.pages, segment, group));
        let entries = entries.collect::<Result<Vec<_>>>()?;
        if entries.iter().filter_map(first_piece).any(|piece| piece >= start) {
            break;
        }
        let rows = table.segment(&reader.pages, segment, 0)?;
        blocks.segments.push(rows.end - rows.start);
        blocks.rows += rows.end - rows.start;
        blocks.entries.extend(entries);
    }
    let items = table.items.iter().map(|(_, items)| kept_blocks(reader, items, start));
    blocks.items = items.collect::<Result<_>>()?;
    Ok(blocks)
}

/// The checksums of the pages of a file up to its end, to be followed by those of what is appended. Pages that its own
/// checksums cover whole are not read again.
fn resumed_sums<S: ByteSource>(reader: &Reader<S>) -> Result<PageSums> {
    /// Bytes that are read at a time.
    const STEP: u64 = 1 << 20;
    let bulk_end = reader.directory.bulk_end;
    let whole = bulk_end / PAGE as u64;
    let level = reader.directory.levels().next().ok_or_else(|| Error::corrupt("there are no checksums"))?;
    let mut at = (whole * PAGE as u64).max(HEADER);
    let mut sums = PageSums::resume(reader.pages.sums(level, whole)?, at);
    if at < bulk_end {
        // Checked by the sum that the new one takes the place of.
        sums.update(&reader.pages.get(at..bulk_end)?);
        at = bulk_end;
    }
    while at < reader.file_length() {
        let next = reader.file_length().min(at + STEP);
        sums.update(&reader.pages.source().bytes(at..next)?);
        at = next;
    }
    Ok(sums)
}
