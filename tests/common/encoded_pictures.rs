//! Pictures that stay the files they are: made, read, and stored.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use arrow::array::*;
use gede::Reader;
use gede::arrow::{ArrowTable, ImageInput, PictureStorage};
use image::ImageFormat::{Bmp, Jpeg, WebP};

use super::image_sets::*;

pub fn jpeg(width: u32, height: u32, row: usize) -> Vec<u8> {
    picture(Jpeg, width, height, &image(row, (width * height * 3) as usize))
}

pub fn stored(storage: PictureStorage) -> ImageInput {
    ImageInput { storage, ..ImageInput::default() }
}

pub fn skipping() -> ImageInput {
    ImageInput { skip_bad: true, ..ImageInput::default() }
}

/// The bytes and the paths of a column of pictures.
pub fn files(batch: &RecordBatch, column: &str) -> Vec<(Vec<u8>, String)> {
    let pictures = batch.column_by_name(column).unwrap().as_struct();
    let bytes = pictures.column_by_name("bytes").unwrap().as_binary::<i32>();
    let paths = pictures.column_by_name("path").unwrap().as_string::<i32>();
    (0..batch.num_rows()).map(|i| (bytes.value(i).to_vec(), paths.value(i).to_owned())).collect()
}

pub fn notes(path: impl AsRef<Path>, input: &ImageInput) -> Vec<String> {
    ArrowTable::open_with(path, &input.clone().into()).unwrap().notes()
}

/// A set of four kinds of pictures, of four sizes.
pub fn mixed(set: &Path) -> [Vec<u8>; 4] {
    let pictures = [
        jpeg(31, 20, 0),
        png(9, 40, &image(1, 9 * 40 * 4)),
        picture(WebP, 12, 11, &image(2, 12 * 11 * 3)),
        picture(Bmp, 8, 8, &image(3, 8 * 8 * 3)),
    ];
    for (name, bytes) in ["ant/a.JPG", "ant/b.png", "bee/c.webp", "bee/d.bmp"].iter().zip(&pictures) {
        write(set.join(name), bytes);
    }
    pictures
}

/// A file of a table in memory.
pub fn gede(input: &Path, options: &ImageInput) -> Reader<gede::read::FileSource> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.gede");
    let table = ArrowTable::open_with(input, &options.clone().into()).unwrap();
    gede::Writer::new(gede::write::Options::default()).write(&path, &table).unwrap();
    Reader::open(&path).unwrap()
}
