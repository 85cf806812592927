//! The head of a block of chunked records.

use crate::bits::SLACK;
use crate::codec::block_entry::{BlockEntry, PIXELS};
use crate::codec::chunks::{CHUNK_BYTES, FEATURE};
use crate::codec::kind::RecordHead;
use crate::codec::piece::{PieceKind, RecordUsage, Stream};
use crate::error::Result;
use crate::format::features::Feature;

/// Widths and streams of chunked records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunksHead {
    pub records: Stream,
    /// Where each chunk ends, 32 bits each.
    pub ends: Stream,
    pub rows: u64,
    /// Bits of a row's fields, and of the whole bytes that they are in.
    pub total_bits: u32,
    pub record_bits: u32,
    /// A chunk has 2^shift rows.
    pub shift: u32,
    /// The number of the dictionary that its frames are compressed with.
    pub dictionary: Option<u32>,
}

impl ChunksHead {
    /// Rows of a chunk, the last of which may have fewer.
    pub fn chunk_rows(&self) -> u64 {
        1 << self.shift
    }

    /// Number of chunks.
    pub fn chunks(&self) -> u64 {
        self.rows.div_ceil(self.chunk_rows())
    }

    /// Rows of a chunk.
    pub fn rows_of(&self, chunk: u64) -> u64 {
        self.chunk_rows().min(self.rows - chunk * self.chunk_rows())
    }

    /// Bytes of a row's fields.
    pub fn record_bytes(&self) -> u64 {
        u64::from(self.record_bits) / 8
    }
}

impl RecordHead for ChunksHead {
    const NUMBER: u8 = 4;
    const FEATURES: &'static [Feature] = &[FEATURE];

    /// The entry's deviation bits are those of a row, its frame shift is that of a chunk, and its constant bits are one more than
    /// the number of a dictionary, or 0.
    fn parse(entry: &BlockEntry) -> Result<Option<Self>> {
        let (record_bits, total_bits) = (entry.deviation_bits.get(), entry.total_bits.get());
        let counts = [entry.base_bits, entry.frame_bits].map(|bits| bits.get());
        let others = (entry.id_bits, entry.image_transform, entry.base_count.get());
        let (rows, length) = (entry.rows.get(), entry.records_length.get());
        let shift = u32::from(entry.frame_shift);
        let fits = counts == [0; 2]
            && others == (0, PIXELS, 1)
            && entry.layout.get() == 0
            && entry.bases.get() == 0
            && record_bits > 0
            && record_bits % 8 == 0
            && total_bits <= record_bits
            && length > SLACK
            && shift <= CHUNK_BYTES.ilog2()
            && u64::from(record_bits / 8) << shift <= CHUNK_BYTES;
        if !fits {
            return Ok(None);
        }
        let records = Stream::new(entry.records.get(), 8 * u128::from(length - SLACK))?;
        let ends = Stream::new(entry.offsets.get(), 32 * u128::from(rows.div_ceil(1 << shift)))?;
        Ok(Some(Self {
            records,
            ends,
            rows,
            total_bits,
            record_bits,
            shift,
            dictionary: entry.constant_bits.get().checked_sub(1),
        }))
    }

    fn streams(&self) -> Vec<(PieceKind, Stream)> {
        vec![(PieceKind::Records, self.records), (PieceKind::Offsets, self.ends)]
    }

    fn records(&self) -> Stream {
        self.records
    }

    fn usage(&self, _: u32) -> RecordUsage {
        let packed_bits = u128::from(self.rows) * u128::from(self.total_bits);
        RecordUsage { bases: 1, packed_bits, paper_bits: self.records.bits }
    }
}
