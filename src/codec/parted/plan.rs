//! Which lanes go into which part: keys are taken one after the other, each time the one that saves the most bits, as long as one
//! does (the greedy algorithm for placing facilities).

use rayon::prelude::*;

use crate::codec::grouped::within::estimate;
use crate::codec::parted::MAX_PARTS;
use crate::codec::parted::keys::Key;
use crate::codec::parted::new_map::NewMap;
use crate::codec::transform::encoded_lane::EncodedLane;

/// Keys that are tried, at most.
const MOST_KEYS: usize = 64;

/// Bits that a part costs beside its map and tuples: its entry, and what a random row pays for one more part, counted as a bit
/// for so many rows.
const ENTRY_BITS: u64 = 8 * 400;
const ROWS_PER_BIT: u64 = 8;

/// A part of a plan: its lanes, ascending, and what divides the rows into its tuples; none if each row is one.
pub(crate) struct PlannedPart {
    pub lanes: Vec<usize>,
    pub key: Option<Key>,
}

/// A key, and the bits of each lane in its tuples, if the lane follows from it.
struct Tried {
    key: Key,
    /// Bits of its map.
    map: u64,
    bits: Vec<Option<u64>>,
}

impl Tried {
    fn new(key: Key, lanes: &[EncodedLane]) -> Self {
        let bits = |lane: &EncodedLane| {
            let follows = lane.transform.width > 0 && key.determines(&lane.fields);
            follows.then(|| estimate(lane.transform.width, &key.gather(&lane.fields)))
        };
        let bits = lanes.par_iter().map(bits).collect();
        Self { map: key.bits(), bits, key }
    }

    /// Bits of the map, and of a part.
    fn price(&self, rows: usize) -> u64 {
        self.map + ENTRY_BITS + rows as u64 / ROWS_PER_BIT
    }

    /// Bits saved if lanes that take so many bits now are moved where they take fewer.
    fn saves(&self, now: &[u64], rows: usize) -> u64 {
        let saved = now.iter().zip(&self.bits).filter_map(|(now, bits)| now.checked_sub((*bits)?));
        saved.sum::<u64>().saturating_sub(self.price(rows))
    }
}

/// Divides lanes into parts; none if all lanes stay together.
pub(crate) fn plan(lanes: &[EncodedLane], rows: usize) -> Option<Vec<PlannedPart>> {
    let alone = |lane: &EncodedLane| match lane.transform.width {
        0 => 0,
        width => estimate(width, &lane.fields),
    };
    let alone: Vec<u64> = lanes.par_iter().map(alone).collect();
    let mut tried = tried(lanes, &alone);
    let mut now = alone.clone();
    let mut opened: Vec<Tried> = Vec::new();
    while 2 * opened.len() + 3 <= MAX_PARTS {
        let best = tried.iter().enumerate().map(|(i, key)| (key.saves(&now, rows), i));
        let Some((saved, best)) = best.max_by_key(|&(saved, i)| (saved, usize::MAX - i)) else { break };
        if saved == 0 {
            break;
        }
        let key = tried.swap_remove(best);
        now.iter_mut().zip(&key.bits).for_each(|(now, bits)| *now = bits.map_or(*now, |bits| bits.min(*now)));
        opened.push(key);
    }
    merge(&mut opened, lanes, &alone, rows);
    close(&mut opened, &alone, rows);
    if opened.is_empty() {
        return None;
    }
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); opened.len() + 1];
    for (lane, &alone) in alone.iter().enumerate() {
        let bits = opened.iter().map(|key| key.bits[lane]);
        let best = bits.zip(1..).filter_map(|(bits, part)| Some((bits?, part))).min();
        parts[best.filter(|&(bits, _)| bits < alone).map_or(0, |(_, part)| part)].push(lane);
    }
    let keys = std::iter::once(None).chain(opened.into_iter().map(|own| Some(own.key)));
    let parts = parts.into_iter().zip(keys).map(|(lanes, key)| PlannedPart { lanes, key });
    Some(parts.filter(|part| !part.lanes.is_empty()).collect())
}

/// The keys worth trying, each with the lanes that follow from it.
fn tried(lanes: &[EncodedLane], alone: &[u64]) -> Vec<Tried> {
    let keys = |lane: &EncodedLane| match lane.transform.width {
        0 => Vec::new(),
        _ => Key::of(&lane.fields),
    };
    let of_lanes: Vec<Vec<Key>> = lanes.par_iter().map(keys).collect();
    let mut several = chains(lanes, alone);
    several.extend(unions(&of_lanes));
    // About what a lane saves by itself, so that the most promising keys are tried.
    let mut single = Vec::new();
    for ((keys, lane), &alone) in of_lanes.into_iter().zip(lanes).zip(alone) {
        let bits = |key: &Key| key.rows.len() as u64 * u64::from(lane.transform.width);
        single.extend(keys.into_iter().map(|key| (alone.saturating_sub(bits(&key)), key)));
    }
    single.sort_by_key(|(saved, _)| std::cmp::Reverse(*saved));
    let mut different: Vec<Key> = Vec::new();
    for key in several.into_iter().chain(single.into_iter().map(|(_, key)| key)) {
        if different.len() < MOST_KEYS && different.iter().all(|own| own.map != key.map) {
            different.push(key);
        }
    }
    let by_frequency: Vec<Key> = different.iter().filter_map(Key::by_frequency).collect();
    different.into_par_iter().chain(by_frequency).map(|key| Tried::new(key, lanes)).collect()
}

