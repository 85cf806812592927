//! Choosing a coder by what it would write.

use ahash::AHashMap;

use super::ImageShape;
use super::coder::TileCoder;
use super::colour::Colour;
use super::encode::{group_values, residuals};
use super::groups::{Grid, GroupShape};
use super::planes::{Layout, TileScratch};
use super::predict::Predictor;
use super::prune::{MAX_ID_BITS, tables};
use crate::{Error, Result};

/// Images that the ways of coding are compared on.
const TRIALS: usize = 48;

/// Needed bases that a table is made out of, and that ways are compared with.
const CANDIDATES: usize = 2048;
const TRIAL_CANDIDATES: usize = 256;

/// How much alike the values of a group are taken to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tile {
    /// A width for every value.
    Value,
    /// A width for the group's values in a channel.
    Channel,
}

/// The way a segment is coded, but for its bases.
#[derive(Clone, Copy, Debug)]
struct Way {
    colour: Colour,
    predictor: Predictor,
    group: GroupShape,
    tile: Tile,
}

/// The bases that the groups of some images need, each with its number of groups.
type Needed = AHashMap<u128, u64>;

/// A table of bases, and what it costs.
struct Table {
    flagged: bool,
    bases: Vec<u128>,
    bits: u64,
}

impl TileCoder {
    /// The coder that takes the fewest bytes for `images` images of which `sample` are some, evenly drawn.
    pub fn choose(shape: ImageShape, sample: &[&[u8]], images: u64) -> Result<Self> {
        sample.iter().try_for_each(|image| shape.check(image.len()))?;
        let step = sample.len().div_ceil(TRIALS).max(1);
        let trials: Vec<&[u8]> = sample.iter().copied().step_by(step).collect();
        let groups: Vec<GroupShape> = GroupShape::of(&shape).collect();
        let mut best: Option<(u64, Way)> = None;
        for &colour in Colour::of_channels(shape.channels) {
            for predictor in Predictor::ALL {
                let needed = needed(&shape, colour, predictor, &groups, &trials);
                for (&group, needed) in groups.iter().zip(&needed) {
                    for tile in [Tile::Value, Tile::Channel] {
                        let way = Way { colour, predictor, group, tile };
                        let bits = table(way, needed, (images, trials.len()), TRIAL_CANDIDATES).bits;
                        if best.as_ref().is_none_or(|(least, _)| bits < *least) {
                            best = Some((bits, way));
                        }
                    }
                }
            }
        }
        let (_, way) = best.ok_or_else(|| Error::argument("images without a way to code them"))?;
        let needed = needed(&shape, way.colour, way.predictor, &[way.group], sample);
        let needed = needed.first().ok_or_else(|| Error::argument("images without groups"))?;
        let Table { flagged, bases, .. } = table(way, needed, (images, sample.len()), CANDIDATES);
        Ok(Self::new(shape, (way.colour, way.predictor), way.group, flagged, bases))
    }
}

/// The best table for a way, with its cost for so many images, of which some need these bases.
fn table(way: Way, needed: &Needed, (images, some): (u64, usize), candidates: usize) -> Table {
    let needed = merged(way, needed);
    let all: u64 = needed.iter().map(|&(_, groups)| groups).sum();
    let full = way.group.full();
    let filled: Vec<_> = needed.iter().copied().filter(|&(mask, _)| mask != 0).collect();
    let named: u64 = filled.iter().map(|&(_, groups)| groups).sum();
    let mut best = Table { flagged: false, bases: vec![full], bits: u64::MAX };
    for (flagged, needed, named) in [(false, &needed, all), (true, &filled, named)] {
        for pruned in tables(needed, full, candidates) {
            let id_bits = pruned.bases.len().next_power_of_two().trailing_zeros();
            let flags = if flagged { all } else { 0 };
            let record_bits = flags + named * u64::from(id_bits) + pruned.deviation_bits;
            let records = u128::from(record_bits) * u128::from(images) / some.max(1) as u128;
            let bits = records as u64 + pruned.bases.len() as u64 * way.group.values() as u64 * 8;
            if id_bits <= MAX_ID_BITS && bits < best.bits {
                let zero = flagged.then_some(0);
                best = Table { flagged, bases: zero.into_iter().chain(pruned.bases).collect(), bits };
            }
        }
    }
    best
}

/// The bases with a width for every value that images need, for each shape of groups.
fn needed(
    shape: &ImageShape,
    colour: Colour,
    predictor: Predictor,
    groups: &[GroupShape],
    images: &[&[u8]],
) -> Vec<Needed> {
    let layout = Layout::new(shape);
    let grids: Vec<Grid> = groups.iter().map(|&group| Grid::new(shape, group)).collect();
    let mut scratch = TileScratch::default();
    scratch.fit(layout);
    let mut needed = vec![Needed::default(); groups.len()];
    for image in images {
        residuals(shape, colour, predictor, image, &mut scratch);
        for (grid, needed) in grids.iter().zip(&mut needed) {
            for values in group_values(grid, &layout, &scratch.residuals) {
                *needed.entry(filled(values)).or_default() += 1;
            }
        }
    }
    needed
}

/// The bases that groups need in a way, in order.
fn merged(way: Way, needed: &Needed) -> Vec<(u128, u64)> {
    let mut merged: Vec<_> = match way.tile {
        Tile::Value => needed.iter().map(|(&mask, &groups)| (mask, groups)).collect(),
        Tile::Channel => {
            let mut merged = Needed::default();
            needed.iter().for_each(|(&mask, groups)| {
                *merged.entry(widened(mask, way.group)).or_default() += groups;
            });
            merged.into_iter().collect()
        }
    };
    merged.sort_unstable();
    merged
}

/// The bits up to the highest of each byte.
fn filled(values: u128) -> u128 {
    [1, 2, 4].into_iter().fold(values, |bits, shift| {
        let down = u128::from_le_bytes([0xFF >> shift; 16]);
        bits | bits >> shift & down
    })
}

/// The widest of a channel's bytes in all of them.
fn widened(mask: u128, group: GroupShape) -> u128 {
    let count = group.values() / usize::from(group.channels);
    let channel = u128::MAX >> (128 - 8 * count);
    (0..usize::from(group.channels)).fold(0, |all, c| {
        let own = mask >> (8 * count * c) & channel;
        let widest = own.to_le_bytes().into_iter().fold(0, |a, b| a | b);
        all | (u128::from_le_bytes([widest; 16]) & channel) << (8 * count * c)
    })
}
