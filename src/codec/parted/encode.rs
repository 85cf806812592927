//! The lanes of a segment as parted records.

use rayon::prelude::*;

use crate::bits::SLACK;
use crate::codec::block_entry::BlockEntry;
use crate::codec::coding::Part;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::grouped::within::{encode_lone, encode_tuples};
use crate::codec::kind::RecordHead;
use crate::codec::lanes::Lanes;
use crate::codec::parted::PIECE_ALIGN;
use crate::codec::parted::head::PartedHead;
use crate::codec::parted::keys::Key;
use crate::codec::parted::layout::{PartEntry, PartedLayout};
use crate::codec::parted::new_map::NewMap;
use crate::codec::parted::plan::{PlannedPart, plan};
use crate::codec::transform::encoded_lane::{EncodedLane, width};
use crate::codec::transform::lane_transform::LaneTransform;
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
        let lane = |&lane: &usize| tuple_lane(&mut lanes.lanes[lane], key.as_ref());
        let mut fields: Vec<EncodedLane> = own.iter().map(lane).collect();
        let tuples = out.tuples(encode_tuples(&mut fields, tuples, coding));
        let map = key.map_or(NewMap::Same, |key| key.map);
        let entry = PartEntry { tuples, ..map.entry(own.len(), out.place(&map.bytes())) };
        let number = layout.len();
        layout.push((entry, own.into_iter().map(|lane| lane as u32).collect()));
        // An index follows in a part of its own, so that it is read without other lanes.
        if let NewMap::Index(tuple) = map {
            let tuples = out.tuples(encode_lone(index_lane(tuple), coding));
            let entry = PartEntry { tuples, ..NewMap::Same.entry(1, 0) };
            layout.push((entry, vec![(lanes.lanes.len() + number) as u32]));
        }
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

/// The lane of an index: the tuple of each row, as wide as their number needs.
fn index_lane(tuple: Vec<u32>) -> EncodedLane {
    let most = tuple.iter().copied().fold(0, u32::max);
    let transform = LaneTransform { width: width(most.into()), ..LaneTransform::default() };
    EncodedLane { transform, fields: tuple.into_iter().map(u64::from).collect(), ..EncodedLane::default() }
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
