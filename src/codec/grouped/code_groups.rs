//! Code groups: lanes whose bins share a base. Joined where the pairs of bins that occur are few.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::bits::id_bits;

/// Rows that a pair of groups is tried on: those of a segment.
const SAMPLE: usize = 1 << 16;
/// Bases of a group, at most.
pub const MAX_GROUP_BASES: usize = 4096;
/// Pairs of bins that are marked one by one; groups with more are not joined.
const MAX_PAIRS: usize = 1 << 20;
/// Beyond this number of lanes only neighbours are tried.
const ALL_PAIRS: usize = 48;
const NEIGHBOURS: usize = 6;

/// A lane's bin in every row.
pub struct Coded<'a> {
    /// One a row, below `bins`.
    pub ids: &'a [u16],
    /// Number of bins.
    pub bins: usize,
    /// Bits of a bin in a base table.
    pub entry_bits: u64,
    /// Bits of the deviations of all rows.
    pub deviations: u64,
    /// Bits of ids, deviations and base table where the lane is in no group, in whatever bins are best then.
    pub alone: u64,
}

/// Lanes that share a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeGroup {
    /// In ascending order.
    pub lanes: Vec<usize>,
    /// For each base the bin of each lane, base by base, in ascending order.
    pub bases: Vec<u16>,
    /// The base of every row.
    pub ids: Vec<u16>,
}

impl CodeGroup {
    /// Number of bases.
    pub fn count(&self) -> usize {
        self.bases.len() / self.lanes.len().max(1)
    }

    /// The group of some lanes over all rows; none if it has too many bases.
    fn of(lanes: Vec<usize>, coded: &[Coded]) -> Option<Self> {
        let parts: Vec<&Coded> = lanes.iter().map(|&lane| &coded[lane]).collect();
        let rows = parts.first().map_or(0, |c| c.ids.len());
        let mut ids = vec![0u32; rows];
        let mut tuples: Vec<Vec<u16>> = vec![Vec::new()];
        for part in parts {
            // The tuples so far, each with the bins of one more lane that occur with it.
            let pairs = tuples.len().checked_mul(part.bins).filter(|&p| p <= MAX_PAIRS)?;
            let mut names = vec![u32::MAX; pairs];
            for (id, &bin) in ids.iter_mut().zip(part.ids) {
                *id = *id * part.bins as u32 + u32::from(bin);
                names[*id as usize] = 0;
            }
            let mut next = Vec::new();
            for (pair, name) in names.iter_mut().enumerate().filter(|(_, name)| **name == 0) {
                *name = next.len() as u32;
                let mut tuple = tuples[pair / part.bins].clone();
                tuple.push((pair % part.bins) as u16);
                next.push(tuple);
            }
            tuples = next;
            ids.iter_mut().for_each(|id| *id = names[*id as usize]);
        }
        let ids = ids.into_iter().map(|id| id as u16).collect();
        (tuples.len() <= MAX_GROUP_BASES).then(|| Self { lanes, bases: tuples.concat(), ids })
    }
}

/// A group on the way, over a sample of the rows.
struct Trial<'a> {
    lanes: Vec<usize>,
    /// Below `bases`. Those of a lane that is alone are its own: many lanes stay alone.
    ids: Cow<'a, [u16]>,
    bases: usize,
    entry_bits: u64,
    deviations: u64,
    /// Bits of the lanes, each alone.
    alone: u64,
}

/// Bits of ids, deviations and a base table.
fn joint_bits(rows: u64, bases: usize, entry_bits: u64, deviations: u64) -> u64 {
    rows * u64::from(id_bits(bases as u64)) + bases as u64 * entry_bits + deviations
}

/// The same with ids of a fraction of a bit: what joining a group to others can still gain shows before ids are whole
/// bits shorter. Integers only, so that every machine chooses alike.
fn fractional_bits(rows: u64, bases: usize, entry_bits: u64, deviations: u64) -> u64 {
    let whole = bases.max(1).ilog2();
    let (mut x, mut log) = ((bases.max(1) as u128) << (63 - whole), u64::from(whole));
    for _ in 0..8 {
        x = (x * x) >> 63;
        log = log << 1 | (x >> 64) as u64;
        if x >> 64 == 1 {
            x >>= 1;
        }
    }
    ((rows * log) >> 8) + bases as u64 * entry_bits + deviations
}

