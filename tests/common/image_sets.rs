//! Small sets of images, as bytes of the files they come in.
#![allow(dead_code)]

use std::io::Cursor;
use std::path::Path;

/// A pixel of a row's image.
pub fn pixel(row: usize, at: usize) -> u8 {
    (row * 37 + at * 11 + at * at % 7) as u8
}

/// The bytes of a row's image.
pub fn image(row: usize, values: usize) -> Vec<u8> {
    (0..values).map(|at| pixel(row, at)).collect()
}

/// The bytes of the images of the first rows.
pub fn images(rows: usize, values: usize) -> Vec<u8> {
    (0..rows).flat_map(|row| image(row, values)).collect()
}

/// An IDX file of unsigned bytes.
pub fn idx(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let head = [0, 0, 8, sizes.len() as u8];
    head.into_iter().chain(sizes.iter().flat_map(|s| s.to_be_bytes())).chain(bytes.iter().copied()).collect()
}

/// Labels of the first rows, fewer than `classes`.
pub fn labels(rows: usize, classes: usize) -> Vec<u8> {
    (0..rows).map(|row| (row * 7 % classes) as u8).collect()
}

/// Some rows of a file of CIFAR-10.
pub fn cifar10(rows: std::ops::Range<usize>) -> Vec<u8> {
    rows.flat_map(|row| std::iter::once((row * 7 % 10) as u8).chain(image(row, 3072))).collect()
}

/// A file of CIFAR-100.
pub fn cifar100(rows: usize) -> Vec<u8> {
    let record =
        |row: usize| [(row * 3 % 20) as u8, (row * 7 % 100) as u8].into_iter().chain(image(row, 3072));
    (0..rows).flat_map(record).collect()
}

/// A picture of pixels that lie together.
pub fn picture(format: image::ImageFormat, width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let colour = match pixels.len() as u32 / (width * height) {
        1 => image::ExtendedColorType::L8,
        2 => image::ExtendedColorType::La8,
        3 => image::ExtendedColorType::Rgb8,
        _ => image::ExtendedColorType::Rgba8,
    };
    let mut file = Cursor::new(Vec::new());
    image::write_buffer_with_format(&mut file, pixels, width, height, colour, format).unwrap();
    file.into_inner()
}

/// A PNG file.
pub fn png(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    picture(image::ImageFormat::Png, width, height, pixels)
}

/// Pixels that lie together, plane by plane.
pub fn planes(pixels: &[u8], channels: usize) -> Vec<u8> {
    (0..channels).flat_map(|c| pixels.iter().skip(c).step_by(channels).copied()).collect()
}

/// Writes a file and the folders it is in.
pub fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}
