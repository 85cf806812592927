//! The decode kernel of grouped records: bases and deviations to fields, many rows side by side.

use crate::bits::{SLACK, field, mask};
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::code_group::{Entry, ONE_LOAD};
#[cfg(target_arch = "x86_64")]
use crate::codec::grouped::kernel_avx512 as eight;
use crate::codec::grouped::width_sums::{NO_BASE, Sum, Unit};

/// Bytes of a load, with those of the bits that it is shifted by.
const LOAD: usize = 9;

/// Where the rows of some runs are in their data. All of a chunk's rows go through a group side by side.
#[derive(Default)]
pub(crate) struct Places {
    /// The bit of a row's ids, where these are more than one word, and of its next deviation.
    ids: Vec<u64>,
    next: Vec<u64>,
    /// Up to 57 bits of ids.
    words: Vec<u64>,
    /// True if a least field and its deviation exceeded 64 bits.
    wrapped: bool,
}

/// Rows of a block whose fields are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Chunk<'a> {
    pub grouped: &'a Grouped,
    pub runs: &'a [Run],
    /// Where the runs' bits are.
    pub data: &'a [u8],
    /// Lanes that are wanted, by place.
    pub wanted: &'a [bool],
}

impl Chunk<'_> {
    /// True if all that a row may take lies in front of the last `bytes` bytes.
    fn ends_before(&self, bytes: usize) -> bool {
        let last = 8 * (self.data.len() as u64).saturating_sub(bytes as u64);
        let reach = |run: &Run| {
            let row = self.grouped.ids.checked_add(self.grouped.deviations.1)?;
            run.at.checked_add(row.checked_mul(run.rows)?)
        };
        self.data.len() > bytes && self.runs.iter().all(|run| reach(run).is_some_and(|end| end <= last))
    }
}

impl Places {
    /// True if a sum of the rows decoded last exceeded 64 bits.
    pub fn has_wrapped(&self) -> bool {
        self.wrapped
    }

    /// Writes the sums of bases and deviations of the wanted lanes, by place. False if an id names no base, or a row is
    /// not within the data.
    pub fn decode(&mut self, chunk: Chunk, out: &mut [Vec<u64>]) -> bool {
        #[cfg(target_arch = "x86_64")]
        if crate::processor::has_bits() {
            // SAFETY: the processor has what the function needs.
            return unsafe { self.decode_bmi2(chunk, out, crate::processor::has_avx512()) };
        }
        self.decode_any(chunk, out, false)
    }

