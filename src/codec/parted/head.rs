//! The head of a block of parted records.

use crate::bits::SLACK;
use crate::codec::block_entry::{BlockEntry, PIXELS};
use crate::codec::kind::RecordHead;
use crate::codec::parted::FEATURE;
use crate::codec::piece::{PieceKind, RecordUsage, Stream};
use crate::error::Result;
use crate::format::features::Feature;

/// Counts and streams of parted records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartedHead {
    pub layout: Stream,
    /// The row maps and the tuples of all parts.
    pub records: Stream,
    pub rows: u64,
    /// Bases of all parts.
    pub base_count: u64,
    /// Bits of a row's fields.
    pub total_bits: u32,
}

impl RecordHead for PartedHead {
    const NUMBER: u8 = 5;
    const FEATURES: &'static [Feature] = &[FEATURE];
    const PACKS: bool = true;

    /// The entry's constant bits are those of the layout.
    fn parse(entry: &BlockEntry) -> Result<Option<Self>> {
        let length = entry.records_length.get();
        let counts = [entry.base_bits, entry.deviation_bits, entry.frame_bits].map(|bits| bits.get());
        let places = [entry.bases.get(), entry.offsets.get()];
        let others = [entry.id_bits, entry.image_transform, entry.frame_shift];
        let fits = counts == [0; 3]
            && places == [0; 2]
            && others == [0, PIXELS, 0]
            && entry.constant_bits.get() % 8 == 0
            && entry.constant_bits.get() > 0
            && length > SLACK;
        if !fits {
            return Ok(None);
        }
        Ok(Some(Self {
            layout: Stream::new(entry.layout.get(), entry.constant_bits.get().into())?,
            records: Stream::new(entry.records.get(), 8 * u128::from(length - SLACK))?,
            rows: entry.rows.get(),
            base_count: entry.base_count.get(),
            total_bits: entry.total_bits.get(),
        }))
    }

    fn streams(&self) -> Vec<(PieceKind, Stream)> {
        vec![(PieceKind::Layout, self.layout), (PieceKind::Records, self.records)]
    }

    fn records(&self) -> Stream {
        self.records
    }

    fn usage(&self, _: u32) -> RecordUsage {
        RecordUsage {
            bases: self.base_count,
            packed_bits: u128::from(self.rows) * u128::from(self.total_bits),
            paper_bits: self.records.bits,
        }
    }
}