/// The runs of all lanes that have few of them, for several meanings of few.
fn unions(of_lanes: &[Vec<Key>]) -> Vec<Key> {
    let runs = of_lanes.iter().flatten().filter(|key| matches!(key.map, NewMap::Runs(_)));
    let runs: Vec<&Key> = runs.collect();
    let of = |shift: &u32| {
        let few = runs.iter().copied().filter(|key| key.rows.len() << shift <= key.tuple.len());
        let few: Vec<&Key> = few.collect();
        Key::union(&few).filter(|key| few.len() > 1 && 2 * key.rows.len() <= key.tuple.len())
    };
    [8, 6, 5, 4, 3, 2, 1].iter().filter_map(of).collect()
}

/// Neighbours that have few tuples together, such as flags of which one is set.
fn chains(lanes: &[EncodedLane], alone: &[u64]) -> Vec<Key> {
    let mut chains = Vec::new();
    let mut chain: Option<(Key, usize, u64)> = None;
    for (lane, &alone) in lanes.iter().zip(alone).filter(|(lane, _)| lane.transform.width > 0) {
        let rows = lane.fields.len();
        let width = u64::from(lane.transform.width);
        let next = chain.as_ref().and_then(|(key, _, bits)| {
            let joint = key.joint(&lane.fields, rows / 16)?;
            let price = |key: &Key, bits: u64| {
                (rows as f64 * (key.rows.len() as f64).log2()) as u64 + key.rows.len() as u64 * bits
            };
            let more = price(&joint, bits + width).saturating_sub(price(key, *bits));
            (more < alone).then_some(joint)
        });
        match (next, &mut chain) {
            (Some(joint), Some((key, count, bits))) => {
                (*key, *count, *bits) = (joint, *count + 1, *bits + width);
            }
            (_, chain) => {
                let Some(key) = Key::values(&lane.fields).filter(|key| key.rows.len() <= rows / 16) else {
                    continue;
                };
                let ended = chain.replace((key, 1, width));
                chains.extend(ended.filter(|(_, count, _)| *count > 1).map(|(key, ..)| key));
            }
        }
    }
    chains.extend(chain.filter(|(_, count, _)| *count > 1).map(|(key, ..)| key));
    chains
}

/// Bits of the lanes that take the fewest in a key.
fn own_bits(opened: &[Tried], number: usize, alone: &[u64]) -> u64 {
    let of_lane = |(lane, &alone): (usize, &u64)| {
        let own = opened[number].bits[lane].filter(|bits| *bits < alone)?;
        opened.iter().all(|other| other.bits[lane].is_none_or(|bits| bits >= own)).then_some(own)
    };
    alone.iter().enumerate().filter_map(of_lane).sum()
}

/// Joins runs of which one map costs less than two, as long as there are such.
fn merge(opened: &mut Vec<Tried>, lanes: &[EncodedLane], alone: &[u64], rows: usize) {
    loop {
        let mut best: Option<(u64, usize, usize, Key)> = None;
        for i in 0..opened.len() {
            for j in i + 1..opened.len() {
                let Some(key) = Key::union(&[&opened[i].key, &opened[j].key]) else { continue };
                // What repeats in more runs takes as many bits in each, at most.
                let more = |number: usize| {
                    let runs = opened[number].key.rows.len() as u64;
                    own_bits(opened, number, alone) * (key.rows.len() as u64 - runs) / runs
                };
                let saved = opened[j].price(rows).saturating_sub(more(i) + more(j));
                if saved > best.as_ref().map_or(0, |(saved, ..)| *saved) {
                    best = Some((saved, i, j, key));
                }
            }
        }
        let Some((_, i, j, key)) = best else { return };
        opened.remove(j);
        opened[i] = Tried::new(key, lanes);
    }
}

/// Gives up keys that others have made dearer than what they save.
fn close(opened: &mut Vec<Tried>, alone: &[u64], rows: usize) {
    let bits = |opened: &[Tried], without: usize| -> u64 {
        let kept = || opened.iter().enumerate().filter(|(i, _)| *i != without).map(|(_, key)| key);
        let lane = |(lane, &alone): (usize, &u64)| {
            kept().filter_map(|key| key.bits[lane]).min().map_or(alone, |bits| bits.min(alone))
        };
        alone.iter().enumerate().map(lane).sum::<u64>() + kept().map(|key| key.price(rows)).sum::<u64>()
    };
    loop {
        let all = bits(opened, usize::MAX);
        let best = (0..opened.len()).map(|i| (bits(opened, i), i)).min();
        match best {
            Some((less, i)) if less < all => drop(opened.remove(i)),
            _ => return,
        }
    }
}