impl Trial<'_> {
    fn bits(&self, rows: u64) -> u64 {
        match self.lanes.len() {
            1 => self.alone,
            _ => fractional_bits(rows, self.bases, self.entry_bits, self.deviations),
        }
    }

    /// The number of bases of two groups together; none if it is too large.
    fn bases_with(&self, other: &Self, seen: &mut Vec<u64>) -> Option<usize> {
        let pairs = self.bases.checked_mul(other.bases).filter(|&p| p <= MAX_PAIRS)?;
        seen.clear();
        seen.resize(pairs.div_ceil(64), 0);
        for (&a, &b) in self.ids.iter().zip(other.ids.iter()) {
            let pair = usize::from(a) * other.bases + usize::from(b);
            seen[pair / 64] |= 1 << (pair % 64);
        }
        let bases = seen.iter().map(|word| word.count_ones() as usize).sum();
        (bases <= MAX_GROUP_BASES).then_some(bases)
    }

    fn join(&self, other: &Self) -> Self {
        let mut names = vec![u16::MAX; self.bases * other.bases];
        let mut bases = 0;
        let mut name = |(&a, &b): (&u16, &u16)| {
            let name = &mut names[usize::from(a) * other.bases + usize::from(b)];
            if *name == u16::MAX {
                *name = bases;
                bases += 1;
            }
            *name
        };
        let ids = self.ids.iter().zip(other.ids.iter()).map(&mut name).collect();
        let lanes = self.lanes.iter().chain(&other.lanes).copied().collect();
        Self {
            lanes,
            ids: Cow::Owned(ids),
            bases: bases.into(),
            entry_bits: self.entry_bits + other.entry_bits,
            deviations: self.deviations + other.deviations,
            alone: self.alone + other.alone,
        }
    }
}

/// Joins lanes greedily as long as ids and base tables of the joined groups take fewer bits; lanes of one bin are one
/// group. Groups are in the order of their first lanes.
pub fn code_groups(coded: &[Coded]) -> Vec<CodeGroup> {
    let rows = coded.first().map_or(0, |c| c.ids.len());
    let step = rows.div_ceil(SAMPLE).max(1);
    let (plain, varied): (Vec<usize>, Vec<usize>) = (0..coded.len()).partition(|&l| coded[l].bins == 1);
    let mut groups: Vec<Trial> = varied
        .iter()
        .map(|&lane| {
            let c = &coded[lane];
            let ids = match step {
                1 => Cow::Borrowed(c.ids),
                step => Cow::Owned(c.ids.iter().step_by(step).copied().collect()),
            };
            let (entry_bits, deviations, alone) = (c.entry_bits, c.deviations, c.alone);
            Trial { lanes: vec![lane], ids, bases: c.bins, entry_bits, deviations, alone }
        })
        .collect();
    join_all(&mut groups, rows as u64);
    let whole = |group: Trial| {
        let Trial { mut lanes, entry_bits, deviations, alone, .. } = group;
        lanes.sort_unstable();
        match CodeGroup::of(lanes.clone(), coded) {
            // The sample may have missed bases.
            Some(joined)
                if lanes.len() == 1
                    || joint_bits(rows as u64, joined.count(), entry_bits, deviations) < alone =>
            {
                vec![joined]
            }
            _ => lanes.into_iter().filter_map(|l| CodeGroup::of(vec![l], coded)).collect(),
        }
    };
    let mut found: Vec<CodeGroup> = groups.into_par_iter().flat_map_iter(whole).collect();
    found.extend(Some(plain).filter(|p| !p.is_empty()).and_then(|plain| CodeGroup::of(plain, coded)));
    found.sort_by_key(|g| g.lanes.first().copied());
    found
}

/// One group for each lane.
pub fn lone_groups(coded: &[Coded]) -> Vec<CodeGroup> {
    (0..coded.len()).into_par_iter().filter_map(|lane| CodeGroup::of(vec![lane], coded)).collect()
}

