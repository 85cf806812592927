//! Choosing a coder by what it would write.

use std::collections::HashMap;

use super::ImageShape;
use super::coder::{TileCoder, group_values, residuals};
use super::colour::Colour;
use super::groups::{Grid, GroupShape};
use super::planes::{Layout, TileScratch};
use super::predict::Predictor;
use super::prune::{MAX_ID_BITS, tables};
use crate::{Error, Result};

/// Images that the ways of coding are compared on.
const TRIALS: usize = 48;

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
        let mut best: Option<(u64, Way)> = None;
        for &colour in Colour::of_channels(shape.channels) {
            for predictor in Predictor::ALL {
                for way in ways(&shape, colour, predictor) {
                    let bits = table(&shape, way, &trials, images).bits;
                    if best.as_ref().is_none_or(|(least, _)| bits < *least) {
                        best = Some((bits, way));
                    }
                }
            }
        }
        let (_, way) = best.ok_or_else(|| Error::argument("images without a way to code them"))?;
        let Table { flagged, bases, .. } = table(&shape, way, sample, images);
        Ok(Self::new(shape, (way.colour, way.predictor), way.group, flagged, bases))
    }
}

fn ways(shape: &ImageShape, colour: Colour, predictor: Predictor) -> impl Iterator<Item = Way> {
    let of = move |group| [Tile::Value, Tile::Channel].map(|tile| Way { colour, predictor, group, tile });
    GroupShape::of(shape).flat_map(of)
}

/// The best table for a way, with its cost for `images` images.
fn table(shape: &ImageShape, way: Way, sample: &[&[u8]], images: u64) -> Table {
    let needed = needed(shape, way, sample);
    let all: u64 = needed.iter().map(|&(_, groups)| groups).sum();
    let full = way.group.full();
    let some: Vec<_> = needed.iter().copied().filter(|&(mask, _)| mask != 0).collect();
    let named: u64 = some.iter().map(|&(_, groups)| groups).sum();
    let mut best = Table { flagged: false, bases: vec![full], bits: u64::MAX };
    for (flagged, needed, named) in [(false, &needed, all), (true, &some, named)] {
        for pruned in tables(needed, full) {
            let id_bits = pruned.bases.len().next_power_of_two().trailing_zeros();
            let flags = if flagged { all } else { 0 };
            let record_bits = flags + named * u64::from(id_bits) + pruned.deviation_bits;
            let records = u128::from(record_bits) * u128::from(images) / sample.len().max(1) as u128;
            let bits = records as u64 + pruned.bases.len() as u64 * way.group.values() as u64 * 8;
            if id_bits <= MAX_ID_BITS && bits < best.bits {
                let zero = flagged.then_some(0);
                best = Table { flagged, bases: zero.into_iter().chain(pruned.bases).collect(), bits };
            }
        }
    }
    best
}

/// The bases that the groups of a sample need, each with its number of groups.
fn needed(shape: &ImageShape, way: Way, sample: &[&[u8]]) -> Vec<(u128, u64)> {
    let (layout, grid) = (Layout::new(shape), Grid::new(shape, way.group));
    let mut scratch = TileScratch::default();
    scratch.fit(layout);
    let mut counts: HashMap<u128, u64> = HashMap::new();
    for image in sample {
        residuals(shape, way.colour, way.predictor, image, &mut scratch);
        for values in group_values(&grid, &layout, &scratch.residuals) {
            *counts.entry(need(values, way)).or_default() += 1;
        }
    }
    let mut needed: Vec<_> = counts.into_iter().collect();
    needed.sort_unstable();
    needed
}

/// The base that holds a group's residuals: for each value, or each channel, the bits up to its highest.
fn need(values: u128, way: Way) -> u128 {
    let mut bits = values;
    for shift in [1, 2, 4] {
        let down = u128::from_le_bytes([0xFF >> shift; 16]);
        bits |= bits >> shift & down;
    }
    if way.tile == Tile::Value {
        return bits;
    }
    let count = way.group.values() / usize::from(way.group.channels);
    let channel = u128::MAX >> (128 - 8 * count);
    (0..usize::from(way.group.channels)).fold(0, |all, c| {
        let mask = bits >> (8 * count * c) & channel;
        let widest = mask.to_le_bytes().into_iter().fold(0, |a, b| a | b);
        all | (u128::from_le_bytes([widest; 16]) & channel) << (8 * count * c)
    })
}
