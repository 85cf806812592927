//! Byte strings to fields: a dictionary where strings repeat, the segment's heap for the rest.

use std::collections::HashMap;

use crate::column::{EncodedLane, Values, width};

/// Strings of a dictionary with their codes.
pub(super) struct Dictionary {
    /// The dictionary's bytes in the file: ends, then strings.
    pub bytes: Vec<u8>,
    pub count: u64,
    codes: HashMap<Vec<u8>, u32>,
}

impl Dictionary {
    /// The dictionary of these strings, in this order; none if there are none or they repeat.
    pub fn new<'a>(strings: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let mut codes = HashMap::new();
        let (mut ends, mut data) = (0u64.to_le_bytes().to_vec(), Vec::new());
        for (code, string) in strings.enumerate() {
            data.extend_from_slice(string);
            ends.extend_from_slice(&(data.len() as u64).to_le_bytes());
            if codes.insert(string.to_vec(), u32::try_from(code).ok()?).is_some() {
                return None;
            }
        }
        let count = codes.len() as u64;
        ends.extend_from_slice(&data);
        (count > 0).then_some(Self { bytes: ends, count, codes })
    }

    /// The dictionary of distinct strings, sorted by their bytes.
    pub fn sorted(mut strings: Vec<&[u8]>) -> Option<Self> {
        strings.sort_unstable();
        strings.dedup();
        Self::new(strings.into_iter())
    }

    /// The codes of strings; none if a valid one is missing. Nulls have code 0.
    pub fn encode(&self, offsets: &[u64], data: &[u8], valid: Option<&[u8]>) -> Option<Vec<u64>> {
        let code = |(i, s): (usize, &[u8])| {
            let valid = valid.is_none_or(|v| v.get(i) == Some(&1));
            if valid { self.codes.get(s).map(|&c| u64::from(c)) } else { Some(0) }
        };
        strings(offsets, data).enumerate().map(code).collect()
    }

    /// Bytes that `rows` rows and the dictionary take.
    pub fn cost(&self, rows: u64) -> u64 {
        self.bytes.len() as u64 + 64 + rows * u64::from(width(self.count - 1)) / 8
    }
}

/// The strings between offsets.
pub(super) fn strings<'a>(offsets: &'a [u64], data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    offsets.windows(2).map(|w| data.get(w[0] as usize..w[1] as usize).unwrap_or(&[]))
}

/// What rows of strings cost in a heap, in bytes: places, lengths, bytes.
pub(super) fn heap_cost(rows: u64, longest: u64, bytes: u64) -> u64 {
    bytes + rows * (u64::from(width(bytes)) + u64::from(width(longest))) / 8
}

/// The two lanes of a segment's strings, and what they added to its heap or need as a dictionary.
pub(super) struct EncodedStrings {
    pub lanes: [EncodedLane; 2],
    /// A dictionary of the segment's own.
    pub dictionary: Option<Dictionary>,
}

/// Encodes strings with the file's dictionary, with one of their own, or into `heap`.
pub(super) fn encode_strings(
    values: &Values,
    valid: Option<&[u8]>,
    dictionary: Option<&Dictionary>,
    heap: &mut Vec<u8>,
) -> Option<EncodedStrings> {
    let Values::Bytes { offsets, data } = values else { return None };
    let rows = offsets.len().saturating_sub(1);
    if let Some(dictionary) = dictionary {
        let codes = dictionary.encode(offsets, data, valid)?;
        let lanes = [EncodedLane::codes(codes, dictionary.count), EncodedLane::offset(vec![0; rows], None)];
        return Some(EncodedStrings { lanes, dictionary: None });
    }
    let is_valid = |i: usize| valid.is_none_or(|v| v.get(i) == Some(&1));
    let used = || strings(offsets, data).enumerate().filter(|(i, _)| is_valid(*i)).map(|(_, s)| s);
    let longest = used().map(|s| s.len() as u64).max().unwrap_or(0);
    let bytes = used().map(|s| s.len() as u64).sum();
    let own = Dictionary::sorted(used().collect());
    let own = own.filter(|d| d.cost(rows as u64) < heap_cost(rows as u64, longest, bytes));
    if let Some(own) = own {
        let codes = own.encode(offsets, data, valid)?;
        let lanes = [EncodedLane::codes(codes, own.count), EncodedLane::offset(vec![0; rows], None)];
        return Some(EncodedStrings { lanes, dictionary: Some(own) });
    }
    let (mut starts, mut lengths) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    for (i, s) in strings(offsets, data).enumerate() {
        let s = if is_valid(i) { s } else { &[] };
        starts.push(heap.len() as u64);
        lengths.push(s.len() as u64);
        heap.extend_from_slice(s);
    }
    let lanes = [EncodedLane::offset(starts, None), EncodedLane::offset(lengths, None)];
    Some(EncodedStrings { lanes, dictionary: None })
}
