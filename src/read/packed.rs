//! Images as stored in the file, for a decoder elsewhere, such as on a GPU.

use zerocopy::{Immutable, IntoBytes};

use crate::bits::SLACK;
use crate::codec::fixed::lane::Lane;
use crate::codec::images::block::{Coding, ImageBlock, fixed_lanes};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::image_shape::ImageShape;
use crate::read::images::ImageColumn;

/// The blocks of a column of images in memory, still compressed; all checksums have been checked. What decodes them
/// relies on how they fit together, so that only a file's reader makes them.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedImages {
    /// The shape of each image.
    pub(crate) shape: ImageShape,
    /// The base tables, offsets and records of all blocks, each at a multiple of 16 bytes and followed by zeros.
    pub(crate) data: Vec<u8>,
    /// The blocks.
    pub(crate) blocks: Vec<PackedBlock>,
    /// The lanes of blocks in fixed records.
    pub(crate) lanes: Vec<PackedLane>,
    /// Place of each row of the table.
    pub(crate) places: Vec<PackedPlace>,
}

/// A block: byte positions in the data, and how its records are read (specification, chapters 4 and 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, IntoBytes, Immutable)]
#[repr(C)]
pub(crate) struct PackedBlock {
    /// The first record.
    pub records: u64,
    /// Bytes of all tile records.
    pub records_length: u64,
    /// The first base: of tiles, one byte for each value of a group, in 16 bytes.
    pub bases: u64,
    /// The offsets of tile records.
    pub offsets: u64,
    /// Number of images.
    pub rows: u32,
    /// One of the codings below.
    pub coding: u32,
    /// Bits of a fixed record.
    pub record_bits: u32,
    /// Bits of a base id.
    pub id_bits: u32,
    /// Bits of a base in fixed records.
    pub base_bits: u32,
    /// Number of bases.
    pub base_count: u32,
    /// Bits of an offset of a tile record.
    pub offset_bits: u32,
    /// The first of its lanes.
    pub lanes: u32,
    /// Colour transform of tiles.
    pub colour: u32,
    /// Predictor of tiles.
    pub predictor: u32,
    /// Columns of a group of tiles.
    pub group_width: u32,
    /// Channels of a group of tiles.
    pub group_channels: u32,
    /// True if a bit a group says if it has a base id.
    pub flagged: u32,
    /// Nothing.
    pub zero: u32,
}

impl PackedBlock {
    /// Pixels in fixed records.
    pub const PIXELS: u32 = 0;
    /// Coefficients of the cosine transform in fixed records.
    pub const COSINES: u32 = 1;
    /// Tiles.
    pub const TILES: u32 = 2;
}

/// A lane of fixed records: which bits are constant, from the base and from the record, and where they are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, IntoBytes, Immutable)]
#[repr(C)]
pub(crate) struct PackedLane {
    /// Bits that are 1 in every row.
    pub constant: u32,
    /// Bits from the base.
    pub base_mask: u32,
    /// Bits from the record.
    pub deviation_mask: u32,
    /// Added, modulo 2^32.
    pub minimum: u32,
    /// First bit in a base.
    pub base_offset: u32,
    /// First bit in a record, whose base id comes first.
    pub deviation_offset: u32,
}

/// Place of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoBytes, Immutable)]
#[repr(C)]
pub(crate) struct PackedPlace {
    /// Number of the block.
    pub block: u32,
    /// Row in the block.
    pub row: u32,
}

