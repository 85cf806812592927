//! Images shifted and mirrored at random while training.

use rand_chacha::ChaCha8Rng;

use crate::sample::random::below;
use crate::sample::{Batch, PixelFormat, Pixels};

/// Random changes to every image of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Augment {
    /// Pixels that an image is shifted by at most, up or down and to a side; black comes in.
    pub shift: usize,
    /// Half of the images are mirrored, left to right.
    pub mirror: bool,
}

/// Shift and mirroring of an image within its frame.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pose {
    pub down: isize,
    pub right: isize,
    pub mirrored: bool,
}

impl Augment {
    /// Poses of images, one after the other.
    pub(crate) fn poses(self, count: usize, random: &mut ChaCha8Rng) -> Vec<Pose> {
        (0..count).map(|_| self.pose(random)).collect()
    }

    fn pose(self, random: &mut ChaCha8Rng) -> Pose {
        let mut by = || below(random, 2 * self.shift as u64 + 1) as isize - self.shift as isize;
        let (down, right) = (by(), by());
        Pose { down, right, mirrored: self.mirror && below(random, 2) == 1 }
    }
}

/// A black pixel in a format, channel by channel; empty where that is 0.
pub(crate) fn black(format: &PixelFormat) -> Vec<f32> {
    match format {
        PixelFormat::Bytes => Vec::new(),
        PixelFormat::Floats { mean, std } => {
            let deviations = std.iter().copied().chain(std::iter::repeat(1.0));
            mean.iter().zip(deviations).map(|(mean, std)| -mean / std).collect()
        }
    }
}

/// Images [B, H, W, C], each in its pose, which is its own where none is given.
pub(crate) fn posed(batch: &Batch, poses: &[Pose], black: &[f32]) -> Vec<f32> {
    let (_, channels, height, width) = batch.shape();
    let shape = (channels, height, width);
    match batch.pixels() {
        Pixels::Bytes(bytes) => turned(bytes, shape, poses, black),
        Pixels::Floats(floats) => turned(floats, shape, poses, black),
    }
}

/// Planes [C, H, W] as pixels [H, W, C], image by image in its pose.
fn turned<T: Copy + Into<f32>>(
    planes: &[T],
    (channels, height, width): (usize, usize, usize),
    poses: &[Pose],
    black: &[f32],
) -> Vec<f32> {
    let mut out = Vec::with_capacity(planes.len());
    let within = |at: usize, by: isize, most: usize| at.checked_add_signed(-by).filter(|&at| at < most);
    let outside = |channel: usize| if black.is_empty() { 0.0 } else { black[channel] };
    let poses = poses.iter().copied().chain(std::iter::repeat(Pose::default()));
    for (image, pose) in planes.chunks_exact((channels * height * width).max(1)).zip(poses) {
        for y in 0..height {
            let row = within(y, pose.down, height);
            for x in 0..width {
                let column = within(if pose.mirrored { width - 1 - x } else { x }, pose.right, width);
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
    fn images_are_turned_shifted_and_mirrored() {
        let planes: Vec<u8> = (0..12).collect(); // 2 channels of 2 x 3
        let pose = |down, right, mirrored| {
            turned(&planes, (2, 2, 3), &[Pose { down, right, mirrored }], &[-1.0, -2.0])
        };
        assert_eq!(pose(0, 0, false), [0., 6., 1., 7., 2., 8., 3., 9., 4., 10., 5., 11.]);
        assert_eq!(pose(0, 0, true), [2., 8., 1., 7., 0., 6., 5., 11., 4., 10., 3., 9.]);
        assert_eq!(pose(1, -1, false), [-1., -2., -1., -2., -1., -2., 1., 7., 2., 8., -1., -2.]);
    }

    #[test]
    fn poses_are_of_all_kinds() {
        let random = &mut crate::train::split::generator(1);
        let poses: Vec<Pose> = (0..500).map(|_| Augment { shift: 2, mirror: true }.pose(random)).collect();
        for by in -2..=2 {
            assert!(poses.iter().any(|p| p.down == by) && poses.iter().any(|p| p.right == by));
        }
        let mirrored = poses.iter().filter(|p| p.mirrored).count();
        assert!((150..350).contains(&mirrored));
    }
}
