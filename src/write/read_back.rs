//! Every segment is decoded from its encoded bytes, and compared with the values that went in, before it is written.

use zerocopy::IntoBytes;

use super::block::{EncodedBlock, validities};
use super::strings::Dictionary;
use crate::column::{Batch, Column, Node, Schema, Values};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{BlockEntry, CoresetSection, DCT, DictionaryEntry, MomentsSection, SectionKind};
use crate::read::{Pieces, Projection, Reader, SegmentReader, Source};

/// Bytes of values decoded at a time: they stay in the second-level cache until they are compared.
const DECODED: usize = 256 << 10;
/// Rows decoded at a time at least, since decoders are set up for as many, up to `WIDE` bytes of them.
const ROWS: usize = 512;
const WIDE: usize = 8 << 20;

/// Checks that a segment's blocks, one a storage group, decode into the segment. `dictionaries` are the file-wide
/// ones by node. Of images under the cosine transform the coefficients are compared.
///
/// # Errors
/// `Internal`, with column and row of the segment.
pub(super) fn check(
    schema: &Schema,
    dictionaries: &[Option<Dictionary>],
    segment: &Batch,
    blocks: &[EncodedBlock],
) -> Result<()> {
    let reader = reader(schema, dictionaries, blocks)?;
    let row_bytes = (segment.bytes() / segment.rows.max(1)).max(1);
    let step = (DECODED / row_bytes).max(ROWS.min(WIDE / row_bytes)).max(1);
    let mut found = Batch::default();
    for (group, block) in (0..).zip(blocks) {
        if block.entry.rows.get() != segment.rows as u64 {
            return Err(broken("a block holds another number of rows than its segment"));
        }
        if block.entry.image_transform == DCT {
            check_coefficients(&reader, group, block, segment.rows)?;
            continue;
        }
        let columns = schema.columns().filter(|&c| schema.nodes()[c].group == group).collect::<Vec<_>>();
        let projection = Projection::nodes_of(schema, &columns);
        for from in (0..segment.rows).step_by(step) {
            let rows = from..segment.rows.min(from + step);
            reader.rows(rows.clone(), &projection, &mut found).map_err(undecoded)?;
            for (&node, found) in projection.nodes().iter().zip(&found.columns) {
                let given = &segment.columns[node];
                if !same(&schema.nodes()[node], given, from, found, rows.len()) {
                    check_rows(schema, segment, node, from, found)?;
                }
            }
        }
    }
    Ok(())
}

/// Opens a finished file that does not have its name yet, and decodes what a reader decodes of it before any row.
///
/// # Errors
/// `Internal`; `Io`.
pub(super) fn check_file(written: Box<dyn Source>, rows: u64, condensed: u64) -> Result<()> {
    let unread = |error: Error| match error.kind() {
        ErrorKind::Io => error,
        _ => broken(format!("the finished file does not open: {error}")),
    };
    let reader = Reader::new(written).map_err(unread)?;
    let opened = || -> Result<u64> {
        let nodes = reader.schema().nodes().len();
        reader.moments_bytes()?.map(|bytes| MomentsSection::read(&bytes, nodes)).transpose()?;
        reader
            .bulk_section(SectionKind::CORESET)?
            .map(|bytes| CoresetSection::read(&bytes, nodes))
            .transpose()?;
        reader.cells()?;
        reader.image_errors()?;
        let last = reader.segments().checked_sub(1).map(|last| reader.segment_range(last)).transpose()?;
        for class in 0..reader.classes().map_or(0, |(_, classes)| classes) {
            reader.class(class)?;
        }
        Ok(last.map_or(0, |range| range.end))
    };
    let end = opened().map_err(unread)?;
    if (reader.rows(), end, reader.condensed_count()) != (rows, rows, condensed) {
        return Err(broken("the finished file names other numbers of rows than were written"));
    }
    Ok(())
}

/// A reader of blocks that are still in memory.
fn reader<'a>(
    schema: &Schema,
    dictionaries: &'a [Option<Dictionary>],
    blocks: &'a [EncodedBlock],
) -> Result<SegmentReader<'a>> {
    let mut pieces = Pieces::new();
    let mut known: Vec<DictionaryEntry> = Vec::new();
    for (node, dictionary) in dictionaries.iter().enumerate() {
        if let Some(Dictionary { stored, .. }) = dictionary {
            debug_assert_eq!(schema.nodes()[node].dictionary, Some(known.len() as u32));
            known.push(stored.entry(pieces.add(&stored.bytes)));
        }
    }
    let mut entries: Vec<BlockEntry> = Vec::with_capacity(blocks.len());
    for block in blocks {
        let mut transforms = block.transforms.clone();
        for own in &block.dictionaries {
            transforms[own.lane].dictionary = (known.len() as u32).into();
            known.push(own.stored.entry(pieces.add(&own.stored.bytes)));
        }
        let transforms = pieces.add(transforms.as_bytes().to_vec());
        entries.push(block.placed(transforms, |bytes| Ok(pieces.add(bytes)))?);
    }
    Ok(SegmentReader::new(schema, pieces, &entries, &known))
}

