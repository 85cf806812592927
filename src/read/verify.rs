//! Everything that can be checked of a file, checked.

use std::ops::Range;

use super::block::Block;
use super::index::SampleIndex;
use super::records::Picked;
use super::rows::Rows;
use super::{Pages, Projection, Reader, Source};
use crate::column::{Batch, Kind, Schema, Values};
use crate::error::{Error, Result};
use crate::format::{ALIGN, BlockEntry, DictionaryKind, MomentsSection, SLACK, crc};

/// Bytes of values that are decoded at a time.
const DECODED: u64 = 4 << 20;

impl<S: Source> Reader<S> {
    /// Checks the whole file: every checksum, every place and count, that pieces cover the file without
    /// overlap and with zeros between, every base id, dictionary code, string and exception, the sample
    /// index. `progress` is told bytes as they are done; there are about twice as many as the file has.
    ///
    /// # Errors
    /// The first thing found wrong: `Corrupt`, or `Io`.
    pub fn verify(&self, mut progress: impl FnMut(u64)) -> Result<()> {
        self.pages.check_all(&mut progress)?;
        self.check_metadata()?;
        self.check_cover()?;
        self.check_table(&self.table, &mut progress)?;
        if let Some(condensed) = &self.condensed {
            self.check_table(condensed, &mut progress)?;
        }
        for number in 0..self.dictionaries.count() {
            let entry = self.dictionaries.entry(&self.pages, number)?;
            let number = u32::try_from(number).map_err(|_| Error::corrupt("more than 2^32 dictionaries"))?;
            match entry.kind()? {
                DictionaryKind::Raw => drop(self.dictionaries.raw(&self.pages, number)?),
                DictionaryKind::Strings | DictionaryKind::SymbolStrings => {
                    self.dictionaries.strings(&self.pages, number)?.each(|_| {})?;
                }
                DictionaryKind::Symbols => drop(self.dictionaries.symbols(&self.pages, number)?),
            }
        }
        if let Some(index) = &self.index {
            check_index(&self.pages, &self.table, index)?;
        }
        if let Some(bytes) = self.moments_bytes()? {
            MomentsSection::read(&bytes, self.schema().nodes().len())?;
        }
        self.coreset()?;
        self.cell_covariances()?;
        for (node, _) in self.image_errors()? {
            if self.schema().nodes().get(node as usize).is_none_or(|n| n.image.is_none()) {
                return Err(Error::corrupt("errors of images that there are not"));
            }
        }
        self.check_condensed()
    }

    /// Metadata checksums, those of sections that an open skips among them.
    fn check_metadata(&self) -> Result<()> {
        for s in self.directory.sections.iter().filter(|s| s.kind.is_metadata()) {
            if crc(&self.pages.source().bytes(s.offset..s.offset + s.length)?) != s.crc {
                return Err(Error::corrupt(format!("section {}: its checksum does not match", s.kind.0)));
            }
        }
        Ok(())
    }

    /// Pieces lie one after the other, aligned, with nothing but zeros between.
    fn check_cover(&self) -> Result<()> {
        let mut end = 0;
        for (offset, length, _) in self.extents()? {
            if offset < end || offset % ALIGN != 0 || offset - end >= ALIGN {
                return Err(Error::corrupt(format!(
                    "the piece at byte {offset} overlaps another or leaves a gap"
                )));
            }
            if self.pages.source().bytes(end..offset)?.iter().any(|&b| b != 0) {
                return Err(Error::corrupt(format!("the padding before byte {offset} is not zero")));
            }
            end = offset.saturating_add(length);
        }
        if end == self.file_length() { Ok(()) } else { Err(Error::corrupt("pieces lie outside the file")) }
    }

    fn check_table(&self, table: &Rows, progress: &mut impl FnMut(u64)) -> Result<()> {
        let mut next = 0;
        for segment in 0..table.segments {
            let place = |e: Error| e.at(format_args!("segment {segment}"));
            let rows = table.segment(&self.pages, segment, 0)?;
            let regular = table.segment_rows == 0 || rows.start == segment * table.segment_rows;
            if rows.start != next || !regular {
                return Err(place(Error::corrupt("it does not follow the segment before")));
            }
            next = rows.end;
            let block = table.block(&self.pages, segment)?;
            self.check_streams(&block.entry).map_err(place)?;
            self.check_exceptions(&block).map_err(place)?;
            block.grouped.iter().try_for_each(|g| g.check(&self.pages, &block.entry)).map_err(place)?;
            self.check_values(table, rows.clone(), 0, block.is_constant()).map_err(place)?;
            progress(block.entry.stream_lengths().map_or(0, |l| l.iter().sum()));
            for group in 1..table.schema.groups() {
                if table.segment(&self.pages, segment, group)? != rows {
                    return Err(place(Error::corrupt("its storage groups do not have the same rows")));
                }
                let images = table.image_block(&self.pages, segment, group)?;
                self.check_streams(&images.entry).map_err(place)?;
                images.check_offsets(&self.pages).map_err(place)?;
                self.check_values(table, rows.clone(), group, images.is_constant()).map_err(place)?;
                progress(images.entry.stream_lengths().map_or(0, |l| l.iter().sum()));
            }
        }
        if next == table.rows { Ok(()) } else { Err(Error::corrupt("the segments do not hold all rows")) }
    }

