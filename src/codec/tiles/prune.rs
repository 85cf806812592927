//! From the bases that groups need to a small table of bases: the least useful is dropped until few are left.

use crate::codec::tiles::covers::Covers;

/// Most bits of an id.
pub const MAX_ID_BITS: u32 = 12;

/// A table, and what the groups' deviations take with it.
pub struct Pruned {
    /// By number of ones.
    pub bases: Vec<u128>,
    pub deviation_bits: u64,
}

/// A candidate.
struct Base {
    mask: u128,
    /// Groups that need just this one.
    groups: u64,
    alive: bool,
    /// The cheapest bases that cover it and are alive: itself or another, and the next.
    cover: [usize; 2],
}

/// For every number of id bits the best table of at most 2^bits bases, out of the `most` most needed (base, groups).
/// Rarer ones take the cheapest that covers them; `full` covers all and stays in every table.
pub fn tables(needed: &[(u128, u64)], full: u128, most: usize) -> Vec<Pruned> {
    let mut bases = candidates(needed, full, most);
    let last = bases.len() - 1;
    for i in 0..=last {
        let second = next(&bases, i, i);
        bases[i].cover = [i, second];
    }
    let mut losses = vec![0; bases.len()];
    for i in 0..=last {
        losses[bases[i].cover[0]] += loss(&bases, i);
    }
    let mut tables = Vec::new();
    let mut left = bases.len();
    loop {
        if left.is_power_of_two() || tables.is_empty() {
            tables.push(snapshot(&bases));
        }
        let alive = (0..last).filter(|&i| bases[i].alive);
        let Some(worst) = alive.min_by_key(|&i| losses[i]) else { break };
        bases[worst].alive = false;
        left -= 1;
        for i in 0..worst + 1 {
            if !bases[i].cover.contains(&worst) {
                continue;
            }
            let [first, second] = bases[i].cover;
            losses[first] -= loss(&bases, i);
            let first = if first == worst { second } else { first };
            bases[i].cover = [first, next(&bases, i, second)];
            losses[first] += loss(&bases, i);
        }
    }
    tables
}

/// Cost of dropping its cover for the groups of base `i`, in bits.
fn loss(bases: &[Base], i: usize) -> u64 {
    let [first, second] = bases[i].cover.map(|c| u64::from(bases[c].mask.count_ones()));
    bases[i].groups * (second - first)
}

/// The next living base after `from` that covers base `i`; the last, if there is none.
fn next(bases: &[Base], i: usize, from: usize) -> usize {
    let mask = bases[i].mask;
    let behind = bases.iter().enumerate().skip(from + 1);
    let mut cover = behind.filter(|(_, base)| base.alive && mask & !base.mask == 0);
    cover.next().map_or(bases.len() - 1, |(at, _)| at)
}

fn snapshot(bases: &[Base]) -> Pruned {
    let size = |base: &Base| base.groups * u64::from(bases[base.cover[0]].mask.count_ones());
    Pruned {
        bases: bases.iter().filter(|base| base.alive).map(|base| base.mask).collect(),
        deviation_bits: bases.iter().map(size).sum(),
    }
}

/// The most needed bases and `full`, by number of ones.
fn candidates(needed: &[(u128, u64)], full: u128, most: usize) -> Vec<Base> {
    let mut needed = needed.to_vec();
    let most = needed.len().min(most - 1);
    if most < needed.len() {
        // The order within either part does not matter: only the most needed are told from the others.
        needed.select_nth_unstable_by_key(most, |&(mask, groups)| (std::cmp::Reverse(groups), mask));
    }
    let (kept, rest) = needed.split_at(most);
    let base = |&(mask, groups): &(u128, u64)| Base { mask, groups, alive: true, cover: [0; 2] };
    let mut bases: Vec<Base> = kept.iter().map(base).collect();
    if kept.iter().all(|&(mask, _)| mask != full) {
        bases.push(base(&(full, 0)));
    }
    bases.sort_unstable_by_key(|base| (base.mask.count_ones(), base.mask));
    // Images of noise need hundreds of thousands of bases: their covers are found among 64 at a time.
    let masks: Vec<u128> = bases.iter().map(|base| base.mask).collect();
    let covers = Covers::new(&masks);
    for &(mask, groups) in rest {
        if let Some(cover) = covers.first(mask) {
            bases[cover].groups += groups;
        }
    }
    bases
}
