//! Checks everything that any reader of a file would read.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

mod classes;
mod condensed;
mod frame;
mod identity;
mod lists;
mod statistics;
mod values;

use std::ops::Range;

use crate::bits::SLACK;
use crate::codec::block::Block;
use crate::codec::head::BlockHead;
use crate::codec::piece::Stream;
use crate::codec::strings::dictionaries::SomeStrings;
use crate::codec::strings::dictionary_entry::DictionaryKind;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::checksum::crc;
use crate::format::sections::Place;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::read::table::TableView;
use crate::verify::values::Summaries;

impl<S: ByteSource> Reader<S> {
    /// Checks the whole file: every checksum, place and count, that pieces cover the file without overlap and with
    /// zeros between, every value, the Arrow schema, dictionaries, the sample index, and that moments, coreset, class
    /// labels and condensed samples are those of the rows, and that the file has its identity. `progress` gets bytes as they
    /// are done; there are about three times as many as the file has.
    ///
    /// # Errors
    /// The first thing found wrong: `Corrupt`, or `Io`; `Unsupported` if all is right but for columns that need a feature
    /// that this reader does not know.
    pub fn verify(&self, mut progress: impl FnMut(u64)) -> Result<()> {
        self.pages.check_all(&mut progress)?;
        self.check_metadata()?;
        self.check_ends()?;
        self.check_cover()?;
        self.check_schema()?;
        self.check_condensed_schema()?;
        if let Some(index) = &self.index {
            self.check_index(index)?;
        }
        let mut summaries = Summaries::new(self)?;
        self.check_table(&self.table, Some(&mut summaries), &mut progress)?;
        summaries.finish()?;
        for items in self.table.all().into_iter().skip(1) {
            self.check_table(items, None, &mut progress)?;
        }
        self.table.all().into_iter().try_for_each(|table| self.check_lists(table))?;
        if let Some(condensed) = self.condensed_table()? {
            self.check_table(condensed, None, &mut progress)?;
        }
        if let Some(statistics) = self.statistics_table()? {
            self.check_table(&statistics.view, None, &mut progress)?;
            self.check_statistics()?;
        }
        for number in 0..self.dictionaries.count() {
            let entry = self.dictionaries.entry(&self.pages, number)?;
            let number = u32::try_from(number).map_err(|_| Error::corrupt("more than 2^32 dictionaries"))?;
            match entry.kind()? {
                DictionaryKind::Raw => drop(self.dictionaries.raw(&self.pages, number)?),
                DictionaryKind::Strings | DictionaryKind::SymbolStrings => {
                    self.dictionaries.strings(&self.pages, number)?.each(|_| Ok(()))?;
                }
                DictionaryKind::FramedStrings => match self.dictionaries.some_strings(&self.pages, number)? {
                    SomeStrings::Framed(framed) => framed.each(&self.pages, |_| Ok(()))?,
                    SomeStrings::All(_) => {
                        return Err(Error::internal("strings in frames are not in frames"));
                    }
                },
                DictionaryKind::Symbols => drop(self.dictionaries.symbols(&self.pages, number)?),
                DictionaryKind::Frames => drop(self.dictionaries.frames(&self.pages, number)?),
            }
        }
        self.check_features()?;
        self.check_image_errors()?;
        self.check_key_values()?;
        self.check_identity(&mut progress)?;
        match self.schema().first_refusal() {
            // All else is as it should be; condensed samples may be of such columns.
            Some(refusal) => Err(refusal),
            None => self.check_condensed(),
        }
    }

    /// The Arrow schema is of these columns, and file-wide dictionaries are of their types.
    #[cfg(feature = "arrow")]
    fn check_schema(&self) -> Result<()> {
        crate::arrow::ArrowReader::new(self, &Projection::readable(self.schema()))?;
        self.check_node_dictionaries()
    }

    /// File-wide dictionaries are of their types. The Arrow schema is not known without Arrow.
    #[cfg(not(feature = "arrow"))]
    fn check_schema(&self) -> Result<()> {
        self.check_node_dictionaries()
    }

    fn check_node_dictionaries(&self) -> Result<()> {
        (0..self.schema().nodes().len()).try_for_each(|node| self.dictionary(node).map(drop))
    }

    /// Checks that the errors of near-lossless coding belong to columns of images, and are possible.
    fn check_image_errors(&self) -> Result<()> {
        let errors = self.image_errors()?;
        let ascending = errors.is_sorted_by(|a, b| a.0 < b.0);
        for (node, errors) in errors {
            let node = self.schema().nodes().get(node as usize).filter(|n| n.image.is_some());
            let node = node.ok_or_else(|| Error::corrupt("errors of images that there are not"))?;
            let values = u128::from(self.rows()) * u128::from(node.length);
            let (compared, largest) = (u128::from(errors.values), u128::from(errors.largest));
            let squared = u128::from(errors.squared);
            let least = if largest > 0 { largest * largest } else { 0 };
            if !ascending || compared > values || !(least..=compared * largest * largest).contains(&squared) {
                let what = format!("column \"{}\": errors that images of these rows cannot have", node.name);
                return Err(Error::corrupt(what));
            }
        }
        Ok(())
    }

