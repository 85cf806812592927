//! Prediction of a value from its neighbours; what is left is a byte, modulo 256, in zigzag order.

use crate::codec::tiles::planes::{Layout, TileScratch};
use crate::format::image_shape::ImageShape;

/// A value outside the image.
const OUTSIDE: u8 = 128;

/// Neighbours that a value is predicted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predictor {
    /// Nothing: the prediction is 0.
    None = 0,
    /// The median of left, above, and left + above - above left.
    Median = 1,
}

impl Predictor {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::None, Self::Median];

    /// Values to residuals.
    #[inline(always)]
    pub(crate) fn forward(self, shape: &ImageShape, layout: &Layout, scratch: &mut TileScratch) {
        let TileScratch { values, residuals, .. } = scratch;
        let outside = vec![OUTSIDE; shape.columns()];
        for channel in 0..shape.planes() {
            for y in 0..shape.rows() {
                let row = |y| row(values, shape, layout, channel, y);
                let above = if y == 0 { &outside[..] } else { row(y - 1) };
                let (own, to) = (row(y), row_mut(residuals, shape, layout, channel, y));
                match self {
                    Self::None => to.iter_mut().zip(own).for_each(|(to, &value)| *to = zigzag(value)),
                    Self::Median => forward_medians(own, above, to),
                }
            }
        }
    }

    /// Residuals to values.
    #[inline(always)]
    pub(crate) fn inverse(self, shape: &ImageShape, layout: &Layout, scratch: &mut TileScratch) {
        match self {
            Self::None => unzigzag_all(shape, layout, scratch),
            Self::Median => medians(shape, layout, scratch),
        }
    }

    /// `inverse` for processors with AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    pub(crate) fn inverse_avx2(self, shape: &ImageShape, layout: &Layout, scratch: &mut TileScratch) {
        match self {
            Self::None => unzigzag_all(shape, layout, scratch),
            Self::Median => crate::codec::tiles::bands::medians(shape, layout, scratch),
        }
    }
}

/// The residuals of a row. Neighbours are taken from slices, not from the loop before: so it is one of vectors.
#[inline(always)]
fn forward_medians(own: &[u8], above: &[u8], out: &mut [u8]) {
    let residual = |value: u8, left, above, corner| zigzag(value.wrapping_sub(median(left, above, corner)));
    out[0] = residual(own[0], OUTSIDE, above[0], OUTSIDE);
    let neighbours = own[1..].iter().zip(own).zip(above[1..].iter().zip(above));
    for (to, ((&value, &left), (&above, &corner))) in out[1..].iter_mut().zip(neighbours) {
        *to = residual(value, left, above, corner);
    }
}

/// Signed bytes by magnitude: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
#[inline(always)]
fn zigzag(x: u8) -> u8 {
    (x << 1) ^ (x.cast_signed() >> 7).cast_unsigned()
}

#[inline(always)]
fn unzigzag(z: u8) -> u8 {
    (z >> 1) ^ (z & 1).wrapping_neg()
}

/// The median of left, above, and left + above - corner.
#[inline(always)]
fn median(left: u8, above: u8, corner: u8) -> u8 {
    let (low, high) = (left.min(above), left.max(above));
    left.wrapping_add(above).wrapping_sub(corner.max(low).min(high))
}

/// The values of a row of a plane.
#[inline(always)]
pub(crate) fn row<'a>(
    planes: &'a [u8],
    shape: &ImageShape,
    layout: &Layout,
    channel: usize,
    y: usize,
) -> &'a [u8] {
    let start = layout.row(channel, y);
    &planes[start..start + shape.columns()]
}

/// The same, to be written.
#[inline(always)]
pub(crate) fn row_mut<'a>(
    planes: &'a mut [u8],
    shape: &ImageShape,
    layout: &Layout,
    channel: usize,
    y: usize,
) -> &'a mut [u8] {
    let start = layout.row(channel, y);
    &mut planes[start..start + shape.columns()]
}

#[inline(always)]
fn unzigzag_all(shape: &ImageShape, layout: &Layout, scratch: &mut TileScratch) {
    for channel in 0..shape.planes() {
        for y in 0..shape.rows() {
            let from = row(&scratch.residuals, shape, layout, channel, y);
            let to = row_mut(&mut scratch.values, shape, layout, channel, y);
            to.iter_mut().zip(from).for_each(|(to, &z)| *to = unzigzag(z));
        }
    }
}

/// Inverse of the median prediction, one value after the other.
fn medians(shape: &ImageShape, layout: &Layout, scratch: &mut TileScratch) {
    let TileScratch { values, residuals, .. } = scratch;
    let mut above = vec![OUTSIDE; shape.columns()];
    for channel in 0..shape.planes() {
        above.fill(OUTSIDE);
        for y in 0..shape.rows() {
            let (mut left, mut corner) = (OUTSIDE, OUTSIDE);
            let from = row(residuals, shape, layout, channel, y);
            let to = row_mut(values, shape, layout, channel, y);
            for ((to, &z), above) in to.iter_mut().zip(from).zip(&mut above) {
                let value = unzigzag(z).wrapping_add(median(left, *above, corner));
                (left, corner) = (value, *above);
                (*to, *above) = (value, value);
            }
        }
    }
}
