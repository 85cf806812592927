//! Grouped records: from base ids and deviations to the fields of lanes (spec, section 4.4).

use std::borrow::Cow;

use super::records::Picked;
use super::{Pages, Source};
use crate::entrogede::{Slope, id_bits};
use crate::error::{Error, Result};
use crate::format::bits::{field, mask};
use crate::format::{BlockEntry, GroupedLayout, MINI_BLOCK, SLACK, WIDTH_BITS};

/// How the records of a block are cut, and its base tables.
pub(super) struct Grouped {
    groups: Vec<Group>,
    /// Group by group.
    lanes: Vec<GroupLane>,
    /// For each lane its place among `lanes`.
    places: Vec<usize>,
    /// Group by group, base by base, lane by lane.
    entries: Vec<Entry>,
    /// For each base of each group the bits of its deviations.
    totals: Vec<u32>,
    /// Bits of a row's base ids.
    ids: u64,
    /// Bits of a row's deviations: at least, and at most.
    deviations: (u64, u64),
}

struct Group {
    /// The first bit of the id among a row's ids.
    at: u64,
    id_bits: u32,
    bases: usize,
    lanes: std::ops::Range<usize>,
    /// Its first base among the entries, and among the totals.
    entries: usize,
    totals: usize,
}

struct GroupLane {
    /// The bit of its minimum in an entry of the frames, and its width.
    minimum: Option<(u64, u32)>,
    slope: Slope,
    /// Bits of its fields.
    width: u32,
}

/// A lane's part of a base.
#[derive(Clone, Copy, Default)]
struct Entry {
    low: u64,
    width: u32,
}

fn corrupt(what: &str) -> Error {
    Error::corrupt(format!("records in code groups: {what}"))
}

impl Grouped {
    /// Reads layout and base tables of a block whose lanes have these widths.
    pub fn read<S: Source>(pages: &Pages<S>, entry: &BlockEntry, widths: &[u8]) -> Result<Self> {
        let lengths = entry.stream_lengths().ok_or_else(|| corrupt("longer than any file"))?;
        let layout = pages.piece(entry.layout.get(), lengths[0].saturating_sub(SLACK))?;
        let layout = GroupedLayout::read(&layout, widths.len())?;
        let table = pages.piece(entry.bases.get(), lengths[1])?;
        let mut this = Self {
            groups: Vec::with_capacity(layout.groups.len()),
            lanes: Vec::with_capacity(layout.lanes.len()),
            places: vec![0; widths.len()],
            entries: Vec::new(),
            totals: Vec::new(),
            ids: 0,
            deviations: (0, 0),
        };
        let mut minimum = entry.frame_rows() / MINI_BLOCK * u64::from(entry.id_bits);
        for (place, lane) in layout.lanes.iter().enumerate() {
            let number = lane.lane.get() as usize;
            let width = u32::from(widths.get(number).copied().unwrap_or(0));
            this.places.get_mut(number).into_iter().for_each(|p| *p = place);
            let framed = (lane.framed == 1).then_some((minimum, width));
            minimum += framed.map_or(0, |(_, width)| width.into());
            let slope = Slope(lane.slope.get());
            this.lanes.push(GroupLane { minimum: framed, slope, width });
        }
        let (mut at, mut next, mut bases) = (0, 0, 0u64);
        for group in &layout.groups {
            let count = group.bases.get() as usize;
            let lanes = next..next + group.lanes.get() as usize;
            next = lanes.end;
            let id_bits = id_bits(count as u64);
            let (entries, totals) = (this.entries.len(), this.totals.len());
            for _ in 0..count {
                let mut total = 0;
                for lane in this.lanes.get(lanes.clone()).unwrap_or(&[]) {
                    let low = field(&table, at, lane.width);
                    let width = field(&table, at + u64::from(lane.width), WIDTH_BITS) as u32;
                    at += u64::from(lane.width + WIDTH_BITS);
                    if width > lane.width {
                        return Err(corrupt("a deviation is wider than its lane"));
                    }
                    total += width;
                    this.entries.push(Entry { low, width });
                }
                this.totals.push(total);
            }
            let own = this.totals.get(totals..).unwrap_or(&[]).iter();
            this.deviations.0 += u64::from(own.clone().min().copied().unwrap_or(0));
            this.deviations.1 += u64::from(own.max().copied().unwrap_or(0));
            this.groups.push(Group { at: this.ids, id_bits, bases: count, lanes, entries, totals });
            this.ids += u64::from(id_bits);
            bases += count as u64;
        }
        let frame = entry.frame_entry_bits();
        let steady = this.deviations.0 == this.deviations.1;
        let fits = at == u64::from(entry.base_bits.get())
            && bases == entry.base_count.get()
            && this.ids == u64::from(entry.deviation_bits.get())
            && minimum == frame
            && (steady || entry.id_bits > 0);
        if fits { Ok(this) } else { Err(corrupt("base tables or frames do not fit the block's bit counts")) }
    }

