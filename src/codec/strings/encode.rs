//! Byte strings to fields: a dictionary where strings repeat, the segment's heap for the rest, in symbols where that pays.

use rayon::prelude::*;

use crate::codec::coding::{Coding, Layout, Part};
use crate::codec::strings::dictionary_entry::{DictionaryEntry, DictionaryKind};
use crate::codec::strings::frame::frame;
use crate::codec::strings::interned::Interned;
use crate::codec::strings::symbols::{Coded, code};
use crate::codec::transform::encoded_lane::{EncodedLane, width};
use crate::codec::transform::{TransformKind, dictionary};
use crate::column::values::Values;

/// Bytes of strings that are tried in frames even where few repeat.
const FRAMED_BYTES: u64 = 64 << 10;

/// Percent of the bytes of strings in symbols that strings in frames have at most: a random string costs a frame.
const FRAMED_PERCENT: u64 = 85;

/// Bytes that the strings of a dictionary may have, all together.
const MAX_BYTES: u64 = u32::MAX as u64;

/// A dictionary as it is in the file.
#[derive(Clone)]
pub(crate) struct StoredDictionary {
    pub kind: DictionaryKind,
    pub count: u64,
    /// Bytes of a string's length; 0 where there are no strings.
    pub width: u32,
    pub bytes: Vec<u8>,
}

impl StoredDictionary {
    /// Its entry in the table of dictionaries, at an offset.
    pub fn entry(&self, offset: u64) -> DictionaryEntry {
        DictionaryEntry {
            offset: offset.into(),
            length: (self.bytes.len() as u64).into(),
            count: self.count.into(),
            kind: (self.kind as u32).into(),
            width: self.width.into(),
        }
    }

    /// The raw bits of numbers.
    pub fn raw(values: &[u64]) -> Self {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { kind: DictionaryKind::Raw, count: values.len() as u64, width: 0, bytes }
    }

    /// The table of symbols that strings of a heap are in.
    fn symbols(coded: &Coded) -> Self {
        let (kind, bytes) = (DictionaryKind::Symbols, coded.table.clone());
        Self { kind, count: coded.symbols, width: 0, bytes }
    }

    /// Strings, in frames or in symbols if there may be any and they pay.
    fn strings(strings: &[&[u8]], coding: Coding) -> Self {
        let plain = Self::in_symbols(strings, coding);
        let framed = if coding.has_symbols() { Self::in_frames(strings) } else { None };
        let pays =
            |framed: &Self| FRAMED_PERCENT * plain.bytes.len() as u64 >= 100 * framed.bytes.len() as u64;
        framed.filter(pays).unwrap_or(plain)
    }

    /// Strings in frames, if there are many bytes of them.
    fn in_frames(strings: &[&[u8]]) -> Option<Self> {
        let bytes = frame(strings)?;
        Some(Self { kind: DictionaryKind::FramedStrings, count: strings.len() as u64, width: 0, bytes })
    }

    fn in_symbols(strings: &[&[u8]], coding: Coding) -> Self {
        let coded = if coding.has_symbols() { code(strings) } else { None };
        let count = strings.len() as u64;
        match coded {
            Some(coded) => {
                let mut bytes = vec![coded.symbols as u8];
                bytes.extend_from_slice(&coded.table);
                let width = push_lengths(&mut bytes, &coded.lengths);
                bytes.extend_from_slice(&coded.codes);
                Self { kind: DictionaryKind::SymbolStrings, count, width, bytes }
            }
            None => {
                let lengths: Vec<u64> = strings.iter().map(|s| s.len() as u64).collect();
                let mut bytes = Vec::new();
                let width = push_lengths(&mut bytes, &lengths);
                strings.iter().for_each(|s| bytes.extend_from_slice(s));
                Self { kind: DictionaryKind::Strings, count, width, bytes }
            }
        }
    }
}

/// Appends lengths in as many bytes as the longest needs, and says how many these are.
fn push_lengths(bytes: &mut Vec<u8>, lengths: &[u64]) -> u32 {
    let width = length_bytes(lengths.iter().copied().fold(0, u64::max));
    for length in lengths {
        bytes.extend(length.to_le_bytes().iter().take(width as usize));
    }
    width
}

/// Bytes of lengths up to `longest`, which is less than 2^32: 1, 2 or 4.
fn length_bytes(longest: u64) -> u32 {
    u32::from(width(longest).max(1)).div_ceil(8).next_power_of_two()
}

/// Strings of a dictionary with their codes.
pub(crate) struct Dictionary {
    pub stored: StoredDictionary,
    /// A string's number is its code.
    codes: Interned,
}

impl Dictionary {
    /// The dictionary of these strings, in this order; none if there are none, they repeat or they are too long.
    pub fn new(strings: &[&[u8]], coding: Coding) -> Option<Self> {
        if strings.iter().map(|s| s.len() as u64).sum::<u64>() > MAX_BYTES {
            return None;
        }
        let mut codes = Interned::default();
        let distinct = strings.iter().all(|string| codes.insert(string).1);
        (distinct && !strings.is_empty())
            .then(|| Self { stored: StoredDictionary::strings(strings, coding), codes })
    }