    /// Metadata checksums, those of sections that an open skips among them.
    fn check_metadata(&self) -> Result<()> {
        for s in self.directory.sections.iter().filter(|s| s.place == Place::Metadata) {
            if crc(&self.pages.source().bytes(s.offset..s.offset + s.length)?) != s.crc {
                return Err(Error::corrupt(format!("section {}: its checksum does not match", s.kind.0)));
            }
        }
        Ok(())
    }

    fn check_table(
        &self,
        table: &TableView,
        mut summaries: Option<&mut Summaries>,
        progress: &mut impl FnMut(u64),
    ) -> Result<()> {
        let mut next = 0;
        for segment in 0..table.segments {
            let place = |e: Error| e.at(format_args!("segment {segment}"));
            let rows = table.segment(&self.pages, segment, 0)?;
            let regular = table.segment_rows == 0 || rows.start == segment * table.segment_rows;
            if rows.start != next || !regular {
                return Err(place(Error::corrupt("it does not follow the segment before")));
            }
            next = rows.end;
            for group in (1..table.schema.groups()).filter(|&group| table.is_group_known(group)) {
                let entry = table.group_entry(&self.pages, segment, group)?;
                if (entry.first_row.get(), entry.rows.get()) != (rows.start, rows.end - rows.start) {
                    return Err(place(Error::corrupt("its storage groups do not have the same rows")));
                }
            }
            self.check_blocks(table, segment, &rows, summaries.as_deref_mut(), progress)?;
            let judged = (0..table.schema.groups()).filter(|&group| table.is_judged(group));
            for group in judged.filter(|&group| table.schema.has_images(group)) {
                let images = table.image_block(&self.pages, segment, group)?;
                self.check_streams(&images.head).map_err(place)?;
                images.check_offsets(&self.pages).map_err(place)?;
                self.check_images(table, rows.clone(), group, &images)?;
                progress(images.head.records.bytes());
            }
        }
        if next == table.rows { Ok(()) } else { Err(Error::corrupt("the segments do not hold all rows")) }
    }

    /// Checks the blocks of a segment that are not of images.
    fn check_blocks(
        &self,
        table: &TableView,
        segment: u64,
        rows: &Range<u64>,
        summaries: Option<&mut Summaries>,
        progress: &mut impl FnMut(u64),
    ) -> Result<()> {
        let place = |e: Error| e.at(format_args!("segment {segment}"));
        let mut blocks = Vec::new();
        for group in table.schema.table_groups().filter(|&group| table.is_judged(group)) {
            let block = table.block(self.context(), segment, group)?;
            self.check_streams(&block.head).map_err(place)?;
            self.check_exceptions(&block).map_err(place)?;
            block.records.check(&self.pages).map_err(place)?;
            blocks.push((group, block));
        }
        if !blocks.is_empty() {
            self.check_rows(table, segment, rows.clone(), &blocks, summaries)?;
        }
        blocks.iter().for_each(|(_, block)| progress(block.head.records.bytes()));
        Ok(())
    }

    /// Streams end in zeros.
    fn check_streams(&self, head: &BlockHead) -> Result<()> {
        for (_, Stream { piece, bits }) in head.records.streams() {
            if piece.length == 0 {
                continue;
            }
            let tail = self.pages.piece(piece.offset + piece.length - SLACK - 1, SLACK + 1)?;
            let (last, zeros) =
                tail.split_first().ok_or_else(|| Error::corrupt("a bit stream is cut short"))?;
            let spare = if bits % 8 == 0 { 0 } else { last >> (bits % 8) };
            if spare != 0 || zeros.iter().any(|&b| b != 0) {
                return Err(Error::corrupt("a bit stream does not end in zeros"));
            }
        }
        Ok(())
    }

    /// Exceptions are in order.
    fn check_exceptions(&self, block: &Block) -> Result<()> {
        let piece = block.head.exceptions.read(&self.pages)?;
        for e in &block.exceptions {
            e.check_order(&piece, block.rows())?;
            let padding = &piece[e.rows_at + 4 * e.count..e.raw_at];
            if padding.iter().any(|&b| b != 0) || piece.get(4..8).is_some_and(|b| b != [0; 4]) {
                return Err(Error::corrupt("reserved bytes of the exceptions are not zero"));
            }
        }
        Ok(())
    }
}