    /// Whether all rows are alike.
    pub fn is_constant(&self) -> bool {
        self.ids == 0 && self.deviations.1 == 0 && self.lanes.iter().all(|l| l.minimum.is_none())
    }

    /// Bits of a row, if all have as many.
    fn steady_bits(&self) -> u64 {
        self.ids + self.deviations.1
    }

    /// Bits of the deviations of the row whose ids are at a bit.
    fn row_bits(&self, data: &[u8], ids: u64) -> u64 {
        let bits = |group: &Group| {
            let id = field(data, ids + group.at, group.id_bits) as usize;
            self.totals.get(group.totals + id.min(group.bases - 1)).map_or(0, |&t| u64::from(t))
        };
        self.groups.iter().map(bits).sum()
    }

    /// Checks that mini-blocks follow each other and fill the records.
    pub fn check<S: Source>(&self, pages: &Pages<S>, entry: &BlockEntry) -> Result<()> {
        if self.is_constant() {
            let empty = entry.records_length.get() == 0;
            return if empty { Ok(()) } else { Err(corrupt("bytes of rows that are all alike")) };
        }
        let length = entry.records_length.get().saturating_sub(SLACK);
        let data = pages.piece(entry.records.get(), entry.records_length.get())?;
        let lengths = entry.stream_lengths().unwrap_or_default();
        let frames = pages.piece(entry.offsets.get(), lengths[3])?;
        let mut next = 0;
        let rows = entry.rows.get();
        for first in (0..rows).step_by(MINI_BLOCK as usize) {
            let here = MINI_BLOCK.min(rows - first);
            let at = self.mini_block(entry, &frames, 0, first);
            if at != next {
                return Err(corrupt("a mini-block does not follow the one before"));
            }
            next = at.saturating_add(here * self.ids);
            for j in 0..here {
                next += self.row_bits(&data, at + j * self.ids);
            }
            if next > 8 * length {
                return Err(corrupt("a mini-block is longer than the records"));
            }
        }
        // Anchors of mini-blocks that a last frame does not have.
        let spare =
            rows.div_ceil(MINI_BLOCK)..rows.div_ceil(entry.frame_rows()) * entry.frame_rows() / MINI_BLOCK;
        let anchor = |i: u64| field(&frames, entry.anchor_at(i * MINI_BLOCK), entry.id_bits.into());
        let tail = field(&data, next, (8 * length).saturating_sub(next).min(64) as u32);
        if next.div_ceil(8) != length || tail != 0 || spare.into_iter().any(|i| anchor(i) != 0) {
            return Err(corrupt("something follows the last mini-block"));
        }
        Ok(())
    }

    /// The bit at which the mini-block of a row begins; `frames` begins at bit `start` of the frames.
    fn mini_block(&self, entry: &BlockEntry, frames: &[u8], start: u64, row: u64) -> u64 {
        match entry.id_bits {
            0 => (row / MINI_BLOCK * MINI_BLOCK).saturating_mul(self.steady_bits()),
            bits => field(frames, entry.anchor_at(row) - start, bits.into()),
        }
    }
}

/// Rows of a mini-block that are read together.
#[derive(Clone, Copy)]
struct Run {
    /// The bit in the chunk's data at which the mini-block begins.
    at: u64,
    /// Its rows, and those that are read.
    rows: u64,
    first: u64,
    count: u64,
    /// The bit in the chunk's frames at which its frame begins, and the first row's place in the frame.
    frame: u64,
    place: usize,
}

