//! Values numbered in the order in which they first appear.

use crate::column::Values;
use std::collections::HashMap;
use std::hash::Hash;

/// Numbers values that are not strings: the code of every value, and the distinct values.
fn number<T: Copy + Eq + Hash>(values: &[T], valid: impl Fn(usize) -> bool) -> (Vec<u32>, Vec<T>) {
    let mut codes = HashMap::new();
    let mut distinct = Vec::new();
    let numbered = values.iter().enumerate().map(|(i, &value)| {
        if !valid(i) {
            return 0;
        }
        *codes.entry(value).or_insert_with(|| {
            distinct.push(value);
            distinct.len() as u32 - 1
        })
    });
    (numbered.collect(), distinct)
}

/// The code of every instance and the distinct values, in the order of their first appearance.
/// `count` instances of `width` values each (1, or the length of fixed bytes); those under a null,
/// where `validity` is 0, get code 0 and are not counted.
pub(crate) fn distinct(
    values: Values,
    count: usize,
    width: usize,
    validity: Option<&[u8]>,
) -> (Vec<u32>, Values) {
    let valid = |i: usize| validity.is_none_or(|v| v.get(i) == Some(&1));
    match values {
        Values::None => (vec![0; count], Values::None),
        // No dictionary is of lists.
        lists @ Values::Lists { .. } => (vec![0; count], lists),
        Values::U8(bytes) if width != 1 => {
            let items: Vec<&[u8]> = bytes.chunks_exact(width.max(1)).collect();
            let (codes, distinct) = number(&items, valid);
            (codes, Values::U8(distinct.concat()))
        }
        Values::U8(v) => {
            let (codes, distinct) = number(&v, valid);
            (codes, Values::U8(distinct))
        }
        Values::U16(v) => {
            let (codes, distinct) = number(&v, valid);
            (codes, Values::U16(distinct))
        }
        Values::U32(v) => {
            let (codes, distinct) = number(&v, valid);
            (codes, Values::U32(distinct))
        }
        Values::U64(v) => {
            let (codes, distinct) = number(&v, valid);
            (codes, Values::U64(distinct))
        }
        Values::U128(v) => {
            let (codes, distinct) = number(&v, valid);
            (codes, Values::U128(distinct))
        }
        Values::Bytes { offsets, data } => {
            let items: Vec<&[u8]> = strings(&offsets, &data).collect();
            let (codes, distinct) = number(&items, valid);
            (codes, from_strings(distinct))
        }
    }
}

/// The strings between offsets; empty where the offsets are out of order or out of range.
pub(crate) fn strings<'a>(offsets: &'a [u64], data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let string = |w: &[u64]| data.get(usize::try_from(w[0]).ok()?..usize::try_from(w[1]).ok()?);
    offsets.windows(2).map(move |w| string(w).unwrap_or_default())
}

/// Strings back to back.
pub(crate) fn from_strings<'a>(strings: impl IntoIterator<Item = &'a [u8]>) -> Values {
    let mut offsets = vec![0];
    let mut data = Vec::new();
    for string in strings {
        data.extend_from_slice(string);
        offsets.push(data.len() as u64);
    }
    Values::Bytes { offsets, data }
}
