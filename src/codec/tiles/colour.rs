//! Reversible colour transforms on bytes, all arithmetic modulo 256.

use crate::codec::tiles::planes::Layout;
use crate::format::image_shape::ImageShape;

/// Middle of a byte: differences are stored around it, so that they sort as signed numbers do.
const MIDDLE: u8 = 0x80;

/// Transform of the channels of a pixel before prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Nothing.
    None = 0,
    /// Green, red - green, blue - green; three channels.
    Green = 1,
    /// YCoCg-R by lifting; three channels.
    YCoCg = 2,
}

impl Colour {
    /// The transforms that images of so many channels can have.
    pub fn of_channels(channels: u8) -> &'static [Self] {
        if channels == 3 { &[Self::None, Self::Green, Self::YCoCg] } else { &[Self::None] }
    }

    /// Red, green and blue, transformed.
    #[inline(always)]
    fn forward(self, [r, g, b]: [u8; 3]) -> [u8; 3] {
        match self {
            Self::None => [r, g, b],
            Self::Green => [g, r.wrapping_sub(g) ^ MIDDLE, b.wrapping_sub(g) ^ MIDDLE],
            Self::YCoCg => {
                let co = r.wrapping_sub(b);
                let t = b.wrapping_add(half(co));
                let cg = g.wrapping_sub(t);
                [t.wrapping_add(half(cg)), co ^ MIDDLE, cg ^ MIDDLE]
            }
        }
    }

    /// The inverse of `forward`.
    #[inline(always)]
    fn inverse(self, [x, y, z]: [u8; 3]) -> [u8; 3] {
        match self {
            Self::None => [x, y, z],
            Self::Green => [(y ^ MIDDLE).wrapping_add(x), x, (z ^ MIDDLE).wrapping_add(x)],
            Self::YCoCg => {
                let (co, cg) = (y ^ MIDDLE, z ^ MIDDLE);
                let t = x.wrapping_sub(half(cg));
                let b = t.wrapping_sub(half(co));
                [b.wrapping_add(co), t.wrapping_add(cg), b]
            }
        }
    }
}

/// Half of a byte taken as signed, rounded down.
#[inline(always)]
fn half(x: u8) -> u8 {
    (x.cast_signed() >> 1).cast_unsigned()
}

/// Transforms a row of the planes in place.
#[inline(always)]
pub(crate) fn forward(colour: Colour, shape: &ImageShape, layout: &Layout, values: &mut [u8], y: usize) {
    // A loop for each transform, so that each becomes one of vectors.
    match colour {
        Colour::None => {}
        Colour::Green => forward_as(|p| Colour::Green.forward(p), shape, layout, values, y),
        Colour::YCoCg => forward_as(|p| Colour::YCoCg.forward(p), shape, layout, values, y),
    }
}

#[inline(always)]
fn forward_as(
    forward: impl Fn([u8; 3]) -> [u8; 3],
    shape: &ImageShape,
    layout: &Layout,
    values: &mut [u8],
    y: usize,
) {
    let rows = [0, 1, 2].map(|channel| {
        let start = layout.row(channel, y);
        start..start + shape.columns()
    });
    let Ok([r, g, b]) = values.get_disjoint_mut(rows) else { unreachable!("rows of three planes overlap") };
    for ((r, g), b) in r.iter_mut().zip(g).zip(b) {
        [*r, *g, *b] = forward([*r, *g, *b]);
    }
}

/// Undoes the transform of row `y` of the planes, into an image.
#[inline(always)]
pub(crate) fn join(colour: Colour, shape: &ImageShape, planes: [&[u8]; 3], row: usize, out: &mut [u8]) {
    match colour {
        Colour::None => join_as(|p| Colour::None.inverse(p), shape, planes, row, out),
        Colour::Green => join_as(|p| Colour::Green.inverse(p), shape, planes, row, out),
        Colour::YCoCg => join_as(|p| Colour::YCoCg.inverse(p), shape, planes, row, out),
    }
}

#[inline(always)]
fn join_as(
    inverse: impl Fn([u8; 3]) -> [u8; 3],
    shape: &ImageShape,
    planes: [&[u8]; 3],
    row: usize,
    out: &mut [u8],
) {
    let [x, y, z] = planes;
    let from = x.iter().zip(y).zip(z);
    if shape.interleaved {
        let pixels = out.get_mut(shape.row_start(0, row)..).unwrap_or(&mut []).as_chunks_mut::<3>().0;
        for (pixel, ((&x, &y), &z)) in pixels.iter_mut().zip(from) {
            *pixel = inverse([x, y, z]);
        }
        return;
    }
    let (area, columns, start) = (shape.area(), shape.columns(), row * shape.columns());
    let Some((r, rest)) = out.split_at_mut_checked(area) else { return };
    let Some((g, b)) = rest.split_at_mut_checked(area) else { return };
    let to = [r, g, b].map(|plane| plane.get_mut(start..start + columns).unwrap_or(&mut []));
    let [r, g, b] = to;
    for (((r, g), b), ((&x, &y), &z)) in r.iter_mut().zip(g).zip(b).zip(from) {
        [*r, *g, *b] = inverse([x, y, z]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_comes_back() {
        for colour in Colour::of_channels(3) {
            for pixel in 0..1u32 << 24 {
                let [r, g, b, _] = pixel.to_le_bytes();
                if r % 5 == 0 || g % 7 == 0 {
                    assert_eq!(colour.inverse(colour.forward([r, g, b])), [r, g, b], "{colour:?}");
                }
            }
        }
    }
}