fn check_coefficients(reader: &SegmentReader, group: u32, block: &EncodedBlock, rows: usize) -> Result<()> {
    let values = block.coefficients.len() / rows.max(1);
    let mut found = vec![0; values];
    for (row, given) in block.coefficients.chunks_exact(values).enumerate() {
        reader.coefficients(group, row, &mut found).map_err(undecoded)?;
        if found != given {
            return Err(broken(format!("row {row} of it: the coefficients of an image read back changed")));
        }
    }
    Ok(())
}

/// Whether a column's rows from `from` on are those found, what is under nulls included.
fn same(node: &Node, given: &Column, from: usize, found: &Column, rows: usize) -> bool {
    fn part<T>(all: &[T], from: usize, rows: usize, per_row: usize) -> &[T] {
        &all[from * per_row..(from + rows) * per_row]
    }
    let per_row = node.values_per_row();
    let values = match (&given.values, &found.values) {
        (Values::None, Values::None) => true,
        (Values::U8(given), Values::U8(found)) => part(given, from, rows, per_row) == found,
        (Values::U16(given), Values::U16(found)) => part(given, from, rows, per_row) == found,
        (Values::U32(given), Values::U32(found)) => part(given, from, rows, per_row) == found,
        (Values::U64(given), Values::U64(found)) => part(given, from, rows, per_row) == found,
        (Values::U128(given), Values::U128(found)) => part(given, from, rows, per_row) == found,
        (Values::Bytes { offsets, data }, Values::Bytes { offsets: ends, data: bytes }) => {
            let offsets = &offsets[from..=from + rows];
            let first = offsets[0];
            offsets.len() == ends.len()
                && offsets.iter().zip(ends).all(|(offset, end)| offset - first == *end)
                && data[first as usize..offsets[rows] as usize] == bytes[..]
        }
        _ => false,
    };
    let validity = match (&given.validity, &found.validity) {
        (None, None) => true,
        (Some(given), Some(found)) => part(given, from, rows, node.instances as usize) == found,
        _ => false,
    };
    values && validity
}

/// Compares rows one by one; values under a null, the instance's own or one above it, are free.
fn check_rows(schema: &Schema, segment: &Batch, node: usize, from: usize, found: &Column) -> Result<()> {
    let (name, given) = (&schema.nodes()[node].name, &segment.columns[node]);
    let changed = |row: usize, what: &str| {
        Err(broken(format!("column \"{name}\", row {row} of it: {what} read back changed")))
    };
    let instances = schema.nodes()[node].instances as usize;
    if let (Some(given), Some(found)) = (&given.validity, &found.validity) {
        let pairs = given[from * instances..].iter().zip(found);
        if let Some(at) = pairs.enumerate().find(|(_, (given, found))| given != found).map(|(at, _)| at) {
            return changed(from + at / instances, "a null or a valid value");
        }
    }
    let valid = validities(schema, segment)[node].clone();
    let per_instance = schema.nodes()[node].values_per_instance();
    let count = found.values.len() / per_instance.max(1);
    for at in 0..count {
        let instance = from * instances + at;
        let is_valid = valid.as_ref().is_none_or(|valid| valid[instance] == 1);
        if is_valid && !same_values(&given.values, instance, &found.values, at, per_instance) {
            return changed(instance / instances, "a value");
        }
    }
    Ok(())
}

/// Whether the values of two instances are the same.
fn same_values(given: &Values, instance: usize, found: &Values, at: usize, per_instance: usize) -> bool {
    let [given_at, found_at] = [instance, at].map(|i| i * per_instance..(i + 1) * per_instance);
    match (given, found) {
        (Values::U8(given), Values::U8(found)) => given[given_at] == found[found_at],
        (Values::U16(given), Values::U16(found)) => given[given_at] == found[found_at],
        (Values::U32(given), Values::U32(found)) => given[given_at] == found[found_at],
        (Values::U64(given), Values::U64(found)) => given[given_at] == found[found_at],
        (Values::U128(given), Values::U128(found)) => given[given_at] == found[found_at],
        (Values::Bytes { offsets, data }, Values::Bytes { offsets: ends, data: bytes }) => {
            data[offsets[instance] as usize..offsets[instance + 1] as usize]
                == bytes[ends[at] as usize..ends[at + 1] as usize]
        }
        _ => false,
    }
}

fn undecoded(error: Error) -> Error {
    broken(format!("its encoded bytes do not decode: {error}"))
}

