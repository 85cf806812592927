//! Images are read one by one, in any order, and reading one touches little of the file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Mutex;

use common::memory::Builder;
use common::zoo::random;
use common::zoo_images;
use gede::Reader;
use gede::column::{Kind, Values};
use gede::image::ImageShape;
use gede::read::{Projection, Source};
use gede::write::{CellLimit, ImageTransform, Options};

const PAGE: u64 = 4096;

#[test]
fn images_are_decoded_in_any_order() {
    for animal in zoo_images::all() {
        let reader = Reader::new(animal.table.file(&animal.options)).unwrap();
        reader.verify(|_| {}).unwrap_or_else(|e| panic!("{}: {e}", animal.name));
        let before = animal.table.rows();
        for (number, node) in reader.schema().nodes().iter().enumerate() {
            let Some(shape) = node.image else { continue };
            let images = reader.images(Some(&node.name)).unwrap();
            assert_eq!(images.image_shape(), shape);
            let n = reader.rows();
            let rows: Vec<u64> = (0..2 * n).map(|i| random(1, i as usize) % n).collect();
            let mut out = vec![0; rows.len() * shape.len()];
            images.decode(&rows, &mut out).unwrap();
            let taken = reader.take(&rows, &Projection::nodes_of(reader.schema(), &[number])).unwrap();
            assert!(taken.columns[0].values == Values::U8(out.clone()), "{}", animal.name);
            let Values::U8(pixels) = &before.columns[number].values else { panic!() };
            for (&row, image) in rows.iter().zip(out.chunks(shape.len())) {
                let original = &pixels[row as usize * shape.len()..][..shape.len()];
                let lost = original.iter().zip(image).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                let most = if animal.options.images == ImageTransform::Dct { 3 } else { 0 };
                assert!(lost <= most, "{}: row {row} is off by {lost}", animal.name);
            }
            assert!(images.decode(&[n], &mut vec![0; shape.len()]).is_err());
            assert!(images.decode(&[], &mut [0]).is_err());
        }
    }
}

#[test]
fn errors_of_near_lossless_images_are_measured() {
    let dct = zoo_images::all().into_iter().find(|a| a.name == "images_dct_colour").unwrap();
    let reader = Reader::new(dct.table.file(&dct.options)).unwrap();
    let (node, errors) = reader.image_errors().unwrap()[0];
    let shape = reader.schema().nodes()[node as usize].image.unwrap();
    let rows: Vec<u64> = (0..reader.rows()).collect();
    let mut out = vec![0; rows.len() * shape.len()];
    reader.images(None).unwrap().decode(&rows, &mut out).unwrap();
    let rows = dct.table.rows();
    let Values::U8(before) = &rows.columns[node as usize].values else { panic!() };
    let squared: u64 = before.iter().zip(&out).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
    let largest = before.iter().zip(&out).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert_eq!((errors.squared, errors.largest, errors.values), (squared, largest, before.len() as u64));
    assert!(errors.psnr() > 45.0);
}

/// Bytes in memory, and the pages of them that were asked for.
struct Pages {
    bytes: Vec<u8>,
    seen: Mutex<BTreeSet<u64>>,
}

impl Source for &Pages {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn bytes(&self, range: Range<u64>) -> gede::Result<Cow<'_, [u8]>> {
        self.seen.lock().unwrap().extend(range.start / PAGE..range.end.div_ceil(PAGE));
        Ok(Cow::Borrowed(&self.bytes[range.start as usize..range.end as usize]))
    }
}

fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    bytes[at..at + width].iter().rev().fold(0, |n, &b| n << 8 | u64::from(b))
}

/// Photographs of the size of CIFAR's: slopes with noise.
fn file(rows: usize, images: ImageTransform) -> Vec<u8> {
    let shape = ImageShape::new(3, 32, 32, false).unwrap();
    let pixel = |row: usize, i: usize| {
        let (c, y, x) = (i / 1024, i / 32 % 32, i % 32);
        (4 * y + 2 * x + 30 * c + row % 50) as u8 + (random(7 + i as u64, row) % 24) as u8
    };
    let table = Builder::new(rows)
        .image("image", shape, pixel)
        .number("label", Kind::Unsigned, 8, |i| u128::from(random(5, i) % 10))
        .finish();
    table.file(&Options {
        cells: CellLimit::None,
        class: Some("label".to_owned()),
        images,
        ..Options::default()
    })
}

