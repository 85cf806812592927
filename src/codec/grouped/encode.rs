//! The lanes of a segment as grouped records.

use std::ops::Range;

use rayon::prelude::*;

use crate::bits::{BitWriter, SLACK, id_bits, mask};
use crate::codec::block_entry::BlockEntry;
use crate::codec::coding::{Coding, Part};
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::grouped::bins::{Bin, Bins};
use crate::codec::grouped::code_groups::{CodeGroup, Coded, code_groups, lone_groups};
use crate::codec::grouped::frame_of_reference::{Framed, MAX_FRAMED_WIDTH, MINI_BLOCK_SHIFT, SHIFTS, Slope};
use crate::codec::grouped::head::GroupedHead;
use crate::codec::grouped::layout::{
    AnchorLine, GroupEntry, GroupedLane, GroupedLayout, MAX_ENTRIES, MAX_GROUPED_LANES, MINI_BLOCK,
    WIDTH_BITS,
};
use crate::codec::kind::RecordHead;
use crate::codec::lanes::Lanes;
use crate::codec::transform::encoded_lane::{EncodedLane, width};
use crate::codec::transform::step::divide;

/// Fields that are written by one thread at a time.
const PART_FIELDS: usize = 1 << 17;

/// Lanes that may be packed without base ids, and what that may cost, in percent.
const FEW_LANES: usize = 4;
const PACKED_PERCENT: u64 = 103;

/// Bins a lane may have, and values that a lane may have for each to be a bin.
pub(super) const MAX_BINS: usize = 16;

/// A lane ready to be coded.
struct Prepared {
    width: u8,
    slope: Option<Slope>,
    /// One a frame, if there is a slope.
    minima: Vec<u64>,
    /// Fields less their frames' prediction.
    rests: Vec<u64>,
    bins: Bins,
    /// The bin of every row.
    ids: Vec<u16>,
}

/// True if a table of so many lanes can have grouped records.
pub(crate) fn fits(lanes: usize) -> bool {
    (1..=MAX_GROUPED_LANES).contains(&lanes)
}

/// Cuts the records of at least one lane and one row. The few lanes of a column that is read without others have rows of as
/// many bits each where that costs about as little: these are decoded several times faster.
pub(crate) fn encode(lanes: Lanes) -> EncodedBlock {
    if !lanes.coding().apart || lanes.lanes.len() > FEW_LANES {
        return encode_in(lanes, MAX_BINS);
    }
    let packed = encode_in(lanes.clone(), 1);
    let best = encode_in(lanes, MAX_BINS);
    if is_better(&packed, &best) { packed } else { best }
}

/// Cuts the records, with at most so many bins a lane. Lanes are prepared in parallel, in place: a segment's fields are the
/// most memory that a writer takes, and there is one copy of them.
fn encode_in(mut lanes: Lanes, bins: usize) -> EncodedBlock {
    let (rows, coding) = (lanes.rows(), lanes.coding());
    if coding.has(Part::Steps) {
        lanes.lanes.par_iter_mut().for_each(divide);
    }
    let records = cut(&mut lanes.lanes, rows, coding, bins);
    lanes.around(records)
}

/// Cuts the records of lanes, of which only fields and widths count.
pub(super) fn cut(lanes: &mut [EncodedLane], rows: usize, coding: Coding, bins: usize) -> EncodedBlock {
    let bins = if coding.has(Part::Bins) { bins } else { 1 };
    let most = (MAX_ENTRIES as usize / lanes.len().max(1)).clamp(1, bins);
    let shift = if coding.has(Part::Frames) { frame_shift(lanes, most) } else { MINI_BLOCK_SHIFT };
    let prepare = |lane: &mut EncodedLane| {
        let fields = std::mem::take(&mut lane.fields);
        Prepared::of(lane.transform.width, fields, shift, most)
    };
    let mut prepared: Vec<Prepared> = lanes.par_iter_mut().map(prepare).collect();
    let join = if coding.has(Part::CodeGroups) { code_groups } else { lone_groups };
    let groups = groups(&mut prepared, most, join);
    Records { rows, shift, lanes: prepared, groups }.block()
}

/// True if packed records cost about as little as the best.
pub(super) fn is_better(packed: &EncodedBlock, best: &EncodedBlock) -> bool {
    100 * packed.record_bytes() <= PACKED_PERCENT * best.record_bytes()
}

