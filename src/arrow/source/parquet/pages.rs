//! Checks of the pages of a Parquet file, before the `parquet` crate takes memory for what their headers claim.

use super::delta;
use super::repeated::{Rows, TRUSTED, item_bytes};
use super::thrift::Thrift;
use crate::earned::room;
use crate::error::{Error, ErrorKind, Result};
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

/// Bytes in which a page's header is looked for; statistics in it may be longer, up to the second number.
const HEADER: u64 = 1 << 10;
const LONGEST_HEADER: u64 = 16 << 20;

/// Most values of a page: writers begin a new one after some 20,000 rows, or 1 MiB.
const MOST_VALUES: i64 = 1 << 26;

/// Rows that any file may have, and rows a byte of the file beyond that.
const ALWAYS_ROWS: u64 = 1 << 24;
const BYTE_ROWS: u64 = 4096;

/// Bytes by which the chunks of old writers overlap.
const OVERLAP: u64 = 256;

/// Encodings of strings by their lengths, and by the prefixes that they share.
const LENGTHS: i64 = 6;
const PREFIXES: i64 = 7;

/// A dictionary of strings of fewer bytes is not looked into: none of its strings is longer.
const SHORT: usize = 4096;

/// Bytes of the longest string of a page of prefixes and suffixes, about: no writer shares long ones.
const PREFIXED: usize = 64 << 10;

/// The pages of a column chunk, as their headers say.
#[derive(Default)]
struct ColumnPages {
    /// Bytes of the largest dictionary and of the largest page once unpacked.
    dictionary: usize,
    page: usize,
    /// True if strings are stored by their lengths, or by their prefixes.
    lengths: bool,
    prefixes: bool,
}

/// Checks the headers of all pages, and returns the bytes of the longest strings of a row that its dictionaries make of
/// next to nothing, and of the longest lists.
pub(crate) fn check(file: &File, metadata: &ParquetMetaData) -> Result<usize> {
    let length = file.metadata().map_err(|e| Error::io("cannot read", e))?.len();
    let groups = metadata.row_groups();
    let columns = metadata.file_metadata().schema_descr().num_columns();
    let count = |group: &RowGroupMetaData| {
        let rows = group.num_rows();
        u64::try_from(rows).map_err(|_| refuse(format!("is damaged: a row group claims {rows} rows")))
    };
    let rows = groups.iter().map(count).collect::<Result<Vec<u64>>>()?;
    let rows = rows.into_iter().fold(0, u64::saturating_add);
    if rows > ALWAYS_ROWS.max(length.saturating_mul(BYTE_ROWS)) {
        return Err(refuse(format!("claims {rows} rows in {length} bytes")));
    }
    let mut longest = vec![0; columns];
    let lists = metadata.file_metadata().schema_descr().columns().iter();
    let lists = lists.filter(|column| column.max_rep_level() > 0).count() as u64;
    let mut left = length.saturating_add(OVERLAP * (columns * groups.len()) as u64);
    for (number, group) in groups.iter().enumerate() {
        for (column, longest) in group.columns().iter().zip(&mut longest) {
            let place = |e: Error| {
                let what = format!("column \"{}\", row group {number}: {e}", column.column_path().string());
                Error::new(e.kind(), what)
            };
            let bytes = chunk_bytes(column, length).map_err(place)?;
            let more = "is damaged: its columns have more bytes than the file";
            left = left.checked_sub(bytes.end - bytes.start).ok_or_else(|| place(refuse(more)))?;
            let chunk = headers(file, column, bytes).map_err(place)?;
            let rows =
                usize::try_from(count(group)?).map_err(|_| refuse("has more rows than memory has places"))?;
            let most = match column.column_descr().max_rep_level() {
                0 => strings(file, column, &chunk, rows),
                _ => items(file, column, &chunk, rows, TRUSTED / lists.max(1)),
            };
            *longest = most.map_err(place)?.max(*longest);
        }
    }
    Ok(longest.iter().sum())
}

fn refuse(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Input, what)
}

fn damaged() -> Error {
    refuse("is damaged: a page is not where it should be")
}

/// The bytes of a column chunk.
fn chunk_bytes(column: &ColumnChunkMetaData, length: u64) -> Result<Range<u64>> {
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let bytes = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
    let bytes = bytes.and_then(|(start, bytes)| Some(start..start.checked_add(bytes)?));
    bytes.filter(|bytes| bytes.end <= length).ok_or_else(damaged)
}