    /// `decode` for processors that shift and mask by any count in one instruction.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    pub fn decode_bmi2(&mut self, chunk: Chunk, out: &mut [Vec<u64>], eight: bool) -> bool {
        self.decode_any(chunk, out, eight)
    }

    /// `decode`, eight rows side by side if the processor can.
    #[inline(always)]
    pub fn decode_any(&mut self, chunk: Chunk, out: &mut [Vec<u64>], eight: bool) -> bool {
        let data = chunk.data;
        self.wrapped = false;
        // Rows may reach beyond the last deviation, for ids that are wrong, and for bases that are wider than those
        // they have.
        if chunk.ends_before(LOAD) {
            let load = |bit: u64| {
                debug_assert!(bit / 8 + 8 < data.len() as u64);
                // SAFETY: no row of these runs reaches the last `LOAD` bytes, whatever the data are: runs begin where
                // `find` of the fields compared a copy of the bit with the end, ids are as many bits each, and base
                // tables, which are copies, have no deviations of more bits than the most that `ends_before` counts
                // for each row. Ids that are read a second time may have changed in a map; then they name other bases
                // of the same tables, or none and no bits.
                let word = unsafe { data.as_ptr().add((bit >> 3) as usize).cast::<u64>().read_unaligned() };
                word >> (bit & 7)
            };
            // Only rows whose ids all name bases lie where they may be loaded.
            let found = self.find(chunk, load);
            if found && !(eight && self.eight(chunk, out)) {
                self.lanes(chunk, out, load);
            }
            found
        } else {
            let load = |bit: u64| field(data, bit, ONE_LOAD);
            let end = 8 * (data.len() as u64).saturating_sub(SLACK);
            let found = self.find(chunk, load);
            if found {
                self.lanes(chunk, out, load);
            }
            found && self.next.iter().all(|&next| next <= end)
        }
    }

    /// Reads eight rows side by side, if the data reach far enough past the rows, all of whose ids name bases. The
    /// processor has AVX-512.
    #[cfg(target_arch = "x86_64")]
    fn eight(&mut self, chunk: Chunk, out: &mut [Vec<u64>]) -> bool {
        let far = chunk.ends_before(eight::REACH);
        if far {
            let rows = eight::Rows { data: chunk.data, next: &self.next, ids: &self.ids, words: &self.words };
            // SAFETY: the processor has AVX-512. Rows take no more bits than was checked, whatever their ids have become
            // in a map since: the kernel loads the ids of a group once, and looks them up in tables of its own.
            self.wrapped = unsafe { eight::decode(chunk.grouped, &rows, chunk.wanted, out) };
        }
        far
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn eight(&mut self, _: Chunk, _: &mut [Vec<u64>]) -> bool {
        false
    }

    /// Finds the first deviation of every row, and its ids where they are one word. False if one names no base.
    #[inline(always)]
    fn find(&mut self, chunk: Chunk, load: impl Fn(u64) -> u64 + Copy) -> bool {
        let Chunk { grouped, runs, .. } = chunk;
        let rows = runs.iter().map(|run| run.count as usize).sum();
        for places in [&mut self.next, &mut self.words] {
            places.resize(rows, 0);
        }
        self.ids.clear();
        if grouped.ids > u64::from(ONE_LOAD) {
            for run in runs {
                self.ids.extend((run.first..run.first + run.count).map(|j| run.at + j * grouped.ids));
            }
            return self.find_by(runs, grouped.ids, |ids| (0, grouped.row_bits(ids, load)));
        }
        match &grouped.sums[..] {
            [a] => self.find_by_sums([a], chunk, load),
            [a, b] => self.find_by_sums([a, b], chunk, load),
            [a, b, c] => self.find_by_sums([a, b, c], chunk, load),
            [a, b, c, d] => self.find_by_sums([a, b, c, d], chunk, load),
            [a, b, c, d, e] => self.find_by_sums([a, b, c, d, e], chunk, load),
            sums => {
                let bits = |word: u64| sums.iter().map(|sum| sum.of(word >> sum.at)).sum();
                let row = |ids| {
                    let word = load(ids);
                    (word, bits(word))
                };
                self.find_by(runs, grouped.ids, row)
            }
        }
    }

    #[inline(always)]
    fn find_by_sums<const N: usize>(
        &mut self,
        sums: [&Sum; N],
        chunk: Chunk,
        load: impl Fn(u64) -> u64 + Copy,
    ) -> bool {
        let tables = sums.map(|sum| (sum.at, &sum.bits[..], sum.bits.len() as u64 - 1));
        debug_assert!(sums.iter().all(|sum| sum.bits.len().is_power_of_two()));
        let row = |ids| {
            let word = load(ids);
            let of = |(at, bits, ids): &(u64, &[u32], u64)| {
                // SAFETY: there are as many sums as ids, a power of two; the word is a copy of the data.
                u64::from(unsafe { *bits.get_unchecked((word >> at & ids) as usize) })
            };
            (word, tables.iter().map(of).sum())
        };
        self.find_by(chunk.runs, chunk.grouped.ids, row)
    }

    /// Walks over runs of rows; `row` gives the ids that begin at a bit, and the bits of the row's deviations.
    #[inline(always)]
    fn find_by(&mut self, runs: &[Run], id_bits: u64, row: impl Fn(u64) -> (u64, u64)) -> bool {
        let mut worst = 0;
        let mut done = 0;
        for run in runs {
            let own = done..done + run.count as usize;
            done = own.end;
            let places = self.next.get_mut(own.clone()).unwrap_or(&mut []);
            let words = self.words.get_mut(own).unwrap_or(&mut []);
            let (mut ids, mut next) = (run.at, run.at + run.rows * id_bits);
            for _ in 0..run.first {
                let (_, bits) = row(ids);
                worst = bits.max(worst);
                next += bits;
                ids += id_bits;
            }
            for (place, to) in places.iter_mut().zip(words) {
                let (word, bits) = row(ids);
                (*place, *to) = (next, word);
                worst = bits.max(worst);
                next += bits;
                ids += id_bits;
            }
        }
        worst < u64::from(NO_BASE)
    }

    /// Makes `words` hold `bits` bits at bit `at` of each row's ids, if they are not one word; they begin at bit `word`.
    #[inline(always)]
    fn word(&mut self, word: &mut u64, at: u64, bits: u32, load: impl Fn(u64) -> u64) {
        if *word == u64::MAX || at + u64::from(bits) > *word + u64::from(ONE_LOAD) {
            *word = at;
            self.words.iter_mut().zip(&self.ids).for_each(|(words, ids)| *words = load(ids + at));
        }
    }

    /// Reads unit by unit.
    #[inline(always)]
    fn lanes(&mut self, chunk: Chunk, out: &mut [Vec<u64>], load: impl Fn(u64) -> u64 + Copy) {
        let Chunk { grouped, data, wanted, .. } = chunk;
        let is_wanted = |unit: &Unit| wanted.get(unit.lanes.clone()).is_some_and(|w| w.contains(&true));
        let Some(last) = grouped.units.iter().rposition(is_wanted) else { return };
        let mut word = if grouped.ids > u64::from(ONE_LOAD) { u64::MAX } else { 0 };
        for unit in grouped.units.iter().take(last + 1) {
            if unit.id_bits > 0 {
                self.word(&mut word, unit.at, unit.id_bits, load);
            }
            let shift = unit.at.wrapping_sub(word);
            let lanes = out.get_mut(unit.lanes.clone()).unwrap_or(&mut []);
            match (is_wanted(unit), lanes) {
                (false, _) => self.skip(unit, shift),
                _ if unit.id_bits > 0 && unit.parts.is_empty() => self.wide(grouped, unit, word, data, out),
                (_, [a]) if unit.id_bits > 0 => self.unit([a], unit, shift, load),
                (_, [a, b]) if unit.id_bits > 0 => self.unit([a, b], unit, shift, load),
                (_, [a, b, c]) if unit.id_bits > 0 => self.unit([a, b, c], unit, shift, load),
                (_, [a, b, c, d]) if unit.id_bits > 0 => self.unit([a, b, c, d], unit, shift, load),
                (_, lanes) => {
                    let group = grouped.code.groups.get(unit.groups.start);
                    let entries = group.map_or(&[][..], |group| grouped.code.entries(group).0);
                    for (entry, to) in entries.iter().zip(lanes) {
                        self.alike(*entry, data, to, load);
                    }
                }
            }
        }
    }

    /// Leaves out the deviations of a unit.
    #[inline(always)]
    fn skip(&mut self, unit: &Unit, shift: u64) {
        if let [all] = unit.bits[..] {
            return self.next.iter_mut().for_each(|next| *next += u64::from(all));
        }
        let ids = mask(unit.id_bits);
        for (next, word) in self.next.iter_mut().zip(&self.words) {
            let id = word >> shift & ids;
            *next += unit.bits.get(id as usize).map_or(0, |&bits| u64::from(bits));
        }
    }

    /// Reads all lanes of a unit, a row after the other.
    #[inline(always)]
    fn unit<const LANES: usize>(
        &mut self,
        out: [&mut Vec<u64>; LANES],
        unit: &Unit,
        shift: u64,
        load: impl Fn(u64) -> u64,
    ) {
        let ids = unit.bits.len() - 1;
        let rows = self.next.len().min(self.words.len());
        let bases = unit.parts.as_chunks::<LANES>().0;
        debug_assert!(unit.bits.len().is_power_of_two() && bases.len() == unit.bits.len());
        let out = out.map(|lane| {
            lane.resize(rows, 0);
            lane.as_mut_ptr()
        });
        for (i, (at, &word)) in self.next.iter_mut().zip(&self.words).enumerate() {
            let id = (word >> shift) as usize & ids;
            // SAFETY: there are as many sums and bases as ids, a power of two; the id is masked to that, so that it does
            // not matter what the data have become.
            let (bits, base) = unsafe { (*unit.bits.get_unchecked(id), bases.get_unchecked(id)) };
            let deviations = load(*at);
            *at += u64::from(bits);
            for (lane, part) in base.iter().enumerate() {
                // SAFETY: every lane has `rows` rows, as many as there are of both of those above at most.
                unsafe { *out[lane].add(i) = part.field(deviations) };
            }
        }
    }

    /// Reads the lanes of a unit of one group whose deviations are wide, lane by lane.
    fn wide(&mut self, grouped: &Grouped, unit: &Unit, word: u64, data: &[u8], out: &mut [Vec<u64>]) {
        let Some(group) = grouped.code.groups.get(unit.groups.start) else { return };
        let (entries, per) = grouped.code.entries(group);
        let (shift, ids) = (group.at.wrapping_sub(word), mask(group.id_bits));
        for (offset, place) in group.lanes.clone().enumerate() {
            let Some(to) = out.get_mut(place) else { continue };
            to.resize(self.next.len(), 0);
            for ((at, word), to) in self.next.iter_mut().zip(&self.words).zip(to) {
                let entry = entries.get((word >> shift & ids) as usize * per + offset);
                let Entry { low, width } = entry.copied().unwrap_or_default();
                *to = low.wrapping_add(field(data, *at, width));
                self.wrapped |= *to < low;
                *at += u64::from(width);
            }
        }
    }

    /// A lane of which all rows have one base.
    #[inline(always)]
    fn alike(&mut self, entry: Entry, data: &[u8], to: &mut Vec<u64>, load: impl Fn(u64) -> u64 + Copy) {
        let Entry { low, width } = entry;
        to.resize(self.next.len(), 0);
        if width == 0 {
            return to.fill(low);
        }
        let (rows, mask) = (self.next.iter_mut().zip(to), mask(width));
        let mut wrapped = false;
        if width > ONE_LOAD {
            rows.for_each(|(at, to)| {
                *to = low.wrapping_add(field(data, *at, width));
                wrapped |= *to < low;
                *at += u64::from(width);
            });
        } else {
            rows.for_each(|(at, to)| {
                *to = low.wrapping_add(load(*at) & mask);
                wrapped |= *to < low;
                *at += u64::from(width);
            });
        }
        self.wrapped |= wrapped;
    }
}

/// Rows of a mini-block that are read together.
#[derive(Clone, Copy, Default)]
pub(crate) struct Run {
    /// The bit in the chunk's data at which the mini-block begins.
    pub at: u64,
    /// Its rows, and those that are read.
    pub rows: u64,
    pub first: u64,
    pub count: u64,
    /// The bit in the chunk's frames at which its frame begins, and the first row's place in the frame.
    pub frame: u64,
    pub place: usize,
}
