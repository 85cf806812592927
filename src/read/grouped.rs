//! Grouped records: from base ids and deviations to the fields of lanes (spec, section 4.4).

use std::borrow::Cow;
use std::ops::Range;

use super::records::Picked;
use super::{Pages, Source};
use crate::entrogede::{Slope, id_bits};
use crate::error::{Error, Result};
use crate::format::bits::{field, mask};
use crate::format::{AnchorLine, BlockEntry, GroupedLayout, MINI_BLOCK, SLACK, WIDTH_BITS};

/// Fields of up to so many bits are one load.
const ONE_LOAD: u32 = 57;

/// How the records of a block are cut, and its base tables.
pub(super) struct Grouped {
    groups: Vec<Group>,
    /// Group by group.
    lanes: Vec<GroupLane>,
    /// For each lane its place among `lanes`.
    places: Vec<usize>,
    /// Group by group, base by base, lane by lane; 2^(id bits) bases a group, so that every id has one.
    entries: Vec<Entry>,
    /// Bits of deviations by the ids of a few neighbouring groups.
    sums: Vec<Sum>,
    /// Bits of a row's base ids.
    ids: u64,
    anchors: AnchorLine,
    /// Bits of a row's deviations: at least, and at most.
    deviations: (u64, u64),
}

struct Group {
    /// The first bit of the id among a row's ids.
    at: u64,
    id_bits: u32,
    bases: usize,
    lanes: Range<usize>,
    /// Its first base among the entries.
    entries: usize,
}

/// Some groups whose ids lie side by side, and what their deviations take together.
struct Sum {
    at: u64,
    id_bits: u32,
    groups: Range<usize>,
    /// By the ids, the first group's the lowest; `NO_BASE` where one names no base.
    bits: Vec<u32>,
}

/// Ids whose sums are tabled together have so many bits at most, or are those of one group; fewer where there are more
/// than `FEW_GROUPS`, so that tables stay small.
const SUM_BITS: u32 = 11;
const FEW_GROUPS: usize = 64;
const NO_BASE: u32 = u32::MAX;

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
            sums: Vec::new(),
            ids: 0,
            anchors: layout.anchors,
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
            let entries = this.entries.len();
            for _ in 0..count {
                for lane in this.lanes.get(lanes.clone()).unwrap_or(&[]) {
                    let low = field(&table, at, lane.width);
                    let width = field(&table, at + u64::from(lane.width), WIDTH_BITS) as u32;
                    at += u64::from(lane.width + WIDTH_BITS);
                    if width > lane.width {
                        return Err(corrupt("a deviation is wider than its lane"));
                    }
                    this.entries.push(Entry { low, width });
                }
            }
            let own = this.entries.get(entries..).unwrap_or(&[]).chunks(lanes.len().max(1));
            let totals = own.map(|base| base.iter().map(|e| u64::from(e.width)).sum::<u64>());
            let bounds = totals.fold((u64::MAX, 0), |(least, most), t| (t.min(least), t.max(most)));
            this.deviations = (this.deviations.0 + bounds.0, this.deviations.1 + bounds.1);
            this.entries.resize(entries + (lanes.len() << id_bits), Entry::default());
            this.groups.push(Group { at: this.ids, id_bits, bases: count, lanes, entries });
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
        this.sums = this.sums();
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

    /// Tables of the bits of deviations, over groups as long as their ids are few.
    fn sums(&self) -> Vec<Sum> {
        let mut sums: Vec<Sum> = Vec::new();
        let most = if self.groups.len() <= FEW_GROUPS { SUM_BITS } else { SUM_BITS / 2 };
        for (number, group) in self.groups.iter().enumerate() {
            let own = self.entries.get(group.entries..).unwrap_or(&[]).chunks(group.lanes.len().max(1));
            let own = own.take(1 << group.id_bits).enumerate().map(|(id, base)| match id < group.bases {
                true => base.iter().map(|e| e.width).sum(),
                false => NO_BASE,
            });
            match sums.last_mut().filter(|s| s.id_bits + group.id_bits <= most) {
                Some(sum) => {
                    let add = |own: u32, bits: &u32| own.checked_add(*bits).unwrap_or(NO_BASE);
                    sum.bits = own.flat_map(|own| sum.bits.iter().map(move |bits| add(own, bits))).collect();
                    sum.id_bits += group.id_bits;
                    sum.groups.end = number + 1;
                }
                None => sums.push(Sum {
                    at: group.at,
                    id_bits: group.id_bits,
                    groups: number..number + 1,
                    bits: own.collect(),
                }),
            }
        }
        sums
    }

    /// Bits of the deviations of the row whose ids are at a bit; `NO_BASE` or more if one names no base.
    #[inline(always)]
    fn row_bits(&self, ids: u64, load: impl Fn(u64) -> u64) -> u64 {
        let mut all = 0;
        for sum in &self.sums {
            let id = load(ids + sum.at) & mask(sum.id_bits);
            all += u64::from(sum.bits.get(id as usize).copied().unwrap_or(NO_BASE));
        }
        all
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
            let frame = entry.frame_of(first) * entry.frame_entry_bits();
            let at = self.mini_block(entry, &frames, frame, first);
            if at != next {
                return Err(corrupt("a mini-block does not follow the one before"));
            }
            next = at.saturating_add(here * self.ids);
            for j in 0..here {
                next += self.row_bits(at + j * self.ids, |bit| field(&data, bit, ONE_LOAD));
            }
            if next > 8 * length {
                return Err(corrupt("a mini-block is longer than the records"));
            }
        }
        // Anchors of mini-blocks that a last frame does not have.
        let framed = rows.div_ceil(entry.frame_rows()).saturating_mul(entry.frame_rows());
        let spare = rows.div_ceil(MINI_BLOCK)..framed / MINI_BLOCK;
        let frame_at = |i: u64| entry.frame_of(i * MINI_BLOCK) * entry.frame_entry_bits();
        let anchor =
            |i: u64| field(&frames, frame_at(i) + entry.anchor_within(i * MINI_BLOCK), entry.id_bits.into());
        let tail = field(&data, next, (8 * length).saturating_sub(next).min(64) as u32);
        if next.div_ceil(8) != length || tail != 0 || spare.into_iter().any(|i| anchor(i) != 0) {
            return Err(corrupt("something follows the last mini-block"));
        }
        Ok(())
    }

    /// The bit at which the mini-block of a row begins, whose frame is at bit `frame` of `frames`.
    #[inline(always)]
    fn mini_block(&self, entry: &BlockEntry, frames: &[u8], frame: u64, row: u64) -> u64 {
        match entry.id_bits {
            0 => (row / MINI_BLOCK * MINI_BLOCK).saturating_mul(self.steady_bits()),
            bits => {
                let anchor = field(frames, frame + entry.anchor_within(row), bits.into());
                self.anchors.at(row / MINI_BLOCK).wrapping_add(anchor)
            }
        }
    }
}

