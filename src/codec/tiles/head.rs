//! The head of a block of tile records.

use crate::bits::SLACK;
use crate::codec::block_entry::{BlockEntry, PIXELS};
use crate::codec::kind::RecordHead;
use crate::codec::piece::{PieceKind, RecordUsage, Stream};
use crate::error::Result;
use crate::format::features::Feature;

/// Bytes of the layout before its bases.
const LAYOUT_HEAD: u128 = 16;

/// Bit counts and streams of tile records.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TilesHead {
    /// The coder's parameters, with the bases.
    pub layout: Stream,
    pub records: Stream,
    /// The byte at which each record begins, and the end of the last.
    pub offsets: Stream,
    pub rows: u64,
    pub base_count: u64,
    pub base_bits: u32,
    pub offset_bits: u32,
}

/// Bits of an offset into records of so many bytes, the zero bytes after them included.
pub(crate) fn offset_bits(records_length: u64) -> u32 {
    64 - records_length.leading_zeros()
}

impl RecordHead for TilesHead {
    const NUMBER: u8 = 2;
    const FEATURES: &'static [Feature] = &[Feature::required(1, "tile records")];
    const HAS_TRANSFORMS: bool = false;

    fn parse(entry: &BlockEntry) -> Result<Option<Self>> {
        let counts = [entry.base_bits, entry.deviation_bits, entry.constant_bits];
        let sum = counts.iter().map(|bits| u64::from(bits.get())).sum::<u64>();
        let length = entry.records_length.get();
        let places = (entry.transforms.get(), entry.bases.get());
        let others =
            (places, entry.id_bits, entry.image_transform, entry.frame_shift, entry.frame_bits.get());
        let fits =
            sum == u64::from(entry.total_bits.get()) && others == ((0, 0), 0, PIXELS, 0, 0) && length > SLACK;
        if !fits {
            return Ok(None);
        }
        let (rows, base_count, base_bits) = (entry.rows.get(), entry.base_count.get(), entry.base_bits.get());
        let offset_bits = offset_bits(length);
        let bases = u128::from(base_count) * u128::from(base_bits);
        Ok(Some(Self {
            layout: Stream::new(entry.layout.get(), 8 * LAYOUT_HEAD + bases)?,
            records: Stream::new(entry.records.get(), 8 * u128::from(length - SLACK))?,
            offsets: Stream::new(entry.offsets.get(), (u128::from(rows) + 1) * u128::from(offset_bits))?,
            rows,
            base_count,
            base_bits,
            offset_bits,
        }))
    }

    fn streams(&self) -> Vec<(PieceKind, Stream)> {
        use PieceKind::{Layout, Offsets, Records};
        vec![(Layout, self.layout), (Records, self.records), (Offsets, self.offsets)]
    }

    fn records(&self) -> Stream {
        self.records
    }

    fn usage(&self, values: u32) -> RecordUsage {
        RecordUsage {
            bases: self.base_count,
            packed_bits: 8 * u128::from(self.rows) * u128::from(values),
            paper_bits: self.records.bits + u128::from(self.base_count) * u128::from(self.base_bits),
        }
    }

    /// The layout counts too, and the zero bytes after it: the bases are in it.
    fn bits_without_layout(&self) -> u128 {
        self.layout.bits + 8 * u128::from(SLACK) + self.records.bits + self.offsets.bits
    }
}

impl TilesHead {
    /// Bytes of the records, without the zero bytes after them.
    pub fn record_bytes(&self) -> u64 {
        self.records.piece.length - SLACK
    }
}
