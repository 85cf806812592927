//! Images to records of the lossless coder.

use crate::bits::{BitWriter, SLACK, extract};
use crate::codec::tiles::coder::TileCoder;
use crate::codec::tiles::colour::Colour;
use crate::codec::tiles::covers::Covers;
use crate::codec::tiles::groups::{GROUP_ROWS, Grid};
use crate::codec::tiles::planes::{Layout, TileScratch};
use crate::codec::tiles::predict::Predictor;
use crate::codec::tiles::{colour, predict};
use crate::error::Result;
use crate::format::image_shape::ImageShape;

/// A coder that writes.
pub struct TileEncoder<'a> {
    coder: &'a TileCoder,
    covers: Covers,
    scratch: TileScratch,
    /// Each group's base and residuals.
    chosen: Vec<(usize, u128)>,
}

impl<'a> TileEncoder<'a> {
    /// The encoder of a coder, with its working memory.
    pub fn new(coder: &'a TileCoder) -> Self {
        Self { coder, covers: Covers::new(&coder.bases), scratch: TileScratch::default(), chosen: Vec::new() }
    }

    /// Appends an image's record, whole bytes, to `out`.
    pub fn encode(&mut self, pixels: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.coder.shape.check(pixels.len())?;
        #[cfg(target_arch = "x86_64")]
        if crate::processor::has_bits() {
            // SAFETY: the processor has what the function needs.
            unsafe { self.encode_fast(pixels, out) };
            return Ok(());
        }
        self.encode_any(pixels, out, extract);
        Ok(())
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
    fn encode_fast(&mut self, pixels: &[u8], out: &mut Vec<u8>) {
        self.encode_any(pixels, out, |value, places| std::arch::x86_64::_pext_u64(value, places));
    }

    #[inline(always)]
    fn encode_any(&mut self, pixels: &[u8], out: &mut Vec<u8>, extract: impl Fn(u64, u64) -> u64) {
        let TileCoder { shape, colour, predictor, ids, bases, grid, layout, .. } = self.coder;
        self.scratch.fit(*layout);
        residuals(shape, *colour, *predictor, pixels, &mut self.scratch);
        let last = bases.len() - 1;
        let chosen = group_values(grid, layout, &self.scratch.residuals)
            .map(|values| (self.covers.first(values).unwrap_or(last), values));
        self.chosen.clear();
        self.chosen.extend(chosen);
        let mut writer = BitWriter::default();
        if ids.flagged {
            self.chosen.iter().for_each(|&(base, _)| writer.push(u64::from(base > 0), 1));
        }
        for &(base, _) in &self.chosen {
            match ids.flagged {
                false => writer.push(base as u64, ids.bits),
                true if base > 0 => writer.push(base as u64 - 1, ids.bits),
                true => {}
            }
        }
        let rows = (0..grid.sets).flat_map(|_| 0..grid.down);
        let inside = rows.flat_map(|row| (0..grid.across).map(move |column| grid.inside(row, column)));
        for (&(base, values), inside) in self.chosen.iter().zip(inside) {
            let places = bases.get(base).map_or(0, |base| base & inside);
            for word in 0..2 {
                let (values, places) = ((values >> (64 * word)) as u64, (places >> (64 * word)) as u64);
                writer.push(extract(values, places), places.count_ones());
            }
        }
        let stream = writer.finish();
        out.extend(stream.iter().take(stream.len().saturating_sub(SLACK as usize)));
    }
}

/// Fills the scratch with an image's residuals.
#[inline(always)]
pub(crate) fn residuals(
    shape: &ImageShape,
    colour: Colour,
    predictor: Predictor,
    pixels: &[u8],
    scratch: &mut TileScratch,
) {
    let layout = Layout::new(shape);
    for y in 0..shape.rows() {
        for channel in 0..shape.planes() {
            let from = &pixels[shape.row_start(channel, y)..];
            let to = predict::row_mut(&mut scratch.values, shape, &layout, channel, y);
            match shape.step() {
                1 => to.copy_from_slice(&from[..to.len()]),
                step => to.iter_mut().zip(from.iter().step_by(step)).for_each(|(to, v)| *to = *v),
            }
        }
        colour::forward(colour, shape, &layout, &mut scratch.values, y);
    }
    predictor.forward(shape, &layout, scratch);
}

/// Each group's residuals, a byte a value.
#[inline(always)]
pub(crate) fn group_values(grid: &Grid, layout: &Layout, residuals: &[u8]) -> impl Iterator<Item = u128> {
    let (width, channels) = (usize::from(grid.group.width), usize::from(grid.group.channels));
    let places = (0..grid.sets).flat_map(move |set| (0..grid.down).map(move |row| (set, row)));
    places.flat_map(move |(set, row)| {
        // Where the rows of the first group of this row of groups begin.
        let mut starts = [0; GROUP_ROWS * 8];
        for (i, start) in starts.iter_mut().take(channels * GROUP_ROWS).enumerate() {
            *start = layout.row(set * channels + i / GROUP_ROWS, row * GROUP_ROWS + i % GROUP_ROWS);
        }
        (0..grid.across).map(move |column| {
            let rows = starts.iter().take(channels * GROUP_ROWS).enumerate();
            let values = rows.fold(0, |all, (i, start)| {
                let at = start + column * width;
                // Groups of the last set may have channels, and rows, that no plane has: `inside` clears these.
                let four =
                    residuals.get(at..).and_then(|b| b.first_chunk::<4>()).copied().unwrap_or_default();
                let own = u32::from_le_bytes(four) & (u32::MAX >> (32 - 8 * width as u32));
                all | u128::from(own) << (8 * width * i)
            });
            values & grid.inside(row, column)
        })
    })
}