/// The bytes of the frames of some rows, and of their mini-blocks.
type Found<'p> = (Cow<'p, [u8]>, Cow<'p, [u8]>);

/// Rows of a mini-block that are read together.
#[derive(Clone, Copy)]
pub(super) struct Run {
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
    places: Places,
    /// Lanes that are wanted, by place.
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
        Self { wanted, fields, ..Self::default() }
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
        if !self.places.decode(grouped, &self.runs, &data, &self.wanted, &mut self.fields) {
            return Err(corrupt("a row names a base that does not exist, or lies outside"));
        }
        self.add_frames(grouped, &frames);
        Ok(())
    }

    /// Finds the rows.
    fn find<'p, S: Source>(
        &mut self,
        grouped: &Grouped,
        pages: &'p Pages<S>,
        entry: &BlockEntry,
        rows: Picked,
    ) -> Result<Found<'p>> {
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
            let mut frame = entry.frame_of(row) * frame_bits;
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
            let mut at = grouped.mini_block(entry, &frames, frame, row);
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
            let place = entry.place_in_frame(row) as usize;
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

/// Where the rows of some runs are in their data. All of a chunk's rows go through a group side by side.
#[derive(Default)]
struct Places {
    /// The bit of a row's ids, and of its next deviation.
    ids: Vec<u64>,
    next: Vec<u64>,
    /// Up to 57 bits of ids.
    words: Vec<u64>,
    /// Bits of each row's deviations.
    lengths: Vec<u64>,
}

impl Places {
    /// Writes what bases and deviations make of the wanted lanes of the runs' rows. False if an id names no base, or a
    /// row does not lie in the data.
    fn decode(
        &mut self,
        grouped: &Grouped,
        runs: &[Run],
        data: &[u8],
        wanted: &[bool],
        out: &mut [Vec<u64>],
    ) -> bool {
        #[cfg(target_arch = "x86_64")]
        if super::fields::has_bmi2() {
            // SAFETY: the processor has what the function needs.
            return unsafe { self.decode_bmi2(grouped, runs, data, wanted, out) };
        }
        self.decode_any(grouped, runs, data, wanted, out)
    }