/// The fields of some rows.
#[derive(Default)]
pub(super) struct GroupedFields {
    runs: Vec<Run>,
    /// Lanes that are wanted, by place; none were asked for yet.
    wanted: Vec<bool>,
    /// By place.
    fields: Vec<Vec<u64>>,
}

impl GroupedFields {
    /// No rows yet; of them the lanes of `wanted` will be read.
    pub fn new(grouped: &Grouped, lanes: impl Iterator<Item = usize>) -> Self {
        let mut wanted = vec![false; grouped.lanes.len()];
        for lane in lanes {
            let place = grouped.places.get(lane).and_then(|&p| wanted.get_mut(p));
            place.into_iter().for_each(|w| *w = true);
        }
        let fields = vec![Vec::new(); wanted.len()];
        Self { runs: Vec::new(), wanted, fields }
    }

    /// Exchanges the fields of a lane for other memory.
    pub fn swap(&mut self, grouped: &Grouped, lane: usize, out: &mut Vec<u64>) {
        if let Some(fields) = grouped.places.get(lane).and_then(|&p| self.fields.get_mut(p)) {
            std::mem::swap(fields, out);
        }
    }

    /// Reads the wanted lanes of some rows of a block.
    pub fn read<S: Source>(
        &mut self,
        grouped: &Grouped,
        pages: &Pages<S>,
        entry: &BlockEntry,
        rows: Picked,
    ) -> Result<()> {
        for (fields, _) in self.fields.iter_mut().zip(&self.wanted).filter(|(_, wanted)| **wanted) {
            fields.resize(rows.len(), 0);
        }
        let (frames, data) = self.find(grouped, pages, entry, rows)?;
        if !decode(grouped, &self.runs, &data, &self.wanted, &mut self.fields) {
            return Err(corrupt("a row names a base that does not exist, or lies outside"));
        }
        self.add_frames(grouped, &frames);
        Ok(())
    }

    /// Finds the rows: bytes of their frames and of their mini-blocks.
    fn find<'p, S: Source>(
        &mut self,
        grouped: &Grouped,
        pages: &'p Pages<S>,
        entry: &BlockEntry,
        rows: Picked,
    ) -> Result<(Cow<'p, [u8]>, Cow<'p, [u8]>)> {
        self.runs.clear();
        let outside = || corrupt("a mini-block lies outside the records");
        let lengths = entry.stream_lengths().ok_or_else(outside)?;
        let piece = |offset: u64, length: u64| pages.source().bytes(offset..offset.saturating_add(length));
        let (frames_at, records_at) = (entry.offsets.get(), entry.records.get());
        let mapped = pages.source().whole().is_some();
        // Mapped pieces are used where they are, page by page as they are touched; of others what is needed is gathered.
        let (mut frames, mut data) = match mapped {
            true => (piece(frames_at, lengths[3])?, piece(records_at, lengths[2])?),
            false => (Cow::Owned(Vec::new()), Cow::Owned(Vec::new())),
        };
        let end = 8 * lengths[2].saturating_sub(SLACK);
        let frame_bits = entry.frame_entry_bits();
        let mut i = 0;
        while i < rows.len() {
            let row = rows.row(i);
            let (block, first) = (row / MINI_BLOCK * MINI_BLOCK, row % MINI_BLOCK);
            let in_block = MINI_BLOCK.min(entry.rows.get().saturating_sub(block));
            let count = match rows {
                Picked::Range(..) => (in_block.saturating_sub(first)).min((rows.len() - i) as u64).max(1),
                Picked::List(_) => 1,
            };
            i += count as usize;
            let mut frame = row / entry.frame_rows() * frame_bits;
            if frame_bits > 0 {
                let bytes = frames_at + frame / 8..frames_at + (frame + frame_bits).div_ceil(8);
                match &mut frames {
                    Cow::Borrowed(_) => pages.touch(bytes)?,
                    Cow::Owned(gathered) => {
                        gathered.truncate(gathered.len().saturating_sub(SLACK as usize));
                        let start = 8 * gathered.len() as u64 + frame % 8;
                        gathered.extend_from_slice(&pages.get(bytes)?);
                        gathered.resize(gathered.len() + SLACK as usize, 0);
                        frame = start;
                    }
                }
            }
            let start = row / entry.frame_rows() * frame_bits;
            let mut at = match mapped || entry.id_bits == 0 {
                true => grouped.mini_block(entry, &frames, 0, row),
                // The frame that was gathered stands for the one in the file.
                false => field(&frames, frame + (entry.anchor_at(row) - start), entry.id_bits.into()),
            };
            let most = grouped.ids.saturating_add(grouped.deviations.1).saturating_mul(in_block);
            let to = at.saturating_add(most).min(end);
            if at > to {
                return Err(outside());
            }
            if to > at {
                let bytes = records_at + at / 8..records_at + to.div_ceil(8);
                match &mut data {
                    Cow::Borrowed(_) => pages.touch(bytes)?,
                    Cow::Owned(gathered) => {
                        gathered.truncate(gathered.len().saturating_sub(SLACK as usize));
                        let start = 8 * gathered.len() as u64 + at % 8;
                        gathered.extend_from_slice(&pages.get(bytes)?);
                        gathered.resize(gathered.len() + SLACK as usize, 0);
                        at = start;
                    }
                }
            }
            let place = (row % entry.frame_rows()) as usize;
            self.runs.push(Run { at, rows: in_block, first, count, frame, place });
        }
        Ok((frames, data))
    }

    /// Adds the minima of frames and their slopes.
    fn add_frames(&mut self, grouped: &Grouped, frames: &[u8]) {
        for ((lane, fields), _) in
            grouped.lanes.iter().zip(&mut self.fields).zip(&self.wanted).filter(|(_, wanted)| **wanted)
        {
            let Some((at, width)) = lane.minimum else { continue };
            let mut from = 0;
            let mut last = (u64::MAX, 0);
            for run in &self.runs {
                if last.0 != run.frame {
                    last = (run.frame, field(frames, run.frame + at, width));
                }
                let to = from + run.count as usize;
                let fields = fields.get_mut(from..to).unwrap_or(&mut []);
                for (j, value) in fields.iter_mut().enumerate() {
                    let line = last.1.wrapping_add(lane.slope.at(run.place + j));
                    *value = value.wrapping_add(line) & mask(width);
                }
                from = to;
            }
        }
    }
}

