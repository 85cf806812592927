//! Images are read one by one, in any order, and reading one touches little of the file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/pictures.rs"]
mod pictures;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;

use common::counting::Counting;
use common::frame::{Frame, Section};
use common::memory::Builder;
use common::zoo::random;
use common::zoo_images;
use gede::Reader;
use gede::column::{Kind, Values};
use gede::image::ImageShape;
use gede::read::{ByteSource, Projection};
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
            let mut out = vec![0; rows.len() * shape.values()];
            images.decode(&rows, &mut out).unwrap();
            let taken = reader.take(&rows, &Projection::nodes_of(reader.schema(), &[number])).unwrap();
            assert!(taken.columns[0].values == Values::U8(out.clone()), "{}", animal.name);
            let Values::U8(pixels) = &before.columns[number].values else { panic!() };
            for (&row, image) in rows.iter().zip(out.chunks(shape.values())) {
                let original = &pixels[row as usize * shape.values()..][..shape.values()];
                let lost = original.iter().zip(image).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                let most = if animal.options.images.transform == ImageTransform::Dct { 3 } else { 0 };
                assert!(lost <= most, "{}: row {row} is off by {lost}", animal.name);
            }
            assert!(images.decode(&[n], &mut vec![0; shape.values()]).is_err());
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
    let mut out = vec![0; rows.len() * shape.values()];
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

impl ByteSource for &Pages {
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
        (2 * y + x + 30 * c + row % 50) as u8 + (random(7 + i as u64, row) % 24) as u8
    };
    let table = Builder::new(rows)
        .image("image", shape, pixel)
        .number("label", Kind::Unsigned, 8, |i| u128::from(random(5, i) % 10))
        .finish();
    table.file(
        &Options::default().with_cells(CellLimit::None).with_class("label").with_image_transform(images),
    )
}

#[test]
fn images_too_large_for_the_cosine_transform_are_not_written_in_it() {
    let table = |height, width| {
        let shape = ImageShape::new(1, height, width, false).unwrap();
        Builder::new(2).image("photo", shape, |row, i| (i * 7 + row) as u8).finish()
    };
    let written = |height, width, images| {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::default().with_cells(CellLimit::None).with_image_transform(images);
        gede::Writer::new(options.clone()).write(folder.path().join("t.gede"), &table(height, width))
    };
    for (height, width) in [(1025, 1), (1, 1025)] {
        let error = written(height, width, ImageTransform::Dct).unwrap_err().to_string();
        let what = format!("column \"photo\": images of {height} x {width} pixels are too large");
        assert!(error.contains(&what) && error.contains("1024"), "{error}");
        written(height, width, ImageTransform::Lossless).unwrap();
    }
    let file = table(1024, 1).file(&Options::default().with_image_transform(ImageTransform::Dct));
    Reader::new(file).unwrap().verify(|_| {}).unwrap();
}

/// A cold reader touches the pages of the row's record, of its base, of what its block says of all rows, and of the
/// file's metadata; one that knows the block leaves that out. Nothing else is read.
#[test]
fn one_image_touches_its_own_pages() {
    for transform in [ImageTransform::Lossless, ImageTransform::None, ImageTransform::Dct] {
        let source = Pages { bytes: file(240, transform), seen: Mutex::default() };
        let reader = Reader::new(&source).unwrap();
        let images = reader.images(None).unwrap();
        let mut out = vec![0; images.image_shape().values()];
        let mut touched = |row| {
            source.seen.lock().unwrap().clear();
            images.decode(&[row], &mut out).unwrap();
            source.seen.lock().unwrap().clone()
        };
        let metadata = metadata(&source.bytes);
        let blocks = blocks(&source.bytes);
        let mut first = 0;
        for block in &blocks {
            for (place, known) in [(block.rows / 2, false), (block.rows - 1, true), (0, true)] {
                let seen = touched(reader.row_at(first + place).unwrap());
                let (record, with_it) = block.of_row(&source.bytes, place);
                let overlaps = pages(&record);
                assert!(seen.is_superset(&overlaps), "{transform:?}: the record is not read");
                let most = (record.end - record.start).div_ceil(PAGE) as usize + 1;
                assert!(overlaps.len() <= most && (transform != ImageTransform::Lossless || most <= 2));
                let mut own: BTreeSet<u64> = with_it.iter().flat_map(pages).chain(overlaps).collect();
                if !known {
                    own.extend(block.common.iter().flat_map(pages));
                }
                let beside: Vec<_> = seen.difference(&own).filter(|page| !metadata.contains(page)).collect();
                assert!(beside.is_empty(), "{transform:?}: pages {beside:?}");
                // Row to class, class to place, block table, the last page of a section, and checksums.
                assert!(seen.difference(&own).count() <= 12, "{transform:?}: {} pages", seen.len());
            }
            first += block.rows;
        }
    }
}

