//! A block of images, and their decoding one by one.

use std::borrow::Cow;

use super::block::{self, Block};
use super::row_fields::{Bits, RowFields};
use super::{Pages, Source};
use crate::column::Schema;
use crate::error::{Error, Result};
use crate::format::bits::field;
use crate::format::{BlockEntry, DCT, GROUPED_RECORDS, SLACK, TILE_RECORDS};
use crate::image::{Dct, DctScratch, TileCoder, TileScratch};

/// A block of images, ready for decoding.
pub(super) struct ImageBlock {
    pub entry: BlockEntry,
    pub coding: Coding,
}

/// How records become pixels.
pub(super) enum Coding {
    Pixels(RowFields),
    Dct(RowFields, Dct),
    Tiles(TileCoder),
}

/// Memory that decoding uses again from image to image.
#[derive(Default)]
struct Scratch {
    coefficients: Vec<i32>,
    dct: DctScratch,
    tiles: TileScratch,
}

/// An image to be decoded: its row in the block, and where its values go.
pub(super) type Wanted<'o> = (u64, &'o mut [u8]);

impl ImageBlock {
    /// Reads the block that an entry of a storage group of images describes.
    pub fn read<S: Source>(pages: &Pages<S>, schema: &Schema, group: u32, entry: BlockEntry) -> Result<Self> {
        block::check_places(pages, &entry)?;
        let shape = schema.group_nodes(group).find_map(|(_, n)| n.image);
        let shape = shape.ok_or_else(|| Error::corrupt("a storage group without images"))?;
        if entry.exceptions_length.get() > 0 || entry.heap_length.get() > 0 {
            return Err(Error::corrupt("a block of images has exceptions or strings"));
        }
        if entry.record_kind == GROUPED_RECORDS {
            return Err(Error::corrupt("a block of images has records of a table"));
        }
        let coding = if entry.record_kind == TILE_RECORDS {
            let [layout, ..] = block::stream_lengths(&entry)?;
            let layout = pages.piece(entry.layout.get(), layout.saturating_sub(SLACK))?;
            Coding::Tiles(TileCoder::from_bytes(shape, &layout)?)
        } else {
            let fields = RowFields::new(&Block::lanes(pages, schema, group, &entry)?)?;
            match entry.image_transform {
                DCT => Coding::Dct(fields, Dct::new(shape)),
                _ => Coding::Pixels(fields),
            }
        };
        Ok(Self { entry, coding })
    }

    /// Whether all images are the same.
    pub fn is_constant(&self) -> bool {
        self.entry.record_kind != TILE_RECORDS && self.entry.record_bits() == 0
    }

    /// Checks that tile records follow each other and fill their bytes.
    pub fn check_offsets<S: Source>(&self, pages: &Pages<S>) -> Result<()> {
        if self.entry.record_kind != TILE_RECORDS {
            return Ok(());
        }
        let mut next = self.entry.records.get();
        for row in 0..self.entry.rows.get() {
            let (offset, length) = self.tile_record(pages, row)?;
            if offset != next {
                return Err(Error::corrupt("records leave gaps"));
            }
            next = offset + length - SLACK;
        }
        let end = self.entry.records.get() + self.entry.records_length.get() - SLACK;
        if next == end { Ok(()) } else { Err(Error::corrupt("records leave gaps")) }
    }

    /// Decodes images: their bases and records, each page checked when it is first touched.
    pub fn decode<S: Source>(&self, pages: &Pages<S>, wanted: &mut [Wanted]) -> Result<()> {
        let mut scratch = Scratch::default();
        for (row, out) in wanted {
            self.image(pages, *row, out, &mut scratch)?;
        }
        Ok(())
    }

    fn image<S: Source>(
        &self,
        pages: &Pages<S>,
        row: u64,
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<()> {
        match &self.coding {
            Coding::Tiles(coder) => {
                let (offset, length) = self.tile_record(pages, row)?;
                let record = pages.piece(offset, length)?;
                let length = record.len().saturating_sub(SLACK as usize);
                coder.decode(&record, length, out, &mut scratch.tiles)
            }
            Coding::Pixels(fields) => self.record(pages, row, |record, base| fields.bytes(record, base, out)),
            Coding::Dct(_, dct) => {
                scratch.coefficients.resize(out.len(), 0);
                self.coefficients(pages, row, &mut scratch.coefficients)?;
                dct.inverse(&scratch.coefficients, out, &mut scratch.dct)
            }
        }
    }

    /// Decodes the cosine coefficients of an image.
    pub fn coefficients<S: Source>(&self, pages: &Pages<S>, row: u64, out: &mut [i32]) -> Result<()> {
        match &self.coding {
            Coding::Dct(fields, _) => {
                self.record(pages, row, |record, base| fields.integers(record, base, out))
            }
            Coding::Pixels(_) | Coding::Tiles(_) => Err(Error::corrupt("a block without coefficients")),
        }
    }

    /// Finds the fixed record of a row, and its base.
    fn record<S: Source>(&self, pages: &Pages<S>, row: u64, read: impl FnOnce(Bits, Bits)) -> Result<()> {
        let entry = &self.entry;
        let (width, id_bits) = (entry.record_bits(), entry.id_bits);
        let (record, at) = bits(pages, entry.records.get(), row.saturating_mul(width), width)?;
        let id = field(&record, at, id_bits.into());
        if id >= entry.base_count.get() {
            return Err(Error::corrupt("a record names a base that does not exist"));
        }
        let width = u64::from(entry.base_bits.get());
        let (base, base_at) = bits(pages, entry.bases.get(), id.saturating_mul(width), width)?;
        let record = Bits { data: &record, at: at + u64::from(id_bits) };
        read(record, Bits { data: &base, at: base_at });
        Ok(())
    }

    /// Place and length of a tile record, the zero bytes behind it included.
    fn tile_record<S: Source>(&self, pages: &Pages<S>, row: u64) -> Result<(u64, u64)> {
        let entry = &self.entry;
        let width = u64::from(entry.offset_bits());
        let (offsets, at) = bits(pages, entry.offsets.get(), row.saturating_mul(width), 2 * width)?;
        let offset = |i: u64| field(&offsets, at + i * width, width as u32);
        let (start, end) = (offset(0), offset(1));
        if start > end || end > entry.records_length.get() - SLACK {
            return Err(Error::corrupt("a record's offsets lie outside its block"));
        }
        Ok((entry.records.get() + start, end - start + SLACK))
    }
}

/// The bytes that hold `width` bits at bit `bit` of the stream at `start`, and the bit they begin at.
fn bits<S: Source>(pages: &Pages<S>, start: u64, bit: u64, width: u64) -> Result<(Cow<'_, [u8]>, u64)> {
    let end = bit.checked_add(width).and_then(|e| start.checked_add(e.div_ceil(8)));
    let end = end.ok_or_else(|| Error::corrupt("a record lies outside the file"))?;
    Ok((pages.get(start + bit / 8..end.max(start + bit / 8))?, bit % 8))
}
