//! A block of images, and their decoding one by one.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bits::{SLACK, field};
use crate::codec::RecordKind;
use crate::codec::block::{head_bytes, transforms};
use crate::codec::block_entry::BlockEntry;
use crate::codec::dct::inverse::DctScratch;
use crate::codec::dct::transform::{Dct, check_cosine_shape};
use crate::codec::fixed;
use crate::codec::fixed::head::FixedHead;
use crate::codec::fixed::lane::Lane;
use crate::codec::fixed::pixel_rows::{Bits, RowFields};
use crate::codec::head::BlockHead;
use crate::codec::piece::Piece;
use crate::codec::tiles::coder::TileCoder;
use crate::codec::tiles::head::TilesHead;
use crate::codec::tiles::planes::TileScratch;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::image_shape::ImageShape;
use crate::format::pages::Pages;
use crate::format::schema::Schema;

/// A block of images, ready for decoding.
pub(crate) struct ImageBlock {
    pub head: BlockHead,
    pub coding: Coding,
}

/// How records become pixels.
pub(crate) enum Coding {
    Pixels(FixedHead, RowFields),
    Dct(FixedHead, RowFields, ImageShape),
    Tiles(TilesHead, TileCoder),
}

/// The error of a block in the cosine transform whose images are larger than the format allows.
const TOO_LARGE: &str = "a block has larger images in the cosine transform than the format allows";

/// Shapes whose tables are kept: few, since they may be larger than all else that a reader keeps.
const KEPT_SHAPES: usize = 2;

/// The tables of the cosine transform for the shapes used last: blocks share them.
#[derive(Default)]
pub(crate) struct CosineTables(Mutex<Vec<(ImageShape, Arc<Dct>)>>);

impl CosineTables {
    fn get(&self, shape: ImageShape) -> Arc<Dct> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, dct)) = kept.iter().find(|(own, _)| *own == shape) {
            return dct.clone();
        }
        let dct = Arc::new(Dct::new(shape));
        kept.truncate(KEPT_SHAPES - 1);
        kept.insert(0, (shape, dct.clone()));
        dct
    }
}

/// Memory that decoding uses again from image to image.
#[derive(Default)]
struct Scratch {
    /// A tile record.
    record: Vec<u8>,
    coefficients: Vec<i32>,
    dct: DctScratch,
    tiles: TileScratch,
}

/// An image to be decoded: its row in the block, and where its values go.
pub(crate) type Wanted<'o> = (u64, &'o mut [u8]);

impl ImageBlock {
    /// Reads the block that an entry of a storage group of images describes.
    pub fn read<S: ByteSource>(
        pages: &Pages<S>,
        schema: &Schema,
        group: u32,
        entry: &BlockEntry,
    ) -> Result<Self> {
        let head = BlockHead::parse(entry)?;
        head.check_places(pages)?;
        let shape = schema.group_nodes(group).find_map(|(_, n)| n.image);
        let shape = shape.ok_or_else(|| Error::corrupt("a storage group without images"))?;
        if head.exceptions.length > 0 || head.heap.length > 0 || head.lists.length > 0 {
            return Err(Error::corrupt("a block of images has exceptions, strings or lists"));
        }
        let coding = match head.records {
            RecordKind::Tiles(own) => {
                let Piece { offset, length } = own.layout.piece;
                // Copied before it is checked: a map may change meanwhile.
                let layout = pages.piece(offset, length.saturating_sub(SLACK))?.into_owned();
                Coding::Tiles(own, TileCoder::from_bytes(shape, &layout)?)
            }
            RecordKind::Fixed(own) => {
                let fields = RowFields::new(&fixed_lanes(pages, schema, group, &head, &own)?)?;
                if own.is_cosine {
                    check_cosine_shape(&shape).map_err(|_| Error::corrupt(TOO_LARGE))?;
                    Coding::Dct(own, fields, shape)
                } else {
                    Coding::Pixels(own, fields)
                }
            }
            _ => return Err(Error::corrupt("a block of images has records of a table")),
        };
        Ok(Self { head, coding })
    }

    /// True if records are as many bits each.
    pub fn has_fixed_records(&self) -> bool {
        !matches!(self.coding, Coding::Tiles(..))
    }