/// The frames with which all lanes together take the fewest bits.
fn frame_shift(lanes: &[EncodedLane], most: usize) -> u32 {
    type Bits = [u64; SHIFTS.len() + 1];
    let bits = |lane: &EncodedLane| -> Bits {
        let (width, rows) = (lane.transform.width, lane.fields.len() as u64);
        let plain = Bins::estimate(&lane.fields, rows, entry_bits(width), most);
        let slopes = slopes(width, &lane.fields);
        let mut bits = [plain; SHIFTS.len() + 1];
        if !slopes.is_empty() {
            for (bits, shift) in bits.iter_mut().skip(1).zip(SHIFTS) {
                *bits = Framed::trial(&lane.fields, width, shift, &slopes, most).0.min(plain);
            }
        }
        bits
    };
    let add = |mut all: Bits, lane: Bits| {
        all.iter_mut().zip(lane).for_each(|(all, lane)| *all += lane);
        all
    };
    let bits = lanes.par_iter().map(bits).reduce(|| [0; SHIFTS.len() + 1], add);
    let shifts = [MINI_BLOCK_SHIFT].into_iter().chain(SHIFTS);
    shifts.zip(bits).min_by_key(|(_, bits)| *bits).map_or(MINI_BLOCK_SHIFT, |(shift, _)| shift)
}

/// Slopes that are worth trying; none where frames are not.
pub(super) fn slopes(width: u8, fields: &[u64]) -> Vec<Slope> {
    if (2..=MAX_FRAMED_WIDTH).contains(&width) { Slope::candidates(fields) } else { Vec::new() }
}

/// Bits of a lane in a base.
pub(super) fn entry_bits(width: u8) -> u64 {
    u64::from(width) + u64::from(WIDTH_BITS)
}

impl Prepared {
    /// Takes a lane's fields, so that a lane without frames needs no copy of them.
    fn of(width: u8, fields: Vec<u64>, shift: u32, most: usize) -> Self {
        let rows = fields.len() as u64;
        let slopes = if shift > MINI_BLOCK_SHIFT { slopes(width, &fields) } else { Vec::new() };
        let plain = || Bins::estimate(&fields, rows, entry_bits(width), most);
        let framed = (!slopes.is_empty()).then(|| Framed::trial(&fields, width, shift, &slopes, most));
        let slope = framed.filter(|(bits, _)| *bits < plain()).map(|(_, slope)| slope);
        let framed = slope.map(|slope| (Framed::new(&fields, shift, slope), slope));
        // Along a steep line the rest may be wider than the lane.
        let framed = framed.filter(|(framed, _)| framed.rests.iter().all(|&rest| self::width(rest) <= width));
        let (Framed { minima, rests }, slope) = match framed {
            Some((framed, slope)) => (framed, Some(slope)),
            None => (Framed { minima: Vec::new(), rests: fields }, None),
        };
        let bins = Bins::cut(&rests, entry_bits(width), most);
        let ids = rests.iter().map(|&rest| bins.of(rest) as u16).collect();
        Self { width, slope, minima, rests, bins, ids }
    }

    /// A bin as it is written: lower where its deviations would lead out of the lane, so that none can.
    fn written(&self, Bin { low, width }: Bin) -> Bin {
        Bin { low: low.min(mask(self.width.into()) - mask(width.into())), width }
    }

    /// The same lane in other bins.
    fn rebin(&mut self, bins: Bins) {
        self.ids = self.rests.iter().map(|&rest| bins.of(rest) as u16).collect();
        self.bins = bins;
    }

    /// Bits of ids, deviations and a base table for this lane alone.
    fn bits(&self) -> u64 {
        self.bits_by(&self.bins, &self.ids)
    }

    /// The same in other bins.
    fn bits_in(&self, bins: &Bins) -> u64 {
        let ids: Vec<u16> = self.rests.iter().map(|&rest| bins.of(rest) as u16).collect();
        self.bits_by(bins, &ids)
    }

    fn bits_by(&self, bins: &Bins, ids: &[u16]) -> u64 {
        let count = bins.bins.len() as u64;
        bins.deviation_bits(ids)
            + ids.len() as u64 * u64::from(id_bits(count))
            + count * entry_bits(self.width)
    }
}