    /// `decode` for processors that shift and mask by any count in one instruction.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn decode_bmi2(
        &mut self,
        grouped: &Grouped,
        runs: &[Run],
        data: &[u8],
        wanted: &[bool],
        out: &mut [Vec<u64>],
    ) -> bool {
        self.decode_any(grouped, runs, data, wanted, out)
    }

    #[inline(always)]
    fn decode_any(
        &mut self,
        grouped: &Grouped,
        runs: &[Run],
        data: &[u8],
        wanted: &[bool],
        out: &mut [Vec<u64>],
    ) -> bool {
        // The last bit at which 64 bits can be loaded. Rows may reach beyond the last deviation, for ids that
        // are wrong, and for bases that are wider than those they have.
        let most = 8 * (data.len() as u64).saturating_sub(9);
        let reach = |run: &Run| {
            let rows = grouped.ids.checked_add(grouped.deviations.1)?.checked_mul(run.rows)?;
            run.at.checked_add(rows).filter(|_| data.len() > 9)
        };
        if runs.iter().all(|run| reach(run).is_some_and(|end| end <= most)) {
            let load = |bit: u64| {
                debug_assert!(bit <= most);
                // SAFETY: no row of these runs reaches beyond `most`, and 8 bytes lie behind it.
                let word = unsafe { data.as_ptr().add((bit >> 3) as usize).cast::<u64>().read_unaligned() };
                word >> (bit & 7)
            };
            self.find(grouped, runs, load) && self.lanes(grouped, data, wanted, out, load)
        } else {
            let load = |bit: u64| field(data, bit, ONE_LOAD);
            let end = 8 * (data.len() as u64).saturating_sub(SLACK);
            self.find(grouped, runs, load)
                && self.lanes(grouped, data, wanted, out, load)
                && self.next.iter().all(|&next| next <= end)
        }
    }

    /// Finds the ids and the first deviation of every row.
    #[inline(always)]
    fn find(&mut self, grouped: &Grouped, runs: &[Run], load: impl Fn(u64) -> u64 + Copy) -> bool {
        // Rows before those of a run must be walked over: their deviations come first.
        self.ids.clear();
        for run in runs {
            let all = 0..run.first + run.count;
            self.ids.extend(all.map(|j| run.at + j * grouped.ids));
        }
        self.lengths.clear();
        self.lengths.resize(self.ids.len(), 0);
        let mut word = u64::MAX;
        for sum in &grouped.sums {
            if let [all] = sum.bits[..] {
                self.lengths.iter_mut().for_each(|length| *length += u64::from(all));
                continue;
            }
            self.word(&mut word, sum, load);
            let (shift, ids) = (sum.at.wrapping_sub(word), sum.bits.len() as u64 - 1);
            for (length, word) in self.lengths.iter_mut().zip(&self.words) {
                let id = word >> shift & ids;
                // SAFETY: there are as many sums as ids, a power of two.
                *length += u64::from(unsafe { *sum.bits.get_unchecked(id as usize) });
            }
        }
        self.next.clear();
        let mut lengths = self.lengths.iter();
        let mut worst = 0;
        let (mut from, mut to) = (0, 0);
        for run in runs {
            let mut next = run.at + run.rows * grouped.ids;
            for length in lengths.by_ref().take(run.first as usize) {
                worst = worst.max(*length);
                next += length;
            }
            from += run.first as usize;
            for length in lengths.by_ref().take(run.count as usize) {
                self.next.push(next);
                worst = worst.max(*length);
                next += length;
            }
            if from > to {
                self.ids.copy_within(from..from + run.count as usize, to);
            }
            (from, to) = (from + run.count as usize, to + run.count as usize);
        }
        self.ids.truncate(to);
        worst < u64::from(NO_BASE)
    }

    /// Makes `words` hold the ids of a sum's groups; they begin at bit `word` of a row's ids.
    #[inline(always)]
    fn word(&mut self, word: &mut u64, sum: &Sum, load: impl Fn(u64) -> u64) {
        if *word == u64::MAX || sum.at + u64::from(sum.id_bits) > *word + u64::from(ONE_LOAD) {
            *word = sum.at;
            self.words.clear();
            self.words.extend(self.ids.iter().map(|ids| load(ids + *word)));
        }
    }

    /// Reads lane by lane.
    #[inline(always)]
    fn lanes(
        &mut self,
        grouped: &Grouped,
        data: &[u8],
        wanted: &[bool],
        out: &mut [Vec<u64>],
        load: impl Fn(u64) -> u64 + Copy,
    ) -> bool {
        let is_wanted = |lanes: Range<usize>| wanted.get(lanes).is_some_and(|w| w.contains(&true));
        let Some(last) = grouped.groups.iter().rposition(|g| is_wanted(g.lanes.clone())) else { return true };
        let mut word = u64::MAX;
        for sum in grouped.sums.iter().take_while(|s| s.groups.start <= last) {
            let groups = grouped.groups.get(sum.groups.clone()).unwrap_or(&[]);
            if sum.id_bits > 0 {
                self.word(&mut word, sum, load);
            }
            if !groups.iter().any(|g| is_wanted(g.lanes.clone())) {
                self.skip(sum, word);
                continue;
            }
            for group in groups {
                self.group(grouped, group, word, data, wanted, out, load);
            }
        }
        true
    }

    /// Leaves out the deviations of some groups.
    #[inline(always)]
    fn skip(&mut self, sum: &Sum, word: u64) {
        if let [all] = sum.bits[..] {
            return self.next.iter_mut().for_each(|next| *next += u64::from(all));
        }
        let shift = sum.at.wrapping_sub(word);
        for (next, word) in self.next.iter_mut().zip(&self.words) {
            let id = word >> shift & mask(sum.id_bits);
            *next += sum.bits.get(id as usize).map_or(0, |&bits| u64::from(bits));
        }
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn group(
        &mut self,
        grouped: &Grouped,
        group: &Group,
        word: u64,
        data: &[u8],
        wanted: &[bool],
        out: &mut [Vec<u64>],
        load: impl Fn(u64) -> u64 + Copy,
    ) {
        let per = group.lanes.len();
        let entries = grouped.entries.get(group.entries..group.entries + (per << group.id_bits));
        let Some(entries) = entries else { return };
        let (shift, ids) = (group.at.wrapping_sub(word), mask(group.id_bits));
        for (offset, place) in group.lanes.clone().enumerate() {
            let to = match wanted.get(place) {
                Some(true) => out.get_mut(place).map_or(&mut [][..], |o| &mut o[..]),
                _ => &mut [],
            };
            if group.id_bits == 0 {
                let entry = entries.get(offset).copied().unwrap_or_default();
                self.alike(entry, data, to, load);
                continue;
            }
            let entry = |word: u64| {
                let first = (word >> shift & ids) as usize * per;
                // SAFETY: ids are below 2^(id bits), and so many bases of `per` entries there are.
                unsafe { *entries.get_unchecked(first + offset) }
            };
            let rows = self.next.iter_mut().zip(&self.words);
            if to.is_empty() {
                rows.for_each(|(at, &word)| *at += u64::from(entry(word).width));
            } else if entries.iter().skip(offset).step_by(per).any(|e| e.width > ONE_LOAD) {
                rows.zip(to).for_each(|((at, &word), to)| {
                    let Entry { low, width } = entry(word);
                    *to = low.wrapping_add(field(data, *at, width));
                    *at += u64::from(width);
                });
            } else {
                rows.zip(to).for_each(|((at, &word), to)| {
                    let Entry { low, width } = entry(word);
                    *to = low.wrapping_add(load(*at) & !(u64::MAX << (width & 63)));
                    *at += u64::from(width);
                });
            }
        }
    }

    /// A lane of which all rows have one base.
    #[inline(always)]
    fn alike(&mut self, entry: Entry, data: &[u8], to: &mut [u64], load: impl Fn(u64) -> u64 + Copy) {
        let Entry { low, width } = entry;
        if width == 0 {
            return to.fill(low);
        }
        let (rows, mask) = (self.next.iter_mut(), mask(width));
        if to.is_empty() {
            rows.for_each(|at| *at += u64::from(width));
        } else if width > ONE_LOAD {
            rows.zip(to).for_each(|(at, to)| {
                *to = low.wrapping_add(field(data, *at, width));
                *at += u64::from(width);
            });
        } else {
            rows.zip(to).for_each(|(at, to)| {
                *to = low.wrapping_add(load(*at) & mask);
                *at += u64::from(width);
            });
        }
    }
}