fn broken(what: impl std::fmt::Display) -> Error {
    Error::internal(format!("{what}. This is a bug of gede: nothing was written; please report it"))
}

/// Damage that tests do to encoded blocks: what an encoder with a bug would do.
#[cfg(test)]
pub(super) mod damage {
    use super::{EncodedBlock, Schema};

    /// Applies the damage that the first column's name asks for, `damage PIECE BIT`: the name is the one thing of a
    /// table that reaches every thread of a writer.
    pub(in crate::write) fn apply(schema: &Schema, blocks: &mut [EncodedBlock]) {
        let Some(name) = schema.nodes().first().map(|node| node.name.as_str()) else { return };
        if let ["damage", piece, bit] = name.split(' ').collect::<Vec<_>>()[..] {
            flip(blocks.last_mut().unwrap(), piece, bit.parse().unwrap());
        }
    }

    /// Flips a bit of a piece, counted modulo its bits; false if the block has no such piece.
    pub(super) fn flip(block: &mut EncodedBlock, piece: &str, bit: usize) -> bool {
        let bytes = match piece {
            "layout" => &mut block.layout,
            "bases" => &mut block.bases,
            "records" => &mut block.records,
            "exceptions" => &mut block.exceptions,
            "heap" => &mut block.heap,
            "offsets" => &mut block.offsets,
            "dictionary" => match block.dictionaries.first_mut() {
                Some(dictionary) => &mut dictionary.stored.bytes,
                None => return false,
            },
            "minimum" => {
                let lanes = block.transforms.len();
                if lanes == 0 {
                    return false;
                }
                let transform = &mut block.transforms[bit % lanes];
                transform.minimum = (transform.minimum.get() ^ 1 << (bit / lanes % 8)).into();
                return true;
            }
            _ => panic!("no piece {piece}"),
        };
        let bits = 8 * bytes.len();
        if bits > 0 {
            bytes[bit % bits / 8] ^= 1 << (bit % 8);
        }
        bits > 0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::damage::flip;
    use super::*;
    use crate::column::{Kind, SchemaBuilder};
    use crate::error::ErrorKind;
    use crate::image::ImageShape;
    use crate::write::block::Lanes;
    use crate::write::images::encode_images;
    use crate::write::options::ImageTransform;
    use crate::write::{Batches, Layout, Options, Table, write};

    const PIECES: [&str; 8] =
        ["layout", "bases", "records", "exceptions", "heap", "offsets", "dictionary", "minimum"];

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
        let decimal =
            |i: u64| if i % 97 == 3 { std::f64::consts::PI } else { (mixed(i) % 9000) as f64 / 100.0 };
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
        (builder.finish(), Batch { rows: rows as usize, columns })
    }

    /// Encodes a table without file-wide dictionaries.
    fn encoded(schema: &Schema, segment: &Batch, layout: Layout) -> Vec<EncodedBlock> {
        let options = Options { layout, ..Options::default() };
        vec![Lanes::of(schema, segment, &[], options.coding()).unwrap().encode(options.tau)]
    }

    /// Whether the blocks, decoded without a look at what went in, are the segment. The cosine transform changes pixels
    /// in any case.
    fn is_harmless(schema: &Schema, segment: &Batch, blocks: &[EncodedBlock]) -> bool {
        if blocks.iter().any(|block| block.entry.image_transform == DCT) {
            return true;
        }
        let mut found = Batch::default();
        let read = reader(schema, &[], blocks)
            .and_then(|reader| reader.rows(0..segment.rows, &Projection::all(schema), &mut found));
        read.is_ok() && found == *segment
    }

    /// Flips bits of every piece; each flip is found, unless the values are still the same.
    fn flips_are_found(schema: &Schema, segment: &Batch, mut blocks: Vec<EncodedBlock>) {
        check(schema, &[], segment, &blocks).unwrap();
        for piece in PIECES {
            let (mut flipped, mut found) = (0, 0);
            for bit in (0..200).map(|i| mixed(i) as usize >> 16) {
                if !flip(blocks.last_mut().unwrap(), piece, bit) {
                    continue;
                }
                flipped += 1;
                match check(schema, &[], segment, &blocks) {
                    Ok(()) => assert!(is_harmless(schema, segment, &blocks), "{piece}, bit {bit}"),
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
            flips_are_found(&schema, &segment, encoded(&schema, &segment, layout));
        }
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
                record_kind: crate::format::FIXED_RECORDS,
                ..BlockEntry::default()
            });
            let images = encode_images(shape, &pixels, transform, 40).unwrap();
            flips_are_found(&schema, &segment, vec![table, images]);
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
            let error = write(&path, &Given(schema, segment), &Options::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Internal, "{piece}: {error}");
            assert!(error.to_string().contains("segment 0"), "{piece}: {error}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{piece}");
        }
    }
}