/// Code groups of the lanes. Lanes of few values are tried with a bin for each: what they share with others shows then.
fn groups(lanes: &mut [Prepared], most: usize, join: fn(&[Coded]) -> Vec<CodeGroup>) -> Vec<CodeGroup> {
    let alone: Vec<Bins> = lanes.iter().map(|lane| lane.bins.clone()).collect();
    let rebin = |(lane, alone): (&mut Prepared, &Bins)| {
        if let Some(values) = Bins::values(&lane.rests, most) {
            lane.rebin(values);
        }
        lane.bits_in(alone).min(lane.bits())
    };
    let best: Vec<u64> = lanes.par_iter_mut().zip(&alone).map(rebin).collect();
    let groups = join(&coded(lanes, &best));
    // Lanes that stayed alone go back to the bins that are best for them.
    let mut changed = false;
    for group in groups.iter().filter(|g| g.lanes.len() == 1 || g.count() == 1) {
        for &lane in &group.lanes {
            let (lane, bins) = (&mut lanes[lane], &alone[lane]);
            if lane.bins != *bins && lane.bits_in(bins) < lane.bits() {
                lane.rebin(bins.clone());
                changed = true;
            }
        }
    }
    if changed { join(&coded(lanes, &best)) } else { groups }
}

fn coded<'a>(lanes: &'a [Prepared], best: &[u64]) -> Vec<Coded<'a>> {
    let coded = |(lane, &alone): (&'a Prepared, &u64)| Coded {
        ids: &lane.ids,
        bins: lane.bins.bins.len(),
        entry_bits: entry_bits(lane.width),
        deviations: lane.bins.deviation_bits(&lane.ids),
        alone,
    };
    lanes.par_iter().zip(best).map(coded).collect()
}

/// A lane's part of the records, with its bins as they are written.
struct LaneBins<'a> {
    ids: &'a [u16],
    rests: &'a [u64],
    bins: Vec<Bin>,
}

impl<'a> LaneBins<'a> {
    fn of(lane: &'a Prepared) -> Self {
        let bins = lane.bins.bins.iter().map(|&bin| lane.written(bin)).collect();
        Self { ids: &lane.ids, rests: &lane.rests, bins }
    }
}

/// All that the records are made of.
struct Records {
    rows: usize,
    shift: u32,
    lanes: Vec<Prepared>,
    groups: Vec<CodeGroup>,
}

impl Records {
    fn block(&self) -> EncodedBlock {
        let bases = self.bases();
        let ids: u32 = self.groups.iter().map(|g| id_bits(g.count() as u64)).sum();
        let (records, anchors) = self.records();
        let steady = self.is_steady();
        let (line, anchors) = if steady {
            (AnchorLine::default(), vec![0; anchors.len()])
        } else {
            AnchorLine::below(&anchors)
        };
        // Anchors of no bits say that all rows have as many bits.
        let anchor_bits = width(anchors.iter().copied().fold(0, u64::max)).max(u8::from(!steady));
        let layout = self.layout(line);
        let frame_bits: u32 = self.framed().map(|lane| u32::from(lane.width)).sum();
        let entry = BlockEntry {
            rows: (self.rows as u64).into(),
            base_count: self.groups.iter().map(|g| g.count() as u64).sum::<u64>().into(),
            total_bits: self.lanes.iter().map(|l| u32::from(l.width)).sum::<u32>().into(),
            base_bits: bases.1.into(),
            deviation_bits: ids.into(),
            constant_bits: (8 * layout.len() as u32).into(),
            record_kind: GroupedHead::NUMBER,
            id_bits: anchor_bits,
            frame_shift: self.shift as u8,
            frame_bits: frame_bits.into(),
            records_length: (records.len() as u64).into(),
            ..BlockEntry::default()
        };
        let offsets = self.frames(&anchors, anchor_bits.into());
        let mut layout = layout;
        layout.resize(layout.len() + SLACK as usize, 0);
        EncodedBlock { layout, bases: bases.0, records, offsets, ..EncodedBlock::new(entry) }
    }

    /// The lanes that have frames, in the order of the groups.
    fn framed(&self) -> impl Iterator<Item = &Prepared> {
        self.groups
            .iter()
            .flat_map(|g| &g.lanes)
            .map(|&lane| &self.lanes[lane])
            .filter(|lane| lane.slope.is_some())
    }

    /// True if all rows have as many bits.
    fn is_steady(&self) -> bool {
        self.groups.iter().all(|group| {
            let mut widths = (0..group.count())
                .map(|base| self.parts(group, base).map(|(_, bin)| u32::from(bin.width)).sum::<u32>());
            let first = widths.next();
            widths.all(|width| Some(width) == first)
        })
    }

