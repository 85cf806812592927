//! Promise 9: no file appears from an encoder that breaks a piece of a block.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::codec::coding::{ImageTransform, Layout};
use crate::codec::encode;
use crate::codec::fixed::head::FixedHead;
use crate::codec::images::encode::encode_images;
use crate::codec::kind::RecordHead;
use crate::codec::lanes::{Lanes, validities};
use crate::error::ErrorKind;
use crate::format::image_shape::ImageShape;
use crate::format::schema::Kind;
use crate::format::schema_builder::SchemaBuilder;
use crate::write::options::Options;
use crate::write::read_back::damage::flip;
use crate::write::read_back::*;
use crate::write::table::{Batches, Table};
use crate::write::writer::Writer;

const PIECES: [&str; 9] =
    ["layout", "bases", "records", "exceptions", "heap", "offsets", "lists", "dictionary", "minimum"];

fn mixed(i: u64) -> u64 {
    (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// A table of every kind of lane; `name` is its first column.
fn table(name: &str, rows: u64) -> (Schema, Batch) {
    let mut builder = SchemaBuilder::default();
    let mut columns = Vec::new();
    let mut push = |name: &str, kind, nullable: bool, bits, values: Values| {
        builder.push(None, name, kind, nullable, bits, 0).unwrap();
        let validity = nullable.then(|| (0..rows).map(|i| u8::from(mixed(i) % 5 > 0)).collect());
        columns.push(Column { validity, values });
    };
    let text = |string: &dyn Fn(u64) -> String| {
        let (mut offsets, mut data) = (vec![0], Vec::new());
        for i in 0..rows {
            data.extend_from_slice(string(i).as_bytes());
            offsets.push(data.len() as u64);
        }
        Values::Bytes { offsets, data }
    };
    let longs = |value: &dyn Fn(u64) -> u64| Values::U64((0..rows).map(value).collect());
    push(name, Kind::Unsigned, false, 64, longs(&|i| 1000 * i + mixed(i) % 17));
    push("noise", Kind::Unsigned, true, 64, longs(&|i| u64::from(mixed(i) % 5 > 0) * mixed(i + 7)));
    let decimal = |i: u64| if i % 97 == 3 { std::f64::consts::PI } else { (mixed(i) % 9000) as f64 / 100.0 };
    push("decimal", Kind::Float, false, 64, longs(&|i| decimal(i).to_bits()));
    push("few", Kind::Unsigned, false, 64, longs(&|i| mixed(mixed(i) % 5)));
    push(
        "words",
        Kind::Text,
        false,
        0,
        text(&|i| format!("word {} of many {}", mixed(i) % 50, mixed(i) % 7)),
    );
    push("names", Kind::Text, false, 0, text(&|i| format!("{:x}", mixed(i))));
    let ends = (0..rows).scan(0, |end, i| {
        *end += mixed(i) % 9;
        Some(*end)
    });
    let offsets: Vec<u64> = std::iter::once(0).chain(ends).collect();
    let mut item = SchemaBuilder::default();
    item.push(None, "item", Kind::Unsigned, false, 8, 0).unwrap();
    builder.push_list(None, "lists", false, item.finish()).unwrap();
    let items = offsets[rows as usize] as usize;
    let item = Column { validity: None, values: Values::U8((0..items).map(|i| i as u8).collect()) };
    let values = Values::Lists { offsets, items: Batch { rows: items, columns: vec![item] } };
    columns.push(Column { validity: None, values });
    (builder.finish(), Batch { rows: rows as usize, columns })
}

/// Encodes a table.
fn encoded(
    schema: &Schema,
    dictionaries: &[Option<Dictionary>],
    segment: &Batch,
    layout: Layout,
) -> Vec<EncodedBlock> {
    let options = Options::default().with_layout(layout);
    let validities = validities(schema, segment);
    let lanes = Lanes::of((schema, 0), segment, &validities, dictionaries, options.coding());
    vec![encode(lanes.unwrap(), options.layout.tau).unwrap()]
}

/// True if the blocks, decoded without a look at what went in, are the segment. The cosine transform changes pixels
/// in any case.
fn is_harmless(
    schema: &Schema,
    dictionaries: &[Option<Dictionary>],
    segment: &Batch,
    blocks: &[EncodedBlock],
) -> bool {
    if blocks.iter().any(|block| block.entry.image_transform == DCT) {
        return true;
    }
    let mut found = Batch::default();
    let read = reader(schema, dictionaries, None, blocks)
        .and_then(|reader| reader.rows(0..segment.rows, &Projection::all(schema), &mut found));
    // Items are in a table of their own.
    let mut segment = segment.clone();
    for (node, column) in schema.nodes().iter().zip(&mut segment.columns) {
        if let Values::Lists { items, .. } = &mut column.values {
            *items = Batch::empty(node.items.as_ref().unwrap());
        }
    }
    let starts = |list: &ListColumn| match &segment.columns[list.node].values {
        Values::Lists { offsets, .. } => list.starts == offsets[..segment.rows],
        _ => false,
    };
    read.is_ok_and(|lists| lists.iter().all(starts)) && found == segment
}

/// Flips bits of every piece; each flip is found, unless the values are still the same.
fn flips_are_found(
    schema: &Schema,
    dictionaries: &[Option<Dictionary>],
    segment: &Batch,
    mut blocks: Vec<EncodedBlock>,
) {
    check(schema, dictionaries, None, segment, &blocks).unwrap();
    for piece in PIECES {
        let (mut flipped, mut found) = (0, 0);
        for bit in (0..200).map(|i| mixed(i) as usize >> 16) {
            if !flip(blocks.last_mut().unwrap(), piece, bit) {
                continue;
            }
            flipped += 1;
            match check(schema, dictionaries, None, segment, &blocks) {
                Ok(()) => assert!(is_harmless(schema, dictionaries, segment, &blocks), "{piece}, bit {bit}"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Internal);
                    found += 1;
                }
            }
            flip(blocks.last_mut().unwrap(), piece, bit);
        }
        // The zeros behind a stream hold nothing.
        assert!(found * 2 >= flipped, "{piece}: {found} of {flipped} found");
    }
}

#[test]
fn every_broken_piece_of_a_table_is_found() {
    let (schema, segment) = table("x", 300);
    for layout in [Layout::Compact, Layout::Paper] {
        flips_are_found(&schema, &[], &segment, encoded(&schema, &[], &segment, layout));
    }
}

#[test]
fn every_broken_code_of_a_dictionary_of_the_file_is_found() {
    let (mut schema, segment) = table("x", 300);
    let node = schema.column("words").unwrap();
    let Values::Bytes { offsets, data } = &segment.columns[node].values else { panic!() };
    let mut words: Vec<&[u8]> = offsets.windows(2).map(|w| &data[w[0] as usize..w[1] as usize]).collect();
    words.sort_unstable();
    words.dedup();
    let mut dictionaries: Vec<_> = schema.nodes().iter().map(|_| None).collect();
    dictionaries[node] = Dictionary::new(&words, Options::default().coding());
    schema.set_dictionary(node, Some(0));
    for layout in [Layout::Compact, Layout::Paper] {
        let blocks = encoded(&schema, &dictionaries, &segment, layout);
        flips_are_found(&schema, &dictionaries, &segment, blocks);
    }
    // Another string with the same code.
    let blocks = encoded(&schema, &dictionaries, &segment, Layout::Compact);
    words.swap(3, 4);
    dictionaries[node] = Dictionary::new(&words, Options::default().coding());
    let error = check(&schema, &dictionaries, None, &segment, &blocks).unwrap_err();
    assert!(error.to_string().contains("column \"words\""), "{error}");
}

#[test]
fn every_broken_piece_of_images_is_found() {
    let shape = ImageShape::new(3, 8, 8, false).unwrap();
    let mut builder = SchemaBuilder::default();
    builder.push_image("image", shape).unwrap();
    let schema = builder.finish();
    let pixels: Vec<u8> = (0..40 * 192u64).map(|i| (i % 8 * 9 + mixed(i) % 6) as u8).collect();
    let segment =
        Batch { rows: 40, columns: vec![Column { validity: None, values: Values::U8(pixels.clone()) }] };
    for transform in [ImageTransform::None, ImageTransform::Lossless, ImageTransform::Dct] {
        let table = EncodedBlock::new(BlockEntry {
            rows: 40.into(),
            base_count: 1.into(),
            record_kind: FixedHead::NUMBER,
            ..BlockEntry::default()
        });
        let images = encode_images(shape, &pixels, transform, 40).unwrap();
        flips_are_found(&schema, &[], &segment, vec![table, images]);
    }
}

struct Given(Schema, Batch);

impl Table for Given {
    fn schema(&self) -> &Schema {
        &self.0
    }

    fn batches(&self) -> Result<Batches<'_>> {
        Ok(Box::new(std::iter::once(Ok(self.1.clone()))))
    }
}

#[test]
fn no_file_appears_from_a_broken_encoder() {
    for piece in ["layout", "bases", "records", "exceptions", "heap", "minimum"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gede");
        let (schema, segment) = table(&format!("damage {piece} 3"), 500);
        let error = Writer::new(Options::default()).write(&path, &Given(schema, segment)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{piece}: {error}");
        assert!(error.to_string().contains("segment 0"), "{piece}: {error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{piece}");
    }
}
