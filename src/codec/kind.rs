//! The traits of record kinds: the head that a block's entry holds, and the records of a table.

use crate::codec::block_entry::BlockEntry;
use crate::codec::context::Context;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::fixed::lane::Lane;
use crate::codec::lanes::Lanes;
use crate::codec::piece::{PieceKind, RecordUsage, Stream};
use crate::codec::record_parts::RecordParts;
use crate::codec::row_selection::RowSelection;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::features::Feature;
use crate::format::pages::Pages;

/// The head of records: bit counts and streams, from a block's entry.
pub(crate) trait RecordHead: Copy {
    /// The number of the kind in block entries.
    const NUMBER: u8;

    /// The features that readers of such records know.
    const FEATURES: &'static [Feature];

    /// True if the block has a transform for each lane.
    const HAS_TRANSFORMS: bool = true;

    /// True if a block may have its transforms and its layout packed into one frame.
    const PACKS: bool = false;

    /// Reads an entry; none if its fields do not fit together.
    ///
    /// # Errors
    /// `Corrupt` for streams longer than any file.
    fn parse(entry: &BlockEntry) -> Result<Option<Self>>;

    /// The streams of bits and their uses.
    fn streams(&self) -> Vec<(PieceKind, Stream)>;

    /// The stream of the records.
    fn records(&self) -> Stream;

    /// Sizes of the records in other layouts; rows have so many lanes.
    fn usage(&self, lanes: u32) -> RecordUsage;

    /// The features that this block needs.
    fn features(&self) -> Vec<Feature> {
        Self::FEATURES.to_vec()
    }

    /// Bits of all streams but the layout.
    fn bits_without_layout(&self) -> u128 {
        self.streams()
            .iter()
            .filter(|(kind, _)| *kind != PieceKind::Layout)
            .map(|(_, stream)| stream.bits)
            .sum()
    }
}

/// The records of a table, ready for decoding. Calls are per block or per chunk of rows: a loop over rows is within the
/// room.
pub(crate) trait TableRecords: Sized {
    type Head: RecordHead;

    /// Memory that decoding uses again from chunk to chunk.
    type Fields<'p>: Default;

    /// Some rows of a block, found and checked.
    type Rows<'c>: LaneFields
    where
        Self: 'c;

    /// Rows decoded at a time: their fields stay in the first-level cache.
    const CHUNK: usize;

    /// What a byte of such records counts in percent, for a kind that is weighed against the others; none for kinds of which
    /// the first that takes the lanes is used.
    const PRICE: Option<u64> = None;

    /// True if a writer may store the lanes in such records.
    fn takes(lanes: &Lanes) -> bool;

    /// Encodes the lanes of a segment; none if other kinds store them in less. Base selection tries `tau` positions without a
    /// gain before it stops.
    fn encode(lanes: Lanes, tau: usize) -> Option<EncodedBlock>;

    /// Reads the parts of a block that all rows share, and its lanes. `limits` are their largest fields, `layout` is
    /// what was packed with the transforms.
    ///
    /// # Errors
    /// `Corrupt`.
    fn read<S: ByteSource>(
        context: Context<S>,
        head: Self::Head,
        transforms: &[LaneTransform],
        limits: &[u64],
        layout: Option<Vec<u8>>,
    ) -> Result<(Self, Vec<Lane>)>;

    /// True if all rows are alike.
    fn is_constant(&self) -> bool;

    /// True if rows may have different fields in a lane.
    fn varies(&self, lanes: &[Lane], number: usize) -> bool;

    /// Checks what decoding the rows does not.
    ///
    /// # Errors
    /// `Corrupt`.
    fn check<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()>;

    /// Bits of each lane.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    fn parts<S: ByteSource>(&self, pages: &Pages<S>, lanes: &[Lane]) -> Result<RecordParts>;

    /// Asks for the memory of a row in mapped bytes of the file, before it is needed.
    fn prefetch(&self, _bytes: &[u8], _row: u64) {}

    /// Gets ready for reading so many rows, of which these lanes are `wanted`.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    fn start<'p, S: ByteSource>(
        &self,
        fields: &mut Self::Fields<'p>,
        pages: &'p Pages<S>,
        lanes: &[Lane],
        wanted: impl Iterator<Item = usize>,
        rows: usize,
    ) -> Result<()>;

    /// Finds some rows.
    ///
    /// # Errors
    /// `Corrupt`, `Io` or `Memory`.
    fn rows<'c, 'p, S: ByteSource>(
        &'c self,
        fields: &'c mut Self::Fields<'p>,
        pages: &'p Pages<S>,
        rows: RowSelection,
    ) -> Result<Self::Rows<'c>>;
}

/// The fields of some rows, lane by lane.
pub(crate) trait LaneFields {
    /// Decodes a lane into `out`, a field a row.
    ///
    /// # Errors
    /// `Memory`.
    fn lane(&mut self, number: usize, lane: &Lane, out: &mut Vec<u64>) -> Result<()>;
}