impl<S: ByteSource> ImageColumn<'_, S> {
    /// The images as they are stored.
    ///
    /// # Errors
    /// `Corrupt` for damaged pages, `Io`; `Argument` for more rows or larger images than 32 bits can count.
    pub fn packed(&self) -> Result<PackedImages> {
        let mut packed = PackedImages {
            shape: self.shape,
            data: Vec::new(),
            blocks: Vec::new(),
            lanes: Vec::new(),
            places: Vec::new(),
        };
        let mut starts = Vec::new();
        for segment in 0..self.reader.table.segments {
            let block = self.reader.table.image_block(&self.reader.pages, segment, self.group)?;
            starts.push(block.head.first_row);
            packed.push(self, &block)?;
        }
        let rows: Vec<u64> = (0..self.reader.rows()).collect();
        for &stored in self.reader.stored(&rows)?.iter() {
            let block = starts.partition_point(|&start| start <= stored).saturating_sub(1);
            let held = starts.get(block).zip(packed.blocks.get(block));
            let row = held.and_then(|(&start, block)| {
                stored.checked_sub(start).filter(|&row| row < u64::from(block.rows))
            });
            let Some(row) = row else {
                return Err(Error::corrupt("a row of images lies in no block"));
            };
            packed.places.push(PackedPlace { block: number(block as u64)?, row: number(row)? });
        }
        Ok(packed)
    }
}

impl PackedImages {
    fn push<S: ByteSource>(&mut self, column: &ImageColumn<S>, block: &ImageBlock) -> Result<()> {
        let pages = &column.reader.pages;
        let mut packed = PackedBlock { rows: number(block.head.rows)?, ..PackedBlock::default() };
        match &block.coding {
            Coding::Tiles(head, coder) => {
                let parts = coder.parts();
                packed = PackedBlock {
                    coding: PackedBlock::TILES,
                    base_count: number(parts.bases.len() as u64)?,
                    id_bits: parts.id_bits,
                    offset_bits: head.offset_bits,
                    records_length: head.record_bytes(),
                    colour: parts.colour.into(),
                    predictor: parts.predictor.into(),
                    group_width: parts.group_width.into(),
                    group_channels: parts.group_channels.into(),
                    flagged: parts.flagged.into(),
                    ..packed
                };
                let bases: Vec<u8> = parts.bases.iter().flat_map(|base| base.to_le_bytes()).collect();
                packed.bases = self.place(&bases)?;
                packed.offsets = self.place(&head.offsets.piece.read(pages)?)?;
                packed.records = self.place(&head.records.piece.read(pages)?)?;
            }
            Coding::Pixels(head, _) | Coding::Dct(head, ..) => {
                packed = PackedBlock {
                    coding: if head.is_cosine { PackedBlock::COSINES } else { PackedBlock::PIXELS },
                    record_bits: number(head.record_bits())?,
                    id_bits: head.id_bits,
                    base_bits: head.base_bits,
                    base_count: number(head.base_count)?,
                    lanes: number(self.lanes.len() as u64)?,
                    ..packed
                };
                let schema = column.reader.schema();
                for lane in &fixed_lanes(pages, schema, column.group, &block.head, head)? {
                    self.lanes.push(PackedLane::new(lane)?);
                }
                packed.bases = self.place(&head.bases.piece.read(pages)?)?;
                packed.records = self.place(&head.records.piece.read(pages)?)?;
            }
        }
        self.blocks.push(packed);
        Ok(())
    }

    /// Adds bytes to the data, and zeros that may be read with them; where they begin.
    ///
    /// # Errors
    /// `Memory`.
    fn place(&mut self, bytes: &[u8]) -> Result<u64> {
        let start = self.data.len();
        let end = (start + bytes.len() + SLACK as usize).next_multiple_of(16);
        earned::reserve(&mut self.data, end - start)?;
        self.data.extend_from_slice(bytes);
        earned::resize(&mut self.data, end, 0)?;
        Ok(start as u64)
    }
}

impl PackedLane {
    fn new(lane: &Lane) -> Result<Self> {
        Ok(Self {
            constant: number(lane.constant)?,
            base_mask: number(lane.base_mask)?,
            deviation_mask: number(lane.deviation_mask)?,
            minimum: lane.minimum as u32,
            base_offset: number(lane.base_offset)?,
            deviation_offset: number(lane.deviation_offset)?,
        })
    }
}

fn number(n: u64) -> Result<u32> {
    u32::try_from(n)
        .map_err(|_| Error::argument("images of so many rows or values cannot be kept compressed"))
}
