//! Every segment is decoded from its encoded bytes, and compared with the values that went in, before it is written.

#[cfg(test)]
pub(crate) mod damage;
#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;
use zerocopy::IntoBytes;

use crate::codec::block_entry::{BlockEntry, DCT};
use crate::codec::chunks::trained::Trained;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::lanes::validities;
use crate::codec::strings::dictionary_entry::DictionaryEntry;
use crate::codec::strings::encode::Dictionary;
use crate::column::values::{Batch, Column, Values};
use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Node, Schema};
use crate::format::tables::TableEntry;
use crate::read::lists::ListColumn;
use crate::read::projection::Projection;
use crate::read::reader::Reader;
use crate::read::segment::{Pieces, SegmentReader};
use crate::summary::SUMMARIES;

/// Bytes of values decoded at a time: they stay in the second-level cache until they are compared.
const DECODED: usize = 256 << 10;
/// Rows decoded at a time at least, since decoders are set up for as many, up to `WIDE` bytes of them.
const ROWS: usize = 512;
const WIDE: usize = 8 << 20;

/// Checks that a segment's blocks, one a storage group, decode into the segment. `dictionaries` are the file-wide
/// ones by node, `trained` is that of chunks. Of images under the cosine transform the coefficients are compared.
///
/// # Errors
/// `Internal`, with column and row of the segment.
pub(crate) fn check(
    schema: &Schema,
    dictionaries: &[Option<Dictionary>],
    trained: Option<&Trained>,
    segment: &Batch,
    blocks: &[EncodedBlock],
) -> Result<()> {
    let reader = reader(schema, dictionaries, trained, blocks)?;
    let row_bytes = (segment.bytes() / segment.rows.max(1)).max(1);
    let step = (DECODED / row_bytes).max(ROWS.min(WIDE / row_bytes)).max(1);
    for (group, block) in (0..).zip(blocks) {
        if block.entry.rows.get() != segment.rows as u64 {
            return Err(broken("a block holds another number of rows than its segment"));
        }
        if block.entry.image_transform == DCT {
            check_coefficients(&reader, group, block, segment.rows)?;
            continue;
        }
        let columns: Vec<usize> = schema.group_columns(group).collect();
        // Strings of a file-wide dictionary are compared where they are, not copied for each row first.
        let projection = Projection::nodes_of(schema, &columns).with_codes();
        let dictionary = |&node: &usize| {
            let number = schema.nodes()[node].dictionary;
            number.map(|number| reader.dictionary(number).map_err(undecoded)).transpose()
        };
        let dictionaries = projection.nodes().iter().map(dictionary).collect::<Result<Vec<_>>>()?;
        let check = Check { schema, segment, reader: &reader, projection, dictionaries };
        // Threads share the rows, in whole steps: a segment alone would else be checked by one of them.
        let share = segment.rows.div_ceil(rayon::current_num_threads()).next_multiple_of(step);
        let starts: Vec<usize> = (0..segment.rows).step_by(share).collect();
        let rows = |&from: &usize| check.rows(from..segment.rows.min(from + share), step);
        starts.par_iter().map(rows).collect::<Vec<_>>().into_iter().collect::<Result<()>>()?;
    }
    Ok(())
}

/// The columns of a segment that one storage group holds, and how they are decoded again.
struct Check<'a> {
    schema: &'a Schema,
    segment: &'a Batch,
    reader: &'a SegmentReader<'a>,
    projection: Projection,
    /// The strings of each of its nodes that has a file-wide dictionary.
    dictionaries: Vec<Option<Values>>,
}

impl Check<'_> {
    /// Checks some rows, `step` at a time.
    fn rows(&self, rows: Range<usize>, step: usize) -> Result<()> {
        let mut found = Batch::default();
        for from in rows.clone().step_by(step) {
            let rows = from..rows.end.min(from + step);
            let lists = self.reader.rows(rows.clone(), &self.projection, &mut found).map_err(undecoded)?;
            lists.iter().try_for_each(|list| self.check_list(list, from))?;
            let found = self.projection.nodes().iter().zip(&found.columns).zip(&self.dictionaries);
            for ((&node, found), dictionary) in found {
                let given = &self.segment.columns[node];
                match dictionary {
                    Some(strings) if same_strings(given, from, found, strings) => {}
                    Some(strings) => {
                        check_rows(self.schema, self.segment, node, from, &spelled(found, strings))?;
                    }
                    None if same(&self.schema.nodes()[node], given, from, found, rows.len()) => {}
                    None => check_rows(self.schema, self.segment, node, from, found)?,
                }
            }
        }
        Ok(())
    }
}

impl Check<'_> {
    /// Checks where the items of lists are, counted from those of the segment; `list` begins at row `from`.
    fn check_list(&self, list: &ListColumn, from: usize) -> Result<()> {
        let Values::Lists { offsets, .. } = &self.segment.columns[list.node].values else {
            return Err(broken("a column that is no list has lists"));
        };
        match list.starts.iter().zip(&offsets[from..]).position(|(start, offset)| start != offset) {
            Some(row) => {
                let name = &self.schema.nodes()[list.node].name;
                let row = from + row;
                Err(broken(format!(
                    "column \"{name}\", row {row} of it: the place of a list's items changed"
                )))
            }
            None => Ok(()),
        }
    }
}