    /// The dictionary of distinct strings that occur so often in all `rows` rows, if it is smaller than a heap.
    pub fn counted(mut strings: Vec<(&[u8], u64)>, rows: u64, coding: Coding) -> Option<Self> {
        if !coding.has(Part::Dictionaries) {
            return None;
        }
        let longest = strings.iter().map(|(s, _)| s.len() as u64).fold(0, u64::max);
        let bytes = |s: &[(&[u8], u64)], times: fn(u64) -> u64| -> u64 {
            s.iter().map(|&(s, count)| s.len() as u64 * times(count)).sum()
        };
        let heap = heap_cost(rows, longest, bytes(&strings, |count| count), coding.layout);
        let count = strings.len() as u64;
        let lengths = count * u64::from(length_bytes(longest));
        let codes = rows * u64::from(width(count.saturating_sub(1))) / 8;
        let is_smaller = bytes(&strings, |_| 1) + lengths + 64 + codes < heap;
        if !is_smaller && (bytes(&strings, |_| 1) < FRAMED_BYTES || !coding.has_symbols()) {
            return None;
        }
        if coding.layout.has_narrow_fields() {
            // Frequent strings have small codes: few bits. Those of strings that occur once ascend with the rows.
            strings.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        } else {
            strings.sort_unstable();
        }
        let strings: Vec<&[u8]> = strings.into_iter().map(|(s, _)| s).collect();
        let own = Self::new(&strings, coding)?;
        // In frames, strings may take less in a dictionary even if few repeat; in a heap they would be in symbols.
        let is_framed = own.stored.kind == DictionaryKind::FramedStrings;
        let pays = is_smaller || is_framed && 2 * (own.stored.bytes.len() as u64 + codes) < heap;
        pays.then_some(own)
    }

    /// Number of strings.
    pub fn count(&self) -> u64 {
        self.stored.count
    }

    /// The codes of strings; none if a valid one is missing. Nulls have code 0.
    pub fn encode(&self, offsets: &[u64], data: &[u8], valid: Option<&[u8]>) -> Option<Vec<u64>> {
        let code = |(i, s): (usize, &[u8])| {
            let valid = valid.is_none_or(|v| v.get(i) == Some(&1));
            if valid { self.codes.get(s).map(u64::from) } else { Some(0) }
        };
        strings(offsets, data).enumerate().map(code).collect()
    }
}

/// The strings between offsets.
pub(crate) fn strings<'a>(offsets: &'a [u64], data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + Clone {
    offsets.windows(2).map(|w| &data[w[0] as usize..w[1] as usize])
}

/// Cost of rows of strings in a heap, in bytes: places, lengths, bytes.
fn heap_cost(rows: u64, longest: u64, bytes: u64, layout: Layout) -> u64 {
    let (place, length) = (u64::from(width(bytes)), u64::from(width(longest)));
    // Places are near a line, and frames hold most of it.
    let place = if layout.has_narrow_fields() { place.min(length + 4) } else { place };
    bytes + rows * (place + length) / 8
}

/// The two lanes of a segment's strings.
pub(crate) struct EncodedStrings {
    pub lanes: [EncodedLane; 2],
    /// A dictionary or symbols of the segment's own.
    pub dictionary: Option<StoredDictionary>,
    /// The bytes that the first lane has the places of, where there is no dictionary of strings.
    pub heap: Option<Vec<u8>>,
}

/// Encodes strings with the file's dictionary, with one of their own, or into a heap.
pub(crate) fn encode_strings(
    values: &Values,
    valid: Option<&[u8]>,
    dictionary: Option<&Dictionary>,
    coding: Coding,
) -> Option<EncodedStrings> {
    let Values::Bytes { offsets, data } = values else { return None };
    let rows = offsets.len().saturating_sub(1);
    let coded = |dictionary: &Dictionary| {
        let codes = dictionary.encode(offsets, data, valid)?;
        Some([dictionary::codes(codes, dictionary.count()), EncodedLane::offset(vec![0; rows], None)])
    };
    if let Some(dictionary) = dictionary {
        return Some(EncodedStrings { lanes: coded(dictionary)?, dictionary: None, heap: None });
    }
    let is_valid = |i: usize| valid.is_none_or(|v| v.get(i) == Some(&1));
    let used = strings(offsets, data).enumerate().filter(|(i, _)| is_valid(*i)).map(|(_, s)| s);
    if let Some(own) = Dictionary::counted(counted(used.collect()), rows as u64, coding) {
        return Some(EncodedStrings { lanes: coded(&own)?, dictionary: Some(own.stored), heap: None });
    }
    let all = strings(offsets, data).enumerate().map(|(i, s)| if is_valid(i) { s } else { &[] });
    let all: Vec<&[u8]> = all.collect();
    let symbols = if coding.has_symbols() { code(&all) } else { None };
    let (heap, lengths, table) = match symbols {
        Some(coded) => {
            let table = StoredDictionary::symbols(&coded);
            (coded.codes, coded.lengths, Some(table))
        }
        None => (all.concat(), all.iter().map(|s| s.len() as u64).collect(), None),
    };
    let places = lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(*end - length)
    });
    let mut places = EncodedLane::offset(places.collect(), None);
    if table.is_some() {
        places.transform.kind = TransformKind::Symbols.number();
    }
    let lanes = [places, EncodedLane::offset(lengths, None)];
    Some(EncodedStrings { lanes, dictionary: table, heap: Some(heap) })
}

/// The distinct ones of some strings in the order in which they first occur, and how often each does.
fn counted(strings: Vec<&[u8]>) -> Vec<(&[u8], u64)> {
    let mut strings: Vec<(&[u8], usize)> = strings.into_iter().zip(0..).collect();
    strings.par_sort_unstable();
    let runs = strings.chunk_by(|a, b| a.0 == b.0);
    let mut runs: Vec<(usize, &[u8], u64)> =
        runs.filter_map(|run| run.first().map(|&(s, row)| (row, s, run.len() as u64))).collect();
    runs.sort_unstable_by_key(|&(row, ..)| row);
    runs.into_iter().map(|(_, s, count)| (s, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_as_few_bytes_as_they_need() {
        let longest = [0, 1, 255, 256, 65_535, 65_536, u64::from(u32::MAX)];
        assert_eq!(longest.map(length_bytes), [1, 1, 1, 2, 2, 4, 4]);
    }
}