/// Writes what bases and deviations make of the wanted lanes of the runs' rows. False if an id names no base, or a
/// row does not lie in the data.
fn decode(grouped: &Grouped, runs: &[Run], data: &[u8], wanted: &[bool], out: &mut [Vec<u64>]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if super::fields::has_bmi2() {
        // SAFETY: the processor has what the function needs.
        return unsafe { decode_bmi2(grouped, runs, data, wanted, out) };
    }
    decode_any(grouped, runs, data, wanted, out)
}

/// `decode` for processors that shift and mask by any count in one instruction.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn decode_bmi2(grouped: &Grouped, runs: &[Run], data: &[u8], wanted: &[bool], out: &mut [Vec<u64>]) -> bool {
    decode_any(grouped, runs, data, wanted, out)
}

#[inline(always)]
fn decode_any(grouped: &Grouped, runs: &[Run], data: &[u8], wanted: &[bool], out: &mut [Vec<u64>]) -> bool {
    let mut good = true;
    let mut to = 0;
    for run in runs {
        let mut at = run.at + run.rows * grouped.ids;
        for j in 0..run.first {
            at += grouped.row_bits(data, run.at + j * grouped.ids);
        }
        for j in run.first..run.first + run.count {
            let ids = run.at + j * grouped.ids;
            for group in &grouped.groups {
                let id = field(data, ids + group.at, group.id_bits) as usize;
                good &= id < group.bases;
                let id = id.min(group.bases - 1);
                let count = group.lanes.len();
                let start = group.entries + id * count;
                let entries = grouped.entries.get(start..start + count).unwrap_or(&[]);
                for (entry, place) in entries.iter().zip(group.lanes.clone()) {
                    if wanted.get(place) == Some(&true) {
                        let deviation = field(data, at, entry.width);
                        if let Some(slot) = out.get_mut(place).and_then(|o| o.get_mut(to)) {
                            *slot = entry.low.wrapping_add(deviation);
                        }
                    }
                    at += u64::from(entry.width);
                }
            }
            to += 1;
        }
        good &= at <= 8 * (data.len() as u64).saturating_sub(SLACK);
    }
    good
}