    /// The lanes of a group, each with its bin in a base.
    fn parts<'a>(&'a self, group: &'a CodeGroup, base: usize) -> impl Iterator<Item = (&'a Prepared, Bin)> {
        let bins = &group.bases[base * group.lanes.len()..][..group.lanes.len()];
        group.lanes.iter().zip(bins).map(|(&lane, &bin)| {
            let lane = &self.lanes[lane];
            (lane, lane.written(lane.bins.bins[usize::from(bin)]))
        })
    }

    fn layout(&self, anchors: AnchorLine) -> Vec<u8> {
        let group = |g: &CodeGroup| GroupEntry {
            bases: (g.count() as u32).into(),
            lanes: (g.lanes.len() as u32).into(),
        };
        let lane = |&number: &usize| {
            let slope = self.lanes[number].slope;
            GroupedLane {
                lane: (number as u32).into(),
                framed: u8::from(slope.is_some()),
                zero: [0; 3],
                slope: slope.unwrap_or_default().0.into(),
            }
        };
        let groups = self.groups.iter().map(group).collect();
        GroupedLayout {
            anchors,
            groups,
            lanes: self.groups.iter().flat_map(|g| &g.lanes).map(lane).collect(),
        }
        .to_bytes()
    }

    /// The base tables, and their bits.
    fn bases(&self) -> (Vec<u8>, u32) {
        let (mut writer, mut bits) = (BitWriter::default(), 0);
        for group in &self.groups {
            for base in 0..group.count() {
                for (lane, bin) in self.parts(group, base) {
                    writer.push(bin.low, lane.width.into());
                    writer.push(bin.width.into(), WIDTH_BITS);
                    bits += entry_bits(lane.width) as u32;
                }
            }
        }
        (writer.finish(), bits)
    }

    /// The records, and the bit at which each mini-block begins. Parts of the rows are written in parallel and joined; one
    /// round of parts is in memory beside the records.
    fn records(&self) -> (Vec<u8>, Vec<u64>) {
        let id_bits: Vec<u32> = self.groups.iter().map(|g| id_bits(g.count() as u64)).collect();
        let lanes = self.groups.iter().flat_map(|g| &g.lanes).map(|&l| LaneBins::of(&self.lanes[l]));
        let lanes: Vec<LaneBins> = lanes.collect();
        let part_rows = (PART_FIELDS / lanes.len().max(1)).next_multiple_of(MINI_BLOCK as usize);
        let starts: Vec<usize> = (0..self.rows).step_by(part_rows).collect();
        let deviations: u64 = self.lanes.iter().map(|lane| lane.bins.deviation_bits(&lane.ids)).sum();
        let bits = self.rows as u128 * u128::from(id_bits.iter().sum::<u32>()) + u128::from(deviations);
        let (mut writer, mut anchors) = (BitWriter::with_capacity(bits), Vec::new());
        for round in starts.chunks(rayon::current_num_threads()) {
            let part = |&first: &usize| self.part(first..self.rows.min(first + part_rows), &id_bits, &lanes);
            let parts: Vec<(BitWriter, Vec<u64>)> = round.par_iter().map(part).collect();
            for (part, places) in parts {
                let start = writer.bits() as u64;
                anchors.extend(places.iter().map(|place| start + place));
                writer.append(&part);
            }
        }
        (writer.finish(), anchors)
    }

    /// The records of some rows, which begin with a mini-block.
    fn part(&self, rows: Range<usize>, id_bits: &[u32], lanes: &[LaneBins]) -> (BitWriter, Vec<u64>) {
        let (mut writer, mut anchors) = (BitWriter::default(), Vec::new());
        for first in rows.clone().step_by(MINI_BLOCK as usize) {
            let rows = first..rows.end.min(first + MINI_BLOCK as usize);
            anchors.push(writer.bits() as u64);
            for row in rows.clone() {
                for (group, &bits) in self.groups.iter().zip(id_bits) {
                    writer.push(group.ids[row].into(), bits);
                }
            }
            for row in rows {
                for lane in lanes {
                    let bin = lane.bins[usize::from(lane.ids[row])];
                    writer.push(lane.rests[row] - bin.low, bin.width.into());
                }
            }
        }
        (writer, anchors)
    }

    /// For each frame the anchors of its mini-blocks, and the minima.
    fn frames(&self, anchors: &[u64], anchor_bits: u32) -> Vec<u8> {
        let mut writer = BitWriter::default();
        let blocks = 1 << (self.shift - MINI_BLOCK_SHIFT);
        for (frame, anchors) in anchors.chunks(blocks).enumerate() {
            // The last frame may have fewer mini-blocks than the others, but has as many anchors.
            for anchor in anchors.iter().copied().chain(std::iter::repeat(0)).take(blocks) {
                writer.push(anchor, anchor_bits);
            }
            for lane in self.framed() {
                writer.push(lane.minima[frame] & mask(lane.width.into()), lane.width.into());
            }
        }
        writer.finish()
    }
}
