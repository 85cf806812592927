//! Small tables of images: every way of coding, every order of channels, with and without other columns.

use gede::column::Kind;
use gede::image::ImageShape;
use gede::write::{CellLimit, ImageTransform, Layout, Options};

use super::memory::{Builder, Memory};
use super::zoo::{Animal, random};

const GRAY: (u8, u32, u32) = (1, 7, 5);
const COLOUR: (u8, u32, u32) = (3, 6, 9);

/// Every animal of images.
pub fn all() -> Vec<Animal> {
    let by = |images, class: Option<&str>| {
        let options =
            Options::default().with_cells(CellLimit::None).with_threads(1).with_layout(Layout::Paper);
        let mut options = options.with_image_transform(images).with_segment_rows(11);
        options.layout.class = class.map(str::to_owned);
        options
    };
    use ImageTransform::{Dct, Lossless, None as Plain};
    let animal = |name, table, options| Animal { name, table, options };
    vec![
        animal("images_pixels", labelled(GRAY, false, 20), by(Plain, Some("label"))),
        animal("images_dct_gray", labelled(GRAY, false, 12), by(Dct, None)),
        animal("images_dct_colour", labelled(COLOUR, true, 13), by(Dct, Some("label"))),
        animal("images_tiles_gray", labelled(GRAY, false, 30), by(Lossless, Some("label"))),
        animal("images_tiles_colour", labelled(COLOUR, false, 13), by(Lossless, Some("label"))),
        animal("images_tiles_interleaved", labelled(COLOUR, true, 13), by(Lossless, None)),
        animal("images_channels", labelled((4, 3, 5), true, 9), by(Lossless, None)),
        animal("images_pair", pair(), by(ImageTransform::Auto, None)),
        animal("images_constant", constant(), by(Plain, None)),
        animal("images_sparse", sparse(), by(Lossless, None)),
        animal("images_none", labelled(GRAY, false, 0), by(Lossless, None)),
    ]
}

fn shape((channels, height, width): (u8, u32, u32), interleaved: bool) -> ImageShape {
    ImageShape::new(channels, height, width, interleaved).unwrap()
}

/// A bright patch on a dark slope, with a little noise: neighbours are alike, as in photographs.
fn pixel(shape: ImageShape, seed: u64, row: usize, i: usize) -> u8 {
    let (channels, width) = (usize::from(shape.channels), shape.width as usize);
    let area = shape.height as usize * width;
    let (c, place) = if shape.interleaved { (i % channels, i / channels) } else { (i / area, i % area) };
    let (y, x) = (place / width, place % width);
    let noise = random(seed + i as u64, row) % 5;
    let patch = if (x + row) % 7 > 2 && y % 5 > 1 { 120 } else { 0 };
    (10 * y + 3 * x + patch + 25 * c + row % 3 * 7) as u8 + noise as u8
}

/// Images, a label and a number.
fn labelled(size: (u8, u32, u32), interleaved: bool, rows: usize) -> Memory {
    let shape = shape(size, interleaved);
    Builder::new(rows)
        .image("image", shape, |row, i| pixel(shape, 900, row, i))
        .number("label", Kind::Unsigned, 8, |i| u128::from(random(901, i) % 3))
        .number("x", Kind::Signed, 16, |i| (i as i16 * 3 - 20) as u16 as u128)
        .finish()
}

/// Two columns of images and nothing else; random ones, too.
fn pair() -> Memory {
    let (gray, colour) = (shape(GRAY, false), shape(COLOUR, false));
    Builder::new(14)
        .image("left", gray, |row, i| random(902 + i as u64, row) as u8)
        .image("right", colour, |row, i| pixel(colour, 950, row, i))
        .finish()
}

/// The same image in every row.
fn constant() -> Memory {
    Builder::new(25)
        .image("image", shape(GRAY, false), |_, i| i as u8)
        .number("x", Kind::Bool, 1, |_| 1)
        .finish()
}

/// A few dots on black.
fn sparse() -> Memory {
    let dot = |row, i| random(990 + i as u64, row) % 16 == 0;
    Builder::new(40)
        .image("image", shape((1, 8, 8), false), |row, i| if dot(row, i) { 3 } else { 0 })
        .finish()
}
