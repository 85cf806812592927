//! Tables that are made of base tables for decoding: whole sums, and what several lanes need at once.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;

use crate::bits::mask;
use crate::codec::grouped::code_group::{CodeGroups, Entry, ONE_LOAD};

/// Ids whose sums are tabled together have so many bits at most, or are those of one group; fewer where there are more
/// than `FEW_GROUPS`, so that tables stay small.
const SUM_BITS: u32 = 11;
const FEW_GROUPS: usize = 64;

/// The same of units, whose tables hold more.
const UNIT_BITS: u32 = 8;
/// Lanes of a unit, at most.
pub(crate) const UNIT_LANES: usize = 4;

/// A sum that no bases have.
pub(crate) const NO_BASE: u32 = u32::MAX;

/// Some groups whose ids are adjacent, and the bits of their deviations together.
pub(crate) struct Sum {
    pub at: u64,
    pub id_bits: u32,
    /// By the ids, the first group's the lowest; `NO_BASE` where one names no base.
    pub bits: Vec<u32>,
}

impl Sum {
    /// The sum at the ids that begin at bit 0 of a word.
    #[inline(always)]
    pub fn of(&self, word: u64) -> u64 {
        self.bits.get((word & mask(self.id_bits)) as usize).copied().unwrap_or(NO_BASE).into()
    }

    /// Sums over all groups of a block.
    pub fn all(code: &CodeGroups) -> Vec<Self> {
        let most = if code.groups.len() <= FEW_GROUPS { SUM_BITS } else { SUM_BITS / 2 };
        let mut sums: Vec<Self> = Vec::new();
        for group in &code.groups {
            let (entries, per) = code.entries(group);
            let own = entries.chunks(per.max(1)).enumerate().map(|(id, base)| match id < group.bases {
                true => base.iter().map(|e| e.width).sum(),
                false => NO_BASE,
            });
            match sums.last_mut().filter(|s| s.id_bits + group.id_bits <= most) {
                Some(sum) => {
                    let add = |own: u32, bits: &u32| own.checked_add(*bits).unwrap_or(NO_BASE);
                    sum.bits = own.flat_map(|own| sum.bits.iter().map(move |bits| add(own, bits))).collect();
                    sum.id_bits += group.id_bits;
                }
                None => sums.push(Self { at: group.at, id_bits: group.id_bits, bits: own.collect() }),
            }
        }
        sums
    }
}

/// Some groups that are decoded together.
pub(crate) struct Unit {
    pub groups: Range<usize>,
    /// Their lanes, by place.
    pub lanes: Range<usize>,
    pub at: u64,
    pub id_bits: u32,
    /// By the ids: bits of the deviations.
    pub bits: Vec<u32>,
    /// By the ids, lane by lane; none where deviations are more than one load, or a lane is too wide.
    pub parts: Vec<Part>,
}

/// A lane's part of a base among the deviations of a unit: 8 bits of the place where its deviation begins, 8 of the
/// deviation's width, then the least field.
#[derive(Clone, Copy, Default)]
pub(crate) struct Part(u64);

impl Part {
    /// Widest least field.
    const LOW: u32 = 48;

    fn new(at: u32, entry: &Entry) -> Self {
        Self(u64::from(at) | u64::from(entry.width) << 8 | entry.low << 16)
    }

    /// The field of a row whose deviations in the unit are `word`.
    #[inline(always)]
    pub fn field(self, word: u64) -> u64 {
        (self.0 >> 16) + (word >> (self.0 & 63) & !(u64::MAX << (self.0 >> 8 & 63)))
    }
}

impl Unit {
    /// The groups of a block, a few together.
    pub fn all(code: &CodeGroups) -> Vec<Self> {
        let mut units: Vec<Self> = Vec::new();
        for (number, group) in code.groups.iter().enumerate() {
            let (entries, per) = code.entries(group);
            let own: Vec<u32> = entries.chunks(per.max(1)).map(|b| b.iter().map(|e| e.width).sum()).collect();
            let alone = Self {
                groups: number..number + 1,
                lanes: group.lanes.clone(),
                at: group.at,
                id_bits: group.id_bits,
                parts: parts(entries, per, &own),
                bits: own,
            };
            match units.last().and_then(|unit| unit.with(&alone)) {
                Some(both) => units.splice(units.len() - 1.., [both]).for_each(drop),
                None => units.push(alone),
            }
        }
        units
    }

    /// This and the next unit as one, if it is small enough.
    fn with(&self, next: &Self) -> Option<Self> {
        let (own, other) = (self.lanes.len(), next.lanes.len());
        let most = |unit: &Self| unit.bits.iter().copied().fold(0, u32::max);
        let small = self.id_bits + next.id_bits <= UNIT_BITS && own + other <= UNIT_LANES;
        let alike = self.id_bits + next.id_bits == 0;
        if !small
            || alike
            || self.parts.is_empty()
            || next.parts.is_empty()
            || most(self) + most(next) > ONE_LOAD
        {
            return None;
        }
        let (mut bits, mut parts) = (Vec::new(), Vec::new());
        for (theirs, after) in next.bits.iter().zip(next.parts.chunks(other)) {
            for (ours, before) in self.bits.iter().zip(self.parts.chunks(own)) {
                bits.push(ours + theirs);
                parts.extend_from_slice(before);
                parts.extend(after.iter().map(|part| Part(part.0 + u64::from(*ours))));
            }
        }
        Some(Self {
            groups: self.groups.start..next.groups.end,
            lanes: self.lanes.start..next.lanes.end,
            at: self.at,
            id_bits: self.id_bits + next.id_bits,
            bits,
            parts,
        })
    }
}

/// The parts of a group; none if they are too wide.
fn parts(entries: &[Entry], per: usize, bits: &[u32]) -> Vec<Part> {
    let narrow = entries.iter().all(|e| e.low <= mask(Part::LOW)) && bits.iter().all(|&b| b <= ONE_LOAD);
    if !narrow || per > UNIT_LANES {
        return Vec::new();
    }
    let base = |base: &[Entry]| {
        let mut at = 0;
        let part = |entry: &Entry| {
            at += entry.width;
            Part::new(at - entry.width, entry)
        };
        base.iter().map(part).collect::<Vec<_>>()
    };
    entries.chunks(per.max(1)).flat_map(base).collect()
}