fn pages(range: &Range<u64>) -> BTreeSet<u64> {
    (range.start / PAGE..range.end.div_ceil(PAGE)).collect()
}

/// Sections of a file: kind and place.
fn sections(bytes: &[u8]) -> Vec<(u64, Range<u64>)> {
    let place = |s: Section| (s.kind, s.bytes.start as u64..s.bytes.end as u64);
    Frame::new(bytes).sections.into_iter().map(place).collect()
}

/// The pages of all sections but the blocks.
fn metadata(bytes: &[u8]) -> BTreeSet<u64> {
    sections(bytes).iter().filter(|(kind, _)| *kind != 1).flat_map(|(_, place)| pages(place)).collect()
}

/// A block of images.
struct Block {
    entry: usize,
    rows: u64,
    /// What it says of all rows: transform set and layout.
    common: Vec<Range<u64>>,
}

/// The blocks of images, from the block table: two storage groups a segment.
fn blocks(bytes: &[u8]) -> Vec<Block> {
    let table = sections(bytes).into_iter().find(|(kind, _)| *kind == 2).unwrap().1;
    let entries = (table.start as usize..table.end as usize).step_by(144).skip(1).step_by(2);
    let block = |entry: usize| {
        let [rows, set, layout, bases, records] =
            [8, 16, 24, 32, 40].map(|field| number(bytes, entry + field, 8));
        let next = |at: u64| [set, layout, bases, records].into_iter().filter(|&o| o > at).min().unwrap();
        let common = [set, layout].into_iter().filter(|&o| o > 0).map(|at| at..next(at)).collect();
        Block { entry, rows, common }
    };
    entries.map(block).collect()
}

impl Block {
    /// The record of a row, and what is read with it: its base, or its offsets.
    fn of_row(&self, bytes: &[u8], row: u64) -> (Range<u64>, Vec<Range<u64>>) {
        let entry = |at, width| number(bytes, self.entry + at, width);
        let field = |stream: u64, bit: u64, width: u64| {
            number(bytes, (stream + bit / 8) as usize, 8) >> (bit % 8) & ((1 << width) - 1)
        };
        let bits = |stream: u64, bit: u64, width: u64| stream + bit / 8..stream + (bit + width).div_ceil(8);
        let (bases, records) = (entry(32, 8), entry(40, 8));
        if entry(104, 1) == 2 {
            let (offsets, width) = (entry(112, 8), 64 - u64::from(entry(120, 8).leading_zeros()));
            let ends = [row, row + 1].map(|i| records + field(offsets, i * width, width));
            // Records are loaded by words: 16 bytes behind one are read with it.
            return (ends[0]..ends[1] + 16, vec![bits(offsets, row * width, 2 * width)]);
        }
        let (id_bits, base_bits) = (entry(105, 1), entry(92, 4));
        let width = id_bits + entry(96, 4);
        let id = field(records, row * width, id_bits);
        (bits(records, row * width, width + 128), vec![bits(bases, id * base_bits, base_bits + 128)])
    }
}

#[test]
fn blocks_stay_at_hand_from_batch_to_batch() {
    // Four classes, each a segment.
    let source = Counting::new(pictures::file(200, true, false));
    let reader = Reader::new(&source).unwrap();
    let images = reader.images(None).unwrap();
    let labels = Projection::columns(reader.schema(), &["label"]).unwrap();
    let rows: Vec<u64> =
        (0..4).map(|class| (0..200).find(|&row| pictures::class(row) == class).unwrap()).collect();
    let reads = |rows: &[u64]| {
        let before = source.reads.load(Relaxed);
        images.decode(rows, &mut vec![0; rows.len() * pictures::BYTES]).unwrap();
        reader.take(rows, &labels).unwrap();
        source.reads.load(Relaxed) - before
    };
    let alone: u64 = rows.iter().map(|&row| reads(&[row]).min(reads(&[row]))).sum();
    reads(&rows);
    assert!(reads(&rows) <= alone, "{} reads together, {alone} one by one", reads(&rows));
}