/// Checks the headers of a chunk's pages.
fn headers(file: &File, column: &ColumnChunkMetaData, mut bytes: Range<u64>) -> Result<ColumnPages> {
    let (mut chunk, mut left) = (ColumnPages::default(), column.num_values());
    while !bytes.is_empty() {
        let Some((header, after)) = Header::read(file, &bytes)? else {
            // Some writers count bytes that follow the last page.
            return if left <= 0 { Ok(chunk) } else { Err(damaged()) };
        };
        bytes.start = after;
        let sizes = u64::try_from(header.packed).ok().zip(u64::try_from(header.unpacked).ok());
        let (packed, unpacked) =
            sizes.filter(|&(packed, _)| packed <= bytes.end - after).ok_or_else(damaged)?;
        bytes.start += packed;
        if unpacked > most(column.compression(), packed) {
            let what = format!(
                "is damaged: a page of {packed} bytes claims {unpacked} bytes unpacked, more than its compression can reach"
            );
            return Err(refuse(what));
        }
        room(packed + unpacked).map_err(|e| Error::io("cannot read a page", e))?;
        let values = header.values;
        // Values of a dictionary take a byte at least.
        let most = if header.dictionary { MOST_VALUES.min(header.unpacked) } else { MOST_VALUES };
        if !(0..=most).contains(&values) {
            return Err(refuse(format!("is damaged: a page of {unpacked} bytes claims {values} values")));
        }
        let unpacked = usize::try_from(unpacked).map_err(|_| damaged())?;
        if header.dictionary {
            chunk.dictionary = chunk.dictionary.max(unpacked);
        } else {
            chunk.page = chunk.page.max(unpacked);
            left = left.saturating_sub(values);
        }
        chunk.lengths |= header.encoding == LENGTHS;
        chunk.prefixes |= header.encoding == PREFIXES;
    }
    Ok(chunk)
}

/// The parts of a page's header that say how large it is.
#[derive(Default)]
struct Header {
    unpacked: i64,
    packed: i64,
    values: i64,
    encoding: i64,
    dictionary: bool,
}

impl Header {
    /// The header at the start of a range, and where the page begins; none if it is no header.
    fn read(mut file: &File, bytes: &Range<u64>) -> Result<Option<(Self, u64)>> {
        let mut length = HEADER;
        loop {
            let whole = length >= bytes.end - bytes.start || length >= LONGEST_HEADER;
            let mut start = Vec::new();
            let read = file.seek(SeekFrom::Start(bytes.start));
            let read =
                read.and_then(|_| file.take(length.min(bytes.end - bytes.start)).read_to_end(&mut start));
            read.map_err(|e| Error::io("cannot read", e))?;
            let mut input = Thrift(&start);
            match Self::parse(&mut input) {
                Some(header) => {
                    return Ok(Some((header, bytes.start + (start.len() - input.0.len()) as u64)));
                }
                None if whole => return Ok(None),
                None => length *= 16,
            }
        }
    }

    fn parse(input: &mut Thrift) -> Option<Self> {
        let mut header = Self::default();
        input.fields(|input, kind, id| {
            let is_number = (4..=6).contains(&kind);
            match id {
                2 if is_number => header.unpacked = input.integer()?,
                3 if is_number => header.packed = input.integer()?,
                // The headers of a page of data, of a dictionary, of a page of data of the second version.
                5 | 7 | 8 if kind == super::thrift::STRUCT => {
                    header.dictionary |= id == 7;
                    let encoding = if id == 8 { 4 } else { 2 };
                    input.fields(|input, kind, field| {
                        let is_number = (4..=6).contains(&kind);
                        match field {
                            1 if is_number => header.values = input.integer()?,
                            field if field == encoding && is_number => header.encoding = input.integer()?,
                            _ => return Some(false),
                        }
                        Some(true)
                    })?;
                }
                _ => return Some(false),
            }
            Some(true)
        })?;
        Some(header)
    }
}

/// The most bytes that `packed` bytes can unpack to.
fn most(compression: Compression, packed: u64) -> u64 {
    match compression {
        Compression::UNCOMPRESSED => packed,
        // A copy of 64 bytes takes 3.
        Compression::SNAPPY => packed.saturating_mul(64),
        // A byte lengthens a match by at most 255.
        Compression::LZ4 | Compression::LZ4_RAW => packed.saturating_mul(255),
        Compression::GZIP(_) => packed.saturating_mul(1032),
        // The densest block repeats one byte 128 KiB: a header of 3 bytes and the byte.
        Compression::ZSTD(_) => (packed / 4).saturating_add(1).saturating_mul(128 << 10),
        // Pages of Brotli have no such bound; the reader refuses LZO.
        _ => u64::MAX,
    }
}

