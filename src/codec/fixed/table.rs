//! Fixed records as the records of a table.

use crate::codec::coding::Layout;
use crate::codec::context::Context;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::fixed::block::{FixedBlock, lanes};
use crate::codec::fixed::decode::{FixedFields, FixedRows};
use crate::codec::fixed::encode::encode;
use crate::codec::fixed::head::FixedHead;
use crate::codec::fixed::lane::Lane;
use crate::codec::kind::{LaneFields, TableRecords};
use crate::codec::lanes::Lanes;
use crate::codec::record_parts::{GroupPart, LanePart, RecordParts};
use crate::codec::row_selection::RowSelection;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

impl TableRecords for FixedBlock {
    type Head = FixedHead;
    type Fields<'p> = FixedFields<'p>;
    type Rows<'c> = FixedRows<'c>;

    const CHUNK: usize = 1024;

    /// The paper's layout has no other records; the compact one has these where no other kind takes the lanes.
    fn takes(lanes: &Lanes) -> bool {
        matches!(lanes.coding().layout, Layout::Paper | Layout::Compact)
    }

    fn encode(lanes: Lanes, tau: usize) -> Option<EncodedBlock> {
        Some(encode(lanes, tau))
    }

    fn read<S: ByteSource>(
        context: Context<S>,
        head: FixedHead,
        transforms: &[LaneTransform],
        limits: &[u64],
        _: Option<Vec<u8>>,
    ) -> Result<(Self, Vec<Lane>)> {
        if head.is_cosine {
            return Err(Error::corrupt("a block of a table has records of images"));
        }
        let lanes = lanes(context.pages, &head, transforms, limits)?;
        Ok((Self::new(head, &lanes), lanes))
    }

    fn is_constant(&self) -> bool {
        self.head.record_bits() == 0
    }

    fn varies(&self, lanes: &[Lane], number: usize) -> bool {
        // Lanes of images are not the table's.
        lanes.get(number).is_none_or(|lane| lane.base_mask | lane.deviation_mask != 0)
    }

    /// Any bits are records of fixed widths; base ids are checked as rows are read.
    fn check<S: ByteSource>(&self, _: &Pages<S>) -> Result<()> {
        Ok(())
    }

    fn parts<S: ByteSource>(&self, _: &Pages<S>, lanes: &[Lane]) -> Result<RecordParts> {
        let (rows, bases) = (u128::from(self.head.rows), u128::from(self.head.base_count));
        let lane = |(lane, own): (usize, &Lane)| LanePart {
            lane,
            deviations: rows * u128::from(own.deviation_mask.count_ones()),
            bases: bases * u128::from(own.base_mask.count_ones()),
            minima: 0,
        };
        let group = GroupPart {
            lanes: lanes.iter().enumerate().map(lane).collect(),
            bases: self.head.base_count,
            ids: rows * u128::from(self.head.id_bits),
        };
        Ok(RecordParts { groups: vec![group], anchors: 0 })
    }

    fn start<'p, S: ByteSource>(
        &self,
        fields: &mut FixedFields<'p>,
        pages: &'p Pages<S>,
        lanes: &[Lane],
        mut wanted: impl Iterator<Item = usize>,
        rows: usize,
    ) -> Result<()> {
        fields.start(pages, self, rows, wanted.any(|lane| lanes[lane].base_mask != 0))
    }

    fn rows<'c, 'p, S: ByteSource>(
        &'c self,
        fields: &'c mut FixedFields<'p>,
        pages: &'p Pages<S>,
        rows: RowSelection,
    ) -> Result<FixedRows<'c>> {
        fields.read(pages, self, rows)
    }
}

impl LaneFields for FixedRows<'_> {
    fn lane(&mut self, number: usize, lane: &Lane, out: &mut Vec<u64>) -> Result<()> {
        self.decode(number, lane, out)
    }
}
