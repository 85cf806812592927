//! The lanes of a segment as parted records.

use rayon::prelude::*;

use crate::bits::SLACK;
use crate::codec::block_entry::BlockEntry;
use crate::codec::coding::Part;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::grouped::encode::encode_tuples;
use crate::codec::kind::RecordHead;
use crate::codec::lanes::Lanes;
use crate::codec::parted::PIECE_ALIGN;
use crate::codec::parted::head::PartedHead;
use crate::codec::parted::keys::Key;
use crate::codec::parted::layout::{PartEntry, PartedLayout};
use crate::codec::parted::plan::{PlannedPart, plan};
use crate::codec::parted::row_map::NewMap;
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::codec::transform::step::divide;

/// Divides the lanes into parts; none if that gains nothing.
pub(crate) fn encode(mut lanes: Lanes) -> Option<EncodedBlock> {
    let coding = lanes.coding();
    if coding.has(Part::Steps) {
        lanes.lanes.par_iter_mut().for_each(divide);
    }
    let rows = lanes.rows();
    let parts = plan(&lanes.lanes, rows)?;
    let mut out = Pieces { bytes: vec![0; PIECE_ALIGN], bases: 0 };
    let mut layout = Vec::with_capacity(parts.len());
    for PlannedPart { lanes: own, key } in parts {
        let tuples = key.as_ref().map_or(rows, |key| key.rows.len());
        let mut fields: Vec<EncodedLane> =
            own.iter().map(|&lane| tuple_lane(&mut lanes.lanes[lane], key.as_ref())).collect();
        let entry = out.tuples(encode_tuples(&mut fields, tuples, coding));
        let map = key.map_or(NewMap::Same, |key| key.map);
        let at = out.place(&map.bytes(tuples as u64));
        let entry = PartEntry { lanes: (own.len() as u32).into(), tuples: entry, ..map.entry(at) };
        layout.push((entry, own.into_iter().map(|lane| lane as u32).collect()));
    }
    let mut layout = PartedLayout(layout).to_bytes();
    let entry = BlockEntry {
        rows: (rows as u64).into(),
        base_count: out.bases.into(),
        total_bits: lanes.lanes.iter().map(|lane| u32::from(lane.transform.width)).sum::<u32>().into(),
        constant_bits: (8 * layout.len() as u32).into(),
        record_kind: PartedHead::NUMBER,
        records_length: (out.bytes.len() as u64 + SLACK).into(),
        ..BlockEntry::default()
    };
    layout.resize(layout.len() + SLACK as usize, 0);
    let mut records = out.bytes;
    records.resize(records.len() + SLACK as usize, 0);
    Some(lanes.around(EncodedBlock { layout, records, ..EncodedBlock::new(entry) }))
}

/// A lane of a part: its fields, one a tuple.
fn tuple_lane(lane: &mut EncodedLane, key: Option<&Key>) -> EncodedLane {
    let fields = match key {
        Some(key) => key.gather(&lane.fields),
        None => std::mem::take(&mut lane.fields),
    };
    EncodedLane { transform: lane.transform, fields, ..EncodedLane::default() }
}

/// The records of a block: pieces one after the other.
struct Pieces {
    bytes: Vec<u8>,
    bases: u64,
}

impl Pieces {
    /// Adds a piece; where it is, 0 for one without bytes.
    fn place(&mut self, piece: &[u8]) -> u64 {
        if piece.is_empty() {
            return 0;
        }
        let at = self.bytes.len() as u64;
        self.bytes.extend_from_slice(piece);
        self.bytes.resize(self.bytes.len().next_multiple_of(PIECE_ALIGN), 0);
        at
    }

    /// Adds the pieces of a part's tuples; their entry.
    fn tuples(&mut self, block: EncodedBlock) -> BlockEntry {
        self.bases += block.entry.base_count.get();
        BlockEntry {
            layout: self.place(&block.layout).into(),
            bases: self.place(&block.bases).into(),
            records: self.place(&block.records).into(),
            offsets: self.place(&block.offsets).into(),
            ..block.entry
        }
    }
}