/// Whatever a row's record, bases and offsets do not lie in is not read: pages are counted, block by block.
#[test]
fn one_image_touches_its_own_pages() {
    for transform in [ImageTransform::Lossless, ImageTransform::None, ImageTransform::Dct] {
        let source = Pages { bytes: file(600, transform), seen: Mutex::default() };
        let reader = Reader::new(&source).unwrap();
        let images = reader.images(None).unwrap();
        let mut out = vec![0; images.image_shape().len()];
        let blocks = blocks(&source.bytes);
        for row in [3, 299, 599] {
            source.seen.lock().unwrap().clear();
            images.decode(&[row], &mut out).unwrap();
            let cold = source.seen.lock().unwrap().clone();
            let within =
                |piece: &Range<u64>| cold.range(piece.start / PAGE..piece.end.div_ceil(PAGE)).count();
            let records: usize = blocks.iter().map(|b| within(&b.records)).sum();
            let bytes = blocks.iter().map(|b| (b.records.end - b.records.start) / b.rows).max().unwrap();
            assert!(records as u64 <= bytes.div_ceil(PAGE) + 1, "{transform:?}: {records} pages of records");
            let touched: Vec<_> = blocks.iter().filter(|b| within(&b.records) > 0).collect();
            // A page at the seam of two blocks belongs to both.
            assert!(touched.len() <= 2, "{transform:?}: records of {} blocks", touched.len());
            let own = blocks.iter().map(|b| within(&b.rest)).max().unwrap();
            // The rest of a block (transforms, layout, bases, offsets) once; then block table, class table,
            // sample index, checksums.
            assert!(cold.len() <= records + own + 12, "{transform:?}: {} pages", cold.len());
        }
        // Once a block is known, another of its images takes its record, its base, its offsets.
        let (first, second) = same_block(&reader, &blocks);
        images.decode(&[first], &mut out).unwrap();
        source.seen.lock().unwrap().clear();
        images.decode(&[second], &mut out).unwrap();
        let warm = source.seen.lock().unwrap().len();
        assert!(warm <= 14, "{transform:?}: {warm} pages of a known block");
    }
}

struct Block {
    rows: u64,
    records: Range<u64>,
    rest: Range<u64>,
}

/// Two rows whose records lie in one block.
fn same_block<S: Source>(reader: &Reader<S>, blocks: &[Block]) -> (u64, u64) {
    assert!(blocks[0].rows > 20);
    (reader.row_at(0).unwrap(), reader.row_at(20).unwrap())
}

/// The blocks of images, from the block table: two storage groups a segment.
fn blocks(bytes: &[u8]) -> Vec<Block> {
    let directory = number(bytes, bytes.len() - 56, 8) as usize;
    let sections = number(bytes, directory + 24, 4) as usize;
    let at = (0..sections).map(|i| directory + 64 + 32 * i).find(|&at| number(bytes, at, 4) == 2).unwrap();
    let (table, length) = (number(bytes, at + 8, 8) as usize, number(bytes, at + 16, 8) as usize);
    let entries = (table..table + length).step_by(128).skip(1).step_by(2);
    let block = |at: usize| {
        let offset = |field: usize| number(bytes, at + field, 8);
        let bits = offset(8) * (number(bytes, at + 105, 1) + number(bytes, at + 96, 4));
        let length = if number(bytes, at + 104, 1) == 2 { offset(120) } else { bits.div_ceil(8) + 16 };
        let first = [16, 24, 32].map(offset).into_iter().filter(|&o| o > 0).min().unwrap();
        Block { rows: offset(8), records: offset(40)..offset(40) + length, rest: first..offset(40) }
    };
    entries.map(block).collect()
}
