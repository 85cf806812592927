//! The head of a block of fixed records.

use crate::bits::id_bits;
use crate::codec::block_entry::{BlockEntry, DCT};
use crate::codec::dct;
use crate::codec::fixed::cost::paper_bits;
use crate::codec::kind::RecordHead;
use crate::codec::piece::{PieceKind, RecordUsage, Stream};
use crate::error::Result;
use crate::format::features::Feature;

/// Bit counts and streams of fixed records.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FixedHead {
    pub layout: Stream,
    pub bases: Stream,
    pub records: Stream,
    pub rows: u64,
    pub base_count: u64,
    /// Bits of a row before they were cut: of its base, of its deviations and constant ones.
    pub total_bits: u32,
    pub base_bits: u32,
    pub deviation_bits: u32,
    pub id_bits: u32,
    /// True if the lanes are coefficients of the cosine transform of images.
    pub is_cosine: bool,
}

impl RecordHead for FixedHead {
    const NUMBER: u8 = 1;
    const FEATURES: &'static [Feature] = &[Feature::required(0, "fixed records"), dct::FEATURE];

    fn parse(entry: &BlockEntry) -> Result<Option<Self>> {
        let (base_bits, deviation_bits) = (entry.base_bits.get(), entry.deviation_bits.get());
        let sum = [base_bits, deviation_bits, entry.constant_bits.get()].map(u64::from).iter().sum::<u64>();
        let (rows, base_count, total_bits) =
            (entry.rows.get(), entry.base_count.get(), entry.total_bits.get());
        let places = (entry.offsets.get(), entry.records_length.get());
        let others = (places, entry.frame_shift, entry.frame_bits.get());
        let id_bits = id_bits(base_count);
        let fits = sum == u64::from(total_bits)
            && u32::from(entry.id_bits) == id_bits
            && entry.image_transform <= DCT
            && others == ((0, 0), 0, 0);
        if !fits {
            return Ok(None);
        }
        let record_bits = u64::from(id_bits) + u64::from(deviation_bits);
        Ok(Some(Self {
            layout: Stream::new(entry.layout.get(), 2 * u128::from(total_bits))?,
            bases: Stream::new(entry.bases.get(), u128::from(base_count) * u128::from(base_bits))?,
            records: Stream::new(entry.records.get(), u128::from(rows) * u128::from(record_bits))?,
            rows,
            base_count,
            total_bits,
            base_bits,
            deviation_bits,
            id_bits,
            is_cosine: entry.image_transform == DCT,
        }))
    }

    fn streams(&self) -> Vec<(PieceKind, Stream)> {
        use PieceKind::{Bases, Layout, Records};
        vec![(Layout, self.layout), (Bases, self.bases), (Records, self.records)]
    }

    fn records(&self) -> Stream {
        self.records
    }

    fn usage(&self, _: u32) -> RecordUsage {
        let base = u64::from(self.total_bits - self.deviation_bits);
        RecordUsage {
            bases: self.base_count,
            packed_bits: u128::from(self.rows) * u128::from(self.total_bits),
            paper_bits: paper_bits(self.rows, 0, self.base_count, base, self.deviation_bits.into()),
        }
    }

    fn features(&self) -> Vec<Feature> {
        let mut features = Self::FEATURES.to_vec();
        features.retain(|&feature| self.is_cosine || feature != dct::FEATURE);
        features
    }
}

impl FixedHead {
    /// Bits of a record.
    pub fn record_bits(&self) -> u64 {
        u64::from(self.id_bits) + u64::from(self.deviation_bits)
    }

    /// The bytes that hold the record of a row.
    pub fn record_bytes(&self, row: u64) -> std::ops::Range<u64> {
        let (width, start) = (self.record_bits(), self.records.piece.offset);
        start + row * width / 8..start + ((row + 1) * width).div_ceil(8)
    }
}
