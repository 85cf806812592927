//! The images, or windows of them, that ways of coding are tried on. Their number of values is bounded, not their
//! number: 48 whole images of 512 x 512 would take longer to try than a segment takes to encode.

use std::borrow::Cow;

use crate::format::image_shape::ImageShape;

/// Pixels of a window: large enough that its first row and column, whose neighbours are missing, hardly count.
pub const WINDOW: usize = 64 * 64;
/// Rows of a window.
const WINDOW_ROWS: usize = 64;
/// Columns of a window are a multiple of this: whole groups, whatever their width.
const WINDOW_COLUMNS: usize = 12;

/// Images of one shape.
pub struct Trials<'a> {
    pub shape: ImageShape,
    pub images: Vec<Cow<'a, [u8]>>,
}

impl<'a> Trials<'a> {
    /// At most `most` images, evenly drawn, of at most `budget` values together: whole ones if they are small, else
    /// a window of each, whose place differs from one to the next. There is at least one.
    pub fn draw(shape: ImageShape, images: &[&'a [u8]], most: usize, budget: usize) -> Self {
        let window = window(shape);
        let count = most.min(budget / window.values()).max(1);
        if window == shape {
            let step = images.len().div_ceil(count).max(1);
            let images = images.iter().step_by(step).map(|&image| Cow::Borrowed(image)).collect();
            return Self { shape, images };
        }
        let cut = |i: usize| {
            let image = images[i * images.len() / count];
            let (top, left) = (
                spread(i, 0x9E37_79B9, shape.rows() - window.rows()),
                spread(i, 0x85EB_CA6B, shape.columns() - window.columns()),
            );
            Cow::Owned(cut(image, shape, window, top, left))
        };
        let count = if images.is_empty() { 0 } else { count };
        Self { shape: window, images: (0..count).map(cut).collect() }
    }
}

/// The shape of a window: the image's own if it is small.
fn window(shape: ImageShape) -> ImageShape {
    if shape.area() <= WINDOW {
        return shape;
    }
    let height = shape.rows().min(WINDOW_ROWS);
    let columns = (WINDOW / height / WINDOW_COLUMNS).max(1) * WINDOW_COLUMNS;
    let width = shape.columns().min(columns);
    // A narrow image is high: its window has more rows.
    let height = shape.rows().min((WINDOW / width).max(1));
    ImageShape { height: height as u32, width: width as u32, ..shape }
}

/// The `i`-th of numbers from 0 to `most` that are spread evenly: multiples of an odd fraction of 2^32.
fn spread(i: usize, fraction: u32, most: usize) -> usize {
    let at = (i as u32).wrapping_mul(fraction);
    ((u64::from(at) * (most as u64 + 1)) >> 32) as usize
}

/// The values of a window, in the order of the image's.
fn cut(image: &[u8], shape: ImageShape, window: ImageShape, top: usize, left: usize) -> Vec<u8> {
    let mut values = Vec::with_capacity(window.values());
    // Interleaved rows hold all channels.
    let (planes, length) = match shape.interleaved {
        true => (1, window.columns() * window.planes()),
        false => (window.planes(), window.columns()),
    };
    for plane in 0..planes {
        for row in top..top + window.rows() {
            let start = shape.row_start(plane, row) + left * shape.step();
            values.extend_from_slice(&image[start..start + length]);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(channels: u8, height: u32, width: u32, interleaved: bool) -> ImageShape {
        ImageShape { channels, height, width, interleaved }
    }

    #[test]
    fn small_images_are_drawn_whole_and_evenly() {
        let shape = shape(3, 8, 8, false);
        let images: Vec<Vec<u8>> = (0..10).map(|i| vec![i; 192]).collect();
        let images: Vec<&[u8]> = images.iter().map(Vec::as_slice).collect();
        let firsts = |most, budget| -> Vec<u8> {
            Trials::draw(shape, &images, most, budget).images.iter().map(|image| image[0]).collect()
        };
        assert_eq!(firsts(100, 1 << 20), (0..10).collect::<Vec<_>>());
        assert_eq!(firsts(5, 1 << 20), [0, 2, 4, 6, 8]);
        assert_eq!(firsts(100, 3 * 192), [0, 4, 8]);
        assert_eq!(firsts(100, 1), [0]);
        assert!(Trials::draw(shape, &[], 5, 1 << 20).images.is_empty());
    }

    #[test]
    fn windows_hold_what_the_image_has_there() {
        for interleaved in [false, true] {
            let shape = shape(3, 200, 150, interleaved);
            let image: Vec<u8> = (0..shape.values()).map(|at| (at % 251) as u8).collect();
            let (top, left) = (37, 11);
            let window = window(shape);
            let values = cut(&image, shape, window, top, left);
            assert_eq!(values.len(), window.values());
            for (channel, y, x) in [(0, 0, 0), (1, 5, 7), (2, window.rows() - 1, window.columns() - 1)] {
                let from = image[shape.row_start(channel, top + y) + (left + x) * shape.step()];
                assert_eq!(values[window.row_start(channel, y) + x * window.step()], from);
            }
        }
    }

    #[test]
    fn no_window_is_larger_than_its_image_or_its_budget() {
        for (height, width) in [(4096, 4096), (1, 100_000), (100_000, 1), (65, 64), (224, 224), (3, 5000)] {
            let shape = shape(3, height, width, true);
            let image = vec![7; shape.values()];
            let trials = Trials::draw(shape, &[&image], 48, 1 << 18);
            let own = trials.shape;
            assert!(own.height <= height && own.width <= width && own.area() <= WINDOW, "{own:?}");
            assert!(own.values() * trials.images.len() <= 1 << 18 && trials.images.len() > 10);
            assert!(trials.images.iter().all(|image| image.len() == own.values()));
        }
    }
}
