//! Which lanes go into which part: keys are taken one after the other, each time the one that saves the most bits, as long as one
//! does (the greedy algorithm for placing facilities).

use rayon::prelude::*;

use crate::bits::id_bits;
use crate::codec::grouped::encode::estimate;
use crate::codec::parted::MAX_PARTS;
use crate::codec::parted::keys::Key;
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
    bits: Vec<Option<u64>>,
}

impl Tried {
    fn new(key: Key, lanes: &[EncodedLane]) -> Self {
        let bits = |lane: &EncodedLane| {
            let follows = lane.transform.width > 0 && key.determines(&lane.fields);
            follows.then(|| estimate(lane.transform.width, &key.gather(&lane.fields)))
        };
        Self { bits: lanes.par_iter().map(bits).collect(), key }
    }

    /// Bits of the map, and of a part.
    fn price(&self, rows: usize) -> u64 {
        self.key.bits + ENTRY_BITS + rows as u64 / ROWS_PER_BIT
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
    while opened.len() + 1 < MAX_PARTS {
        let best = tried.iter().enumerate().map(|(i, key)| (key.saves(&now, rows), i));
        let Some((saved, best)) = best.max_by_key(|&(saved, i)| (saved, usize::MAX - i)) else { break };
        if saved == 0 {
            break;
        }
        let key = tried.swap_remove(best);
        now.iter_mut().zip(&key.bits).for_each(|(now, bits)| *now = bits.map_or(*now, |bits| bits.min(*now)));
        opened.push(key);
    }
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
    let of_lane = |(lane, &alone): (&EncodedLane, &u64)| -> Vec<(u64, Key)> {
        let keys = if lane.transform.width > 0 { Key::of(&lane.fields) } else { Vec::new() };
        // About what the lane saves by itself, so that the most promising keys are tried.
        let width = u64::from(lane.transform.width);
        keys.into_iter()
            .map(|key| ((alone + key.bits).saturating_sub(key.bits + key.rows.len() as u64 * width), key))
            .collect()
    };
    let mut keys: Vec<(u64, Key)> =
        lanes.par_iter().zip(alone).map(of_lane).collect::<Vec<_>>().into_iter().flatten().collect();
    keys.sort_by_key(|(saved, _)| std::cmp::Reverse(*saved));
    let mut different: Vec<Key> = Vec::new();
    for (_, key) in keys {
        let is_new = different.iter().all(|own| own.map != key.map);
        if is_new && different.len() < MOST_KEYS && id_bits(key.rows.len() as u64) < 32 {
            different.push(key);
        }
    }
    different.into_par_iter().map(|key| Tried::new(key, lanes)).collect()
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