/// Opens a finished file that does not have its name yet, and decodes what a reader decodes of it before any row; its
/// tables should have so many rows.
///
/// # Errors
/// `Internal`; `Io`.
pub(crate) fn check_file(written: Box<dyn ByteSource>, end: u64, rows: &[u64]) -> Result<()> {
    let unread = |error: Error| match error.kind() {
        ErrorKind::Io => error,
        _ => broken(format!("the finished file does not open: {error}")),
    };
    let reader = Reader::ending_at(written, end).map_err(unread)?;
    let opened = || -> Result<u64> {
        for kind in &SUMMARIES {
            let bytes = reader.bulk_section(kind.section)?;
            bytes.map(|bytes| (kind.check)(&bytes, reader.schema())).transpose()?;
        }
        reader.cells()?;
        reader.stored_condensed()?;
        reader.image_errors()?;
        let last = reader.segments().checked_sub(1).map(|last| reader.segment_range(last)).transpose()?;
        for class in 0..reader.classes().map_or(0, |(_, classes)| classes) {
            reader.class(class)?;
        }
        Ok(last.map_or(0, |range| range.end))
    };
    let end = opened().map_err(unread)?;
    let found = reader.directory.tables.iter().map(TableEntry::rows);
    if end != reader.rows() || !found.eq(rows.iter().copied()) {
        return Err(broken("the finished file names other numbers of rows than were written"));
    }
    Ok(())
}

/// A reader of blocks that are still in memory.
fn reader<'a>(
    schema: &Schema,
    dictionaries: &'a [Option<Dictionary>],
    trained: Option<&'a Trained>,
    blocks: &'a [EncodedBlock],
) -> Result<SegmentReader<'a>> {
    let mut pieces = Pieces::new();
    let mut known: Vec<DictionaryEntry> = Vec::new();
    for (node, dictionary) in dictionaries.iter().enumerate() {
        if let Some(Dictionary { stored, .. }) = dictionary {
            // Dictionaries of other tables, and of other parts of a file, are not read.
            let number = schema.nodes()[node].dictionary.map_or(known.len(), |number| number as usize);
            known.resize(known.len().max(number + 1), DictionaryEntry::default());
            known[number] = stored.entry(pieces.add(&stored.bytes));
        }
    }
    if let Some(Trained { stored, number, .. }) = trained {
        assert!(*number as usize >= known.len(), "dictionaries of frames follow those of nodes");
        known.resize(*number as usize, DictionaryEntry::default());
        known.push(stored.entry(pieces.add(&stored.bytes)));
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

/// True if a column's rows from `from` on are those found, what is under nulls included.
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
        (Values::Lists { offsets, .. }, Values::Lists { offsets: ends, .. }) => {
            let offsets = &offsets[from..=from + rows];
            let first = offsets[0];
            offsets.len() == ends.len()
                && offsets.iter().zip(ends).all(|(offset, end)| offset - first == *end)
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

/// True if a column's strings from row `from` on are those that the codes found stand for, and the nulls the same.
fn same_strings(given: &Column, from: usize, found: &Column, strings: &Values) -> bool {
    let (Values::Bytes { offsets, data }, Values::U32(codes), Values::Bytes { offsets: ends, data: bytes }) =
        (&given.values, &found.values, strings)
    else {
        return false;
    };
    let offsets = &offsets[from..=from + codes.len()];
    let valid = found.validity.as_deref();
    let nulls = given.validity.as_ref().map(|given| &given[from..from + codes.len()]);
    let is_same = |(row, &code): (usize, &u32)| {
        let code = code as usize;
        valid.is_some_and(|valid| valid[row] == 0)
            || data[offsets[row] as usize..offsets[row + 1] as usize]
                == bytes[ends[code] as usize..ends[code + 1] as usize]
    };
    nulls == valid && codes.iter().enumerate().all(is_same)
}

/// The strings that codes stand for; those of nulls are empty.
fn spelled(found: &Column, strings: &Values) -> Column {
    let (mut offsets, mut data) = (vec![0], Vec::new());
    if let (Values::U32(codes), Values::Bytes { offsets: ends, data: bytes }) = (&found.values, strings) {
        for (row, &code) in codes.iter().enumerate() {
            if found.validity.as_ref().is_none_or(|valid| valid[row] == 1) {
                data.extend_from_slice(
                    &bytes[ends[code as usize] as usize..ends[code as usize + 1] as usize],
                );
            }
            offsets.push(data.len() as u64);
        }
    }
    Column { validity: found.validity.clone(), values: Values::Bytes { offsets, data } }
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

/// True if the values of two instances are the same.
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
        (Values::Lists { offsets, .. }, Values::Lists { offsets: ends, .. }) => {
            offsets[instance + 1] - offsets[instance] == ends[at + 1] - ends[at]
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