fn join_all(groups: &mut Vec<Trial<'_>>, rows: u64) {
    let window = if groups.len() <= ALL_PAIRS { groups.len() } else { NEIGHBOURS };
    let gain = |seen: &mut Vec<u64>, groups: &[Trial], x: usize, y: usize| -> u64 {
        let (a, b) = (&groups[x], &groups[y]);
        let Some(bases) = a.bases_with(b, seen) else { return 0 };
        let joined = fractional_bits(rows, bases, a.entry_bits + b.entry_bits, a.deviations + b.deviations);
        (a.bits(rows) + b.bits(rows)).saturating_sub(joined)
    };
    // gains[x]: for each y > x within the window what joining x and y saves.
    let all = &*groups;
    let mut gains: Vec<Vec<(usize, u64)>> = (0..all.len())
        .into_par_iter()
        .map_init(Vec::new, |seen, x| {
            (x + 1..all.len().min(x + window)).map(|y| (y, gain(&mut *seen, all, x, y))).collect()
        })
        .collect();
    loop {
        let pairs =
            gains.iter().enumerate().flat_map(|(x, row)| row.iter().map(move |&(y, gain)| (gain, x, y)));
        let best = pairs.max_by_key(|&(gain, x, y)| (gain, std::cmp::Reverse((x, y))));
        let Some((saved, x, y)) = best.filter(|(saved, ..)| *saved > 0) else { break };
        debug_assert!(saved > 0);
        groups[x] = groups[x].join(&groups[y]);
        groups[y].lanes.clear();
        gains[y].clear();
        let all = &*groups;
        let mut changed: Vec<(usize, &mut (usize, u64))> = Vec::new();
        for (other, row) in gains.iter_mut().enumerate() {
            row.retain(|&(to, _)| to != y);
            changed.extend(row.iter_mut().filter(|(to, _)| other == x || *to == x).map(|pair| (other, pair)));
        }
        changed.par_iter_mut().for_each_init(Vec::new, |seen, (other, (to, saved))| {
            *saved = gain(seen, all, *other, *to);
        });
    }
    groups.retain(|g| !g.lanes.is_empty());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_row_has_the_bins_of_its_base(
            columns in proptest::collection::vec((1usize..9, any::<u64>()), 1..7),
            rows in 1usize..300,
        ) {
            let lanes: Vec<Vec<u16>> = columns
                .iter()
                .map(|&(bins, seed)| (0..rows as u64).map(|i| (seed.wrapping_mul(i / 3 + 1) >> 40) as u16 % bins as u16).collect())
                .collect();
            let coded: Vec<Coded> = lanes
                .iter()
                .zip(&columns)
                .map(|(ids, &(bins, _))| Coded { ids, bins, entry_bits: 20, deviations: 0, alone: 3 * rows as u64 })
                .collect();
            let groups = code_groups(&coded);
            let mut seen: Vec<usize> = groups.iter().flat_map(|g| g.lanes.iter().copied()).collect();
            seen.sort_unstable();
            prop_assert!(seen.into_iter().eq(0..lanes.len()));
            for group in &groups {
                prop_assert!(group.bases.chunks(group.lanes.len()).is_sorted_by(|a, b| a < b));
                for (row, &id) in group.ids.iter().enumerate() {
                    let base = &group.bases[usize::from(id) * group.lanes.len()..];
                    for (&lane, &bin) in group.lanes.iter().zip(base) {
                        prop_assert_eq!(bin, lanes[lane][row]);
                    }
                }
            }
        }
    }

    #[test]
    fn fractions_of_bits_are_those_of_the_logarithm() {
        for bases in 1..5000usize {
            let found = fractional_bits(1 << 20, bases, 0, 0) as f64 / f64::from(1 << 20);
            assert!((found - (bases as f64).log2()).abs() <= 1.0 / 256.0, "{bases}: {found}");
        }
    }

    #[test]
    fn one_hot_lanes_become_one_group() {
        let rows = 4000u32;
        let lanes: Vec<Vec<u16>> = (0..10)
            .map(|lane| {
                (0..rows).map(|row| u16::from(row.wrapping_mul(2_654_435_761) >> 7 & 15 == lane)).collect()
            })
            .collect();
        let coded: Vec<Coded> = lanes
            .iter()
            .map(|ids| Coded { ids, bins: 2, entry_bits: 8, deviations: 0, alone: 4000 })
            .collect();
        let groups = code_groups(&coded);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].count(), 11);
    }
}