    /// Checks the base ids of all fixed records.
    pub fn check_ids<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
        const TOGETHER: u64 = 1 << 19;
        let (Coding::Pixels(head, _) | Coding::Dct(head, ..)) = &self.coding else { return Ok(()) };
        let (rows, width) = (head.rows, head.record_bits());
        // Ids of so many bits name no other bases; 0, which no block has, stands for ids of 64 bits.
        if head.base_count == 1u64.checked_shl(head.id_bits).unwrap_or(0) {
            return Ok(());
        }
        let step = (TOGETHER / width.max(1)).max(1);
        let mut first = 0;
        while first < rows {
            let count = step.min(rows - first);
            let (records, at) = bits(pages, head.records.piece.offset, first * width, count * width)?;
            if (0..count).any(|i| field(&records, at + i * width, head.id_bits) >= head.base_count) {
                return Err(Error::corrupt("a record names a base that does not exist"));
            }
            first += count;
        }
        Ok(())
    }

    /// Checks that tile records follow each other and fill their bytes.
    pub fn check_offsets<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
        let Coding::Tiles(head, _) = &self.coding else { return Ok(()) };
        let mut next = head.records.piece.offset;
        for row in 0..head.rows {
            let (offset, length) = tile_record(pages, head, row)?;
            if offset != next {
                return Err(Error::corrupt("records leave gaps"));
            }
            next = offset + length - SLACK;
        }
        let end = head.records.piece.offset + head.record_bytes();
        if next == end { Ok(()) } else { Err(Error::corrupt("records leave gaps")) }
    }

    /// Decodes images: their bases and records, each page checked when it is first touched.
    pub fn decode<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        cosines: &CosineTables,
        wanted: &mut [Wanted],
    ) -> Result<()> {
        let mut scratch = Scratch::default();
        let dct = match &self.coding {
            Coding::Dct(.., shape) => Some(cosines.get(*shape)),
            Coding::Pixels(..) | Coding::Tiles(..) => None,
        };
        for (row, out) in wanted {
            self.image(pages, dct.as_deref(), *row, out, &mut scratch)?;
        }
        Ok(())
    }

    fn image<S: ByteSource>(
        &self,
        pages: &Pages<S>,
        dct: Option<&Dct>,
        row: u64,
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<()> {
        match (&self.coding, dct) {
            (Coding::Tiles(head, coder), _) => {
                let (offset, length) = tile_record(pages, head, row)?;
                let record = match pages.piece(offset, length)? {
                    // Its flags are counted, then read again: of a map that may change they are copied first.
                    Cow::Borrowed(mapped) => {
                        scratch.record.clear();
                        earned::reserve(&mut scratch.record, mapped.len())?;
                        scratch.record.extend_from_slice(mapped);
                        Cow::Borrowed(&scratch.record[..])
                    }
                    owned => owned,
                };
                let length = record.len().saturating_sub(SLACK as usize);
                coder.decode(&record, length, out, &mut scratch.tiles)
            }
            (Coding::Dct(..), Some(dct)) => {
                earned::resize(&mut scratch.coefficients, out.len(), 0)?;
                self.coefficients(pages, row, &mut scratch.coefficients)?;
                dct.inverse(&scratch.coefficients, out, &mut scratch.dct)
            }
            (Coding::Pixels(head, fields) | Coding::Dct(head, fields, _), _) => {
                fixed_record(pages, head, row, |record, base| fields.bytes(record, base, out))
            }
        }
    }

    /// Decodes the cosine coefficients of an image.
    pub fn coefficients<S: ByteSource>(&self, pages: &Pages<S>, row: u64, out: &mut [i32]) -> Result<()> {
        match &self.coding {
            Coding::Dct(head, fields, _) => {
                fixed_record(pages, head, row, |record, base| fields.integers(record, base, out))
            }
            Coding::Pixels(..) | Coding::Tiles(..) => Err(Error::corrupt("a block without coefficients")),
        }
    }
}

/// The lanes of a storage group of images in fixed records.
pub(crate) fn fixed_lanes<S: ByteSource>(
    pages: &Pages<S>,
    schema: &Schema,
    group: u32,
    head: &BlockHead,
    own: &FixedHead,
) -> Result<Vec<Lane>> {
    let bytes = head_bytes(pages, schema, group, head)?;
    let (transforms, limits) = transforms(schema, group, &bytes.transforms)?;
    fixed::block::lanes(pages, own, &transforms, &limits)
}

/// Finds the fixed record of a row, and its base.
fn fixed_record<S: ByteSource>(
    pages: &Pages<S>,
    head: &FixedHead,
    row: u64,
    read: impl FnOnce(Bits, Bits),
) -> Result<()> {
    let width = head.record_bits();
    let (record, at) = bits(pages, head.records.piece.offset, row.saturating_mul(width), width)?;
    let id = field(&record, at, head.id_bits);
    if id >= head.base_count {
        return Err(Error::corrupt("a record names a base that does not exist"));
    }
    let width = u64::from(head.base_bits);
    let (base, base_at) = bits(pages, head.bases.piece.offset, id.saturating_mul(width), width)?;
    let record = Bits { data: &record, at: at + u64::from(head.id_bits) };
    read(record, Bits { data: &base, at: base_at });
    Ok(())
}

/// Place and length of a tile record, the zero bytes after it included.
fn tile_record<S: ByteSource>(pages: &Pages<S>, head: &TilesHead, row: u64) -> Result<(u64, u64)> {
    let width = u64::from(head.offset_bits);
    let (offsets, at) = bits(pages, head.offsets.piece.offset, row.saturating_mul(width), 2 * width)?;
    let offset = |i: u64| field(&offsets, at + i * width, head.offset_bits);
    let (start, end) = (offset(0), offset(1));
    if start > end || end > head.record_bytes() {
        return Err(Error::corrupt("a record's offsets lie outside its block"));
    }
    Ok((head.records.piece.offset + start, end - start + SLACK))
}

/// The bytes that hold `width` bits at bit `bit` of the stream at `start`, and the bit they begin at.
fn bits<S: ByteSource>(pages: &Pages<S>, start: u64, bit: u64, width: u64) -> Result<(Cow<'_, [u8]>, u64)> {
    let end = bit.checked_add(width).and_then(|e| start.checked_add(e.div_ceil(8)));
    let end = end.ok_or_else(|| Error::corrupt("a record lies outside the file"))?;
    Ok((pages.get(start + bit / 8..end.max(start + bit / 8))?, bit % 8))
}