    /// Streams end in zeros.
    fn check_streams(&self, entry: &BlockEntry) -> Result<()> {
        let lengths = entry.stream_lengths().unwrap_or_default();
        let places = [entry.layout, entry.bases, entry.records, entry.offsets];
        for ((offset, length), bits) in places.iter().zip(lengths).zip(entry.stream_bits()) {
            if length > 0 {
                let tail = self.pages.piece(offset.get() + length - SLACK - 1, SLACK + 1)?;
                let spare =
                    tail.first().map_or(0, |&last| if bits % 8 == 0 { 0 } else { last >> (bits % 8) });
                if spare != 0 || tail.iter().skip(1).any(|&b| b != 0) {
                    return Err(Error::corrupt("a bit stream does not end in zeros"));
                }
            }
        }
        Ok(())
    }

    /// Exceptions are in order.
    fn check_exceptions(&self, block: &Block) -> Result<()> {
        let entry = &block.entry;
        let piece = self.pages.piece(entry.exceptions.get(), entry.exceptions_length.get())?;
        for e in &block.exceptions {
            let rows = (0..e.count).map(|i| e.row(&piece, i));
            let padding = piece.get(e.rows_at + 4 * e.count..e.raw_at).unwrap_or(&[]);
            if !rows.clone().is_sorted_by(|a, b| a < b) || rows.max().is_some_and(|r| r >= block.rows()) {
                return Err(Error::corrupt("exceptions are out of order"));
            }
            if padding.iter().any(|&b| b != 0) || piece.get(4..8).is_some_and(|b| b != [0; 4]) {
                return Err(Error::corrupt("reserved bytes of the exceptions are not zero"));
            }
        }
        Ok(())
    }

    /// Decodes stored rows of a storage group; where they are all alike, the first stands for them.
    fn check_values(&self, table: &Rows, mut rows: Range<u64>, group: u32, alike: bool) -> Result<()> {
        if alike {
            rows.end = rows.end.min(rows.start.saturating_add(1));
        }
        let columns = table.schema.columns();
        let in_group = |&c: &usize| table.schema.nodes().get(c).is_some_and(|n| n.group == group);
        let columns: Vec<usize> = columns.filter(in_group).collect();
        let projection = Projection::nodes_of(&table.schema, &columns);
        let step = (DECODED / table.schema.row_bytes().max(8) as u64).max(1);
        let mut out = Batch::default();
        while !rows.is_empty() {
            let here = step.min(rows.end - rows.start);
            let stored = Picked::Range(rows.start, here as usize);
            table.take(&self.pages, &self.dictionaries, stored, None, &projection, &mut out)?;
            check_text(&table.schema, &projection, &out)?;
            rows.start += here;
        }
        Ok(())
    }

    /// Condensed samples have the cells' shape and their weights add up to the rows, if those are in the file.
    fn check_condensed(&self) -> Result<()> {
        let Some(section) = self.cells()? else { return Ok(()) };
        if !section.stored {
            return Ok(());
        }
        let bad = |what: &str| Err(Error::corrupt(format!("condensed samples: {what}")));
        let batch = self.condensed_rows()?;
        let classes = section.labels.len().max(1);
        if batch.rows as u64 != section.cells || batch.columns.len() < classes {
            return bad("they do not have the shape that the cells name");
        }
        let weights = batch.columns.iter().rev().take(classes).map(|c| match &c.values {
            Values::U64(v) => v.iter().map(|&w| u128::from(w)).sum(),
            _ => 0u128,
        });
        if self.rows() > 0 && weights.sum::<u128>() != u128::from(self.rows()) {
            return bad("their weights do not add up to the rows");
        }
        Ok(())
    }
}

/// The index counts right, its classes follow each other, and begin where blocks do.
fn check_index<S: Source>(pages: &Pages<S>, table: &Rows, index: &SampleIndex) -> Result<()> {
    index.verify(pages)?;
    let (mut next, mut at) = (0, 0);
    for number in 0..index.classes() {
        let class = index.class(pages, number)?;
        let first = if class.first_segment < table.segments {
            table.segment(pages, class.first_segment, 0)?.start
        } else {
            table.rows
        };
        if class.stored.start != next || first != next || class.first_segment < at {
            return Err(Error::corrupt(format!("class {number} does not begin where a segment does")));
        }
        (next, at) = (class.stored.end, class.first_segment);
    }
    if next == table.rows { Ok(()) } else { Err(Error::corrupt("the classes do not hold all rows")) }
}

/// Text is UTF-8.
fn check_text(schema: &Schema, projection: &Projection, batch: &Batch) -> Result<()> {
    let nodes = projection.nodes().iter().filter_map(|&n| schema.nodes().get(n));
    for (node, column) in nodes.zip(&batch.columns).filter(|(n, _)| n.kind == Kind::Text) {
        let Values::Bytes { offsets, data } = &column.values else { continue };
        let strings = offsets.windows(2).map(|w| data.get(w[0] as usize..w[1] as usize).unwrap_or(&[]));
        if strings.into_iter().any(|s| std::str::from_utf8(s).is_err()) {
            return Err(Error::corrupt(format!("column \"{}\": a string is not UTF-8", node.name)));
        }
    }
    Ok(())
}