/// Bytes of the longest string of a chunk that takes next to nothing where it comes again. The pages of strings are
/// checked where they say inside how many there are.
fn strings(file: &File, column: &ColumnChunkMetaData, chunk: &ColumnPages, rows: usize) -> Result<usize> {
    if column.column_type() != Type::BYTE_ARRAY {
        return Ok(0);
    }
    let (delta, prefixes) = (chunk.lengths || chunk.prefixes, if chunk.prefixes { chunk.page } else { 0 });
    let mut longest = chunk.dictionary.min(SHORT).max(prefixes.min(PREFIXED));
    if chunk.dictionary <= SHORT && !delta {
        return Ok(longest);
    }
    let mut pages = pages_of(file, column, rows)?;
    while let Some(page) = pages.get_next_page().map_err(failed)? {
        match &page {
            Page::DictionaryPage { buf, .. } => longest = longest.max(longest_of(buf)),
            _ if !delta => break,
            page => check_lengths(page, column)?,
        }
    }
    Ok(longest)
}

fn failed(error: ParquetError) -> Error {
    crate::arrow::wrap_parquet(ErrorKind::Input, error)
}

fn pages_of(file: &File, column: &ColumnChunkMetaData, rows: usize) -> Result<SerializedPageReader<File>> {
    let file = file.try_clone().map_err(|e| Error::io("cannot read", e))?;
    SerializedPageReader::new(Arc::new(file), column, rows, None).map_err(failed)
}

/// Bytes of the items of a row of a chunk of lists: of the longest one, or on the average if all rows have no more than
/// `trusted` together.
fn items(
    file: &File,
    column: &ColumnChunkMetaData,
    chunk: &ColumnPages,
    rows: usize,
    trusted: u64,
) -> Result<usize> {
    let mut item = item_bytes(column);
    let values = u64::try_from(column.num_values()).map_err(|_| damaged())?;
    let strings = column.column_type() == Type::BYTE_ARRAY;
    let delta = strings && (chunk.lengths || chunk.prefixes);
    let short = if strings { chunk.dictionary.min(SHORT) as u64 } else { 0 };
    let most = values.saturating_mul(item + short);
    let long = strings && chunk.dictionary > SHORT;
    if !delta && !long && most <= trusted {
        return Ok(usize::try_from(most / (rows as u64).max(1)).unwrap_or(usize::MAX));
    }
    let mut counted = Rows::new(column.column_descr().max_rep_level());
    let mut pages = pages_of(file, column, rows)?;
    let mut longest = if delta && chunk.prefixes { chunk.page.min(PREFIXED) } else { 0 };
    while let Some(page) = pages.get_next_page().map_err(failed)? {
        match &page {
            Page::DictionaryPage { buf, .. } if strings => longest = longest.max(longest_of(buf)),
            page if delta => check_lengths(page, column)?,
            _ => {}
        }
        counted.page(&page);
    }
    item += longest as u64;
    Ok(usize::try_from(counted.longest().saturating_mul(item)).unwrap_or(usize::MAX))
}

/// The longest of strings that each have their length before them.
fn longest_of(mut strings: &[u8]) -> usize {
    let mut longest = 0;
    while let Some((length, rest)) = strings.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let Some(rest) = rest.get(length..) else { break };
        (longest, strings) = (longest.max(length), rest);
    }
    longest
}

/// Checks that a page of strings has no more lengths than values.
fn check_lengths(page: &Page, column: &ColumnChunkMetaData) -> Result<()> {
    let lists = match page.encoding() {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => return Ok(()),
    };
    let (bytes, levels) = match page {
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            (buf, Some(*def_levels_byte_len as usize + *rep_levels_byte_len as usize))
        }
        page => {
            // Levels of repetition, then of definition, each after its length.
            let (buf, own) = (page.buffer(), column.column_descr());
            let levels = [own.max_rep_level(), own.max_def_level()].iter().filter(|&&most| most > 0).count();
            let after = (0..levels).try_fold(0usize, |at, _| {
                let length = buf.get(at..)?.first_chunk()?;
                at.checked_add(4)?.checked_add(u32::from_le_bytes(*length) as usize)
            });
            (buf, after)
        }
    };
    let values = levels.and_then(|levels| bytes.get(levels..)).ok_or_else(damaged)?;
    match delta::are_at_most(values, lists, u64::from(page.num_values())) {
        true => Ok(()),
        false => Err(refuse("is damaged: a page has more lengths than values")),
    }
}
