//! Choice of the bits of features' keys that define cells: the clustering phase of algorithm 1.

use crate::codec::fixed::entropy::skew;
use crate::codec::fixed::planes::BitPlanes;
use crate::summary::cells::grid::{Grid, KEY_BITS};
use crate::summary::cells::sample::Sample;

/// Cell bits at most, `beta` of a file at most.
pub const MAX_CELL_BITS: usize = 128;

/// One bit of one feature's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellBit {
    /// The feature.
    pub feature: u32,
    /// The bit of its key, 0 the least significant.
    pub bit: u32,
}

/// Which end of the entropy scale cell bits come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellBits {
    /// Every feature's most significant non-constant bit first, then the next of each, and so on;
    /// within such a level by decreasing entropy, ties by feature (algorithm 1, lines 5 to 8).
    #[default]
    High,
    /// The comparison of appendix B: non-constant bits by increasing entropy, whatever their level,
    /// ties by feature and then by bit. That is the order in which the compression phase takes bits
    /// into bases; appendix B asks what becomes of the samples if they are cut by the same bits.
    Low,
}

/// The bits that cells are cut by, most important first, at most 128, by their entropy in the sample.
/// One call's prefixes are the bits for every smaller `beta`.
pub fn choose_bits(grid: &Grid, sample: &Sample, order: CellBits) -> Vec<CellBit> {
    let rows = sample.rows() as u64;
    let mut candidates = Vec::new();
    for (index, feature) in grid.features.iter().enumerate() {
        let keys: Vec<u64> = sample.feature(index).map(|x| feature.key(x)).collect();
        let mut planes = BitPlanes::new(keys.len());
        planes.push_lane(KEY_BITS, &keys);
        let bits = (0..usize::from(KEY_BITS)).rev().map(|bit| (bit, skew(planes.ones(bit), rows)));
        for (level, (bit, skew)) in bits.filter(|&(_, skew)| skew > 0).enumerate() {
            candidates.push((level, skew, CellBit { feature: index as u32, bit: bit as u32 }));
        }
    }
    match order {
        CellBits::High => candidates.sort_by_key(|&(level, skew, at)| (level, u64::MAX - skew, at.feature)),
        CellBits::Low => candidates.sort_by_key(|&(_, skew, at)| (skew, at.feature, at.bit)),
    }
    candidates.iter().map(|&(_, _, at)| at).take(MAX_CELL_BITS).collect()
}

/// Passes over the bits that would cut the sample into more than `most` cells and goes on to the next:
/// what room is left goes to bits that cut off few rows, which are where heavy tails are. Bits keep
/// their order, and as many are chosen as `beta` may be.
pub fn fit_bits(grid: &Grid, sample: &Sample, bits: Vec<CellBit>, most: usize) -> Vec<CellBit> {
    const NONE: u32 = u32::MAX;
    let mut cells = vec![0u32; sample.rows()];
    let mut count = usize::from(!cells.is_empty());
    let mut chosen = Vec::new();
    for at in bits {
        let Some(feature) = grid.features.get(at.feature as usize) else { continue };
        // Each cell splits in two at most; halves are numbered as they first appear.
        let mut halves = vec![NONE; 2 * count];
        let mut found = 0;
        let split: Vec<u32> = sample
            .feature(at.feature as usize)
            .zip(&cells)
            .map(|(x, &cell)| {
                let half = &mut halves[2 * cell as usize + usize::from(feature.key(x) >> at.bit & 1 == 1)];
                if *half == NONE {
                    *half = found;
                    found += 1;
                }
                *half
            })
            .collect();
        if found as usize <= most {
            (cells, count) = (split, found as usize);
            chosen.push(at);
        }
    }
    chosen
}
