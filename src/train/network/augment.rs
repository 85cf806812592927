//! Random shifts and flips of training images.

use rand_chacha::ChaCha8Rng;

use crate::sample::random::below;
use crate::sample::{LoaderBatch, PixelFormat, Pixels};

/// Random changes to every image of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Augment {
    /// Largest shift in pixels, vertically and horizontally; pixels that enter are black.
    pub shift: usize,
    /// Mirrors half of the images, left to right.
    pub mirror: bool,
}

/// Shift of an image within its frame, and mirroring: a crop of the padded image with a flip.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CropFlip {
    pub down: isize,
    pub right: isize,
    pub mirrored: bool,
}

impl Augment {
    /// One of each image, in order.
    pub(super) fn crop_flips(self, count: usize, random: &mut ChaCha8Rng) -> Vec<CropFlip> {
        (0..count).map(|_| self.crop_flip(random)).collect()
    }

    fn crop_flip(self, random: &mut ChaCha8Rng) -> CropFlip {
        let mut by = || below(random, 2 * self.shift as u64 + 1) as isize - self.shift as isize;
        let (down, right) = (by(), by());
        CropFlip { down, right, mirrored: self.mirror && below(random, 2) == 1 }
    }
}

/// The value of a black pixel in a format, by channel; empty if it is 0.
pub(super) fn pad_value(format: &PixelFormat) -> Vec<f32> {
    match format {
        PixelFormat::Bytes => Vec::new(),
        PixelFormat::Floats { mean, std } => {
            let deviations = std.iter().copied().chain(std::iter::repeat(1.0));
            mean.iter().zip(deviations).map(|(mean, std)| -mean / std).collect()
        }
    }
}

/// Images `[B, H, W, C]`, each shifted and flipped; images after the last of `crop_flips` are unchanged.
pub(super) fn apply_crop_flips(batch: &LoaderBatch, crop_flips: &[CropFlip], pad_value: &[f32]) -> Vec<f32> {
    let (_, channels, height, width) = batch.shape();
    let shape = (channels, height, width);
    match batch.pixels() {
        Pixels::Bytes(bytes) => chw_to_hwc(bytes, shape, crop_flips, pad_value),
        Pixels::Floats(floats) => chw_to_hwc(floats, shape, crop_flips, pad_value),
    }
}

/// Planes `[C, H, W]` as pixels `[H, W, C]`, each image shifted and flipped on the way: one pass over memory, not two.
fn chw_to_hwc<T: Copy + Into<f32>>(
    planes: &[T],
    (channels, height, width): (usize, usize, usize),
    crop_flips: &[CropFlip],
    pad_value: &[f32],
) -> Vec<f32> {
    let mut out = Vec::with_capacity(planes.len());
    let within = |at: usize, by: isize, most: usize| at.checked_add_signed(-by).filter(|&at| at < most);
    let outside = |channel: usize| if pad_value.is_empty() { 0.0 } else { pad_value[channel] };
    let crop_flips = crop_flips.iter().copied().chain(std::iter::repeat(CropFlip::default()));
    for (image, crop_flip) in planes.chunks_exact((channels * height * width).max(1)).zip(crop_flips) {
        for y in 0..height {
            let row = within(y, crop_flip.down, height);
            for x in 0..width {
                let column =
                    within(if crop_flip.mirrored { width - 1 - x } else { x }, crop_flip.right, width);
                let place = row.zip(column).map(|(row, column)| row * width + column);
                out.extend((0..channels).map(|c| {
                    let value = place.map(|at| &image[c * height * width + at]);
                    value.map_or_else(|| outside(c), |&v| v.into())
                }));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_transposed_shifted_and_mirrored() {
        let planes: Vec<u8> = (0..12).collect(); // 2 channels of 2 x 3
        let crop_flip = |down, right, mirrored| {
            chw_to_hwc(&planes, (2, 2, 3), &[CropFlip { down, right, mirrored }], &[-1.0, -2.0])
        };
        assert_eq!(crop_flip(0, 0, false), [0., 6., 1., 7., 2., 8., 3., 9., 4., 10., 5., 11.]);
        assert_eq!(crop_flip(0, 0, true), [2., 8., 1., 7., 0., 6., 5., 11., 4., 10., 3., 9.]);
        assert_eq!(crop_flip(1, -1, false), [-1., -2., -1., -2., -1., -2., 1., 7., 2., 8., -1., -2.]);
    }

    #[test]
    fn all_shifts_and_flips_occur() {
        let random = &mut crate::train::split::generator(1);
        let crop_flips: Vec<CropFlip> =
            (0..500).map(|_| Augment { shift: 2, mirror: true }.crop_flip(random)).collect();
        for by in -2..=2 {
            assert!(crop_flips.iter().any(|p| p.down == by) && crop_flips.iter().any(|p| p.right == by));
        }
        let mirrored = crop_flips.iter().filter(|p| p.mirrored).count();
        assert!((150..350).contains(&mirrored));
    }
}
