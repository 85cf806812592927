//! Choosing a coder by what it would write.

use ahash::AHashMap;

use crate::codec::tiles::coder::TileCoder;
use crate::codec::tiles::colour::Colour;
use crate::codec::tiles::encode::{group_values, residuals};
use crate::codec::tiles::groups::{Grid, GroupShape};
use crate::codec::tiles::planes::{Layout, TileScratch};
use crate::codec::tiles::predict::Predictor;
use crate::codec::tiles::prune::{MAX_ID_BITS, tables};
use crate::codec::tiles::trials::{Trials, WINDOW};
use crate::error::{Error, Result};
use crate::format::image_shape::ImageShape;

/// Images that the ways of coding are compared on, at most, and values of them.
const TRIALS: usize = 48;
const TRIAL_VALUES: usize = 48 * 3 * 32 * 32;

/// Images that a table of bases is made for, at most, and values of them: a share of all, within bounds.
const SAMPLE: usize = 2048;
const SAMPLE_VALUES: std::ops::RangeInclusive<usize> = 2 << 20..=6 << 20;
const SAMPLE_SHARE: usize = 2;

/// Values that it is made for where images are so large that windows of them are drawn: what is next to each other is
/// alike, so more would take time and gain nothing.
const WINDOW_VALUES: usize = 1 << 20;

/// Pairs of colour and predictor that are compared with every group and tile; the others have wider residuals.
const FINALISTS: usize = 2;

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
    /// The coder that takes the fewest bytes for some images.
    pub fn choose(shape: ImageShape, images: &[&[u8]]) -> Result<Self> {
        images.iter().try_for_each(|image| shape.check(image.len()))?;
        let values = images.len() * shape.values();
        let way = best_way(&Trials::draw(shape, images, TRIALS, TRIAL_VALUES), values)?;
        let budget = match shape.area() <= WINDOW {
            true => (values / SAMPLE_SHARE).clamp(*SAMPLE_VALUES.start(), *SAMPLE_VALUES.end()),
            false => WINDOW_VALUES,
        };
        let sample = Trials::draw(shape, images, SAMPLE, budget);
        let needed = needed(&sample, way.colour, way.predictor, way.group);
        let Table { flagged, bases, .. } = table(way, &needed, Scale::new(&sample, values), CANDIDATES);
        Ok(Self::new(shape, (way.colour, way.predictor), way.group, flagged, bases))
    }
}

/// The way that takes the fewest bytes for so many values, of which the trials are some.
fn best_way(trials: &Trials, values: usize) -> Result<Way> {
    let groups: Vec<GroupShape> = GroupShape::of(&trials.shape).collect();
    let first = *groups.first().ok_or_else(|| Error::argument("images without a way to code them"))?;
    let mut pairs = Vec::new();
    for &colour in Colour::of_channels(trials.shape.channels) {
        for predictor in Predictor::ALL {
            let needed = needed(trials, colour, predictor, first);
            let bits: u64 = needed.iter().map(|(mask, groups)| u64::from(mask.count_ones()) * groups).sum();
            pairs.push((bits, colour, predictor));
        }
    }
    let mut bits: Vec<u64> = pairs.iter().map(|&(bits, ..)| bits).collect();
    bits.sort_unstable();
    let most = bits.get(FINALISTS - 1).copied().unwrap_or(u64::MAX);
    let mut best: Option<(u64, Way)> = None;
    // In their own order: of ways that take as many bytes the first is chosen.
    for &(_, colour, predictor) in pairs.iter().filter(|&&(bits, ..)| bits <= most) {
        for &group in &groups {
            let needed = needed(trials, colour, predictor, group);
            for tile in [Tile::Value, Tile::Channel] {
                let way = Way { colour, predictor, group, tile };
                let bits = table(way, &needed, Scale::new(trials, values), TRIAL_CANDIDATES).bits;
                if best.as_ref().is_none_or(|(least, _)| bits < *least) {
                    best = Some((bits, way));
                }
            }
        }
    }
    best.map(|(_, way)| way).ok_or_else(|| Error::argument("images without a way to code them"))
}

/// How much more values there are than were tried.
#[derive(Clone, Copy)]
struct Scale {
    all: u128,
    tried: u128,
}

impl Scale {
    fn new(trials: &Trials, all: usize) -> Self {
        let tried = trials.images.len() * trials.shape.values();
        Self { all: all as u128, tried: tried.max(1) as u128 }
    }

    fn bits(self, of_trials: u64) -> u64 {
        (u128::from(of_trials) * self.all / self.tried) as u64
    }
}

/// The best table for a way, with its cost for all values; those of the trials need these bases.
fn table(way: Way, needed: &Needed, scale: Scale, candidates: usize) -> Table {
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
            let bits = scale.bits(record_bits) + pruned.bases.len() as u64 * way.group.values() as u64 * 8;
            if id_bits <= MAX_ID_BITS && bits < best.bits {
                let zero = flagged.then_some(0);
                best = Table { flagged, bases: zero.into_iter().chain(pruned.bases).collect(), bits };
            }
        }
    }
    best
}

/// The bases with a width for every value that the groups of some images need.
fn needed(trials: &Trials, colour: Colour, predictor: Predictor, group: GroupShape) -> Needed {
    let (layout, grid) = (Layout::new(&trials.shape), Grid::new(&trials.shape, group));
    let mut scratch = TileScratch::default();
    scratch.fit(layout);
    let mut needed = Needed::default();
    for image in &trials.images {
        residuals(&trials.shape, colour, predictor, image, &mut scratch);
        for values in group_values(&grid, &layout, &scratch.residuals) {
            *needed.entry(filled(values)).or_default() += 1;
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
