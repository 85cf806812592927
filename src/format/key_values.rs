//! Key-value pairs of the user (spec, chapter 2.6).

#![deny(clippy::indexing_slicing, reason = "the bytes are a file's")]

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// Bytes of the count, and of the two lengths of a pair.
const COUNT: usize = 4;
const LENGTHS: usize = 8;

/// The section of some pairs: no bytes for none.
///
/// # Errors
/// `Argument` for more pairs, or longer ones, than it can hold.
pub fn to_bytes(pairs: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if pairs.is_empty() {
        return Ok(bytes);
    }
    let number = |n: usize| {
        let number = u32::try_from(n).map(u32::to_le_bytes);
        number.map_err(|_| Error::argument("metadata: more than 2^32 pairs, or bytes in a key or a value"))
    };
    bytes.extend(number(pairs.len())?);
    for (key, value) in pairs {
        bytes.extend(number(key.len())?);
        bytes.extend(number(value.len())?);
    }
    for (key, value) in pairs {
        bytes.extend(key.bytes());
        bytes.extend(value.bytes());
    }
    Ok(bytes)
}

/// Calls `each` with every pair of a section, ascending by key.
///
/// # Errors
/// `Corrupt`.
pub fn each<'b>(section: &'b [u8], mut each: impl FnMut(&'b str, &'b str)) -> Result<()> {
    let bad = |what: &str| Error::corrupt(format!("key-values: {what}"));
    let short = || bad("they are cut short");
    let (count, rest) = section.split_first_chunk::<COUNT>().ok_or_else(short)?;
    let count = u32::from_le_bytes(*count) as usize;
    let lengths = count.checked_mul(LENGTHS).and_then(|length| rest.split_at_checked(length));
    let (lengths, mut rest) = lengths.ok_or_else(short)?;
    let mut take = |length: &[u8; 4]| {
        let (text, later) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(short)?;
        rest = later;
        std::str::from_utf8(text).map_err(|_| bad("not UTF-8"))
    };
    let mut last = None;
    for [key, value] in lengths.as_chunks::<4>().0.as_chunks::<2>().0 {
        let (key, value) = (take(key)?, take(value)?);
        if last.is_some_and(|last| last >= key) {
            return Err(bad("keys are not in order, or occur twice"));
        }
        each(key, value);
        last = Some(key);
    }
    if count > 0 && rest.is_empty() { Ok(()) } else { Err(bad("their lengths do not fit the section")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "the bytes are ours")]
mod tests {
    use super::*;

    fn pairs() -> BTreeMap<String, String> {
        let pairs = [("", "no key"), ("a", ""), ("site", "Zürich\n2"), ("z", "0")];
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    fn parsed(bytes: &[u8]) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        each(bytes, |key, value| drop(found.insert(key.to_owned(), value.to_owned())))?;
        Ok(found)
    }

    #[test]
    fn pairs_come_back() {
        assert_eq!(parsed(&to_bytes(&pairs()).unwrap()).unwrap(), pairs());
        assert!(to_bytes(&BTreeMap::new()).unwrap().is_empty());
    }

    #[test]
    fn bytes_of_no_pairs_are_refused() {
        let bytes = to_bytes(&pairs()).unwrap();
        for length in 0..bytes.len() {
            assert!(parsed(&bytes[..length]).is_err(), "{length}");
        }
        let refused = |change: &dyn Fn(&mut Vec<u8>), words: &str| {
            let mut bytes = bytes.clone();
            change(&mut bytes);
            let error = parsed(&bytes).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        refused(&|b| b.push(0), "do not fit");
        refused(&|b| *b = vec![0; 4], "do not fit");
        refused(&|b| b[..4].fill(0xFF), "cut short");
        refused(&|b| b[4..8].fill(0xFF), "cut short");
        let end = bytes.len() - 1;
        refused(&|b| b[end] = 0xFF, "UTF-8");
        refused(&|b| b[end - 1] = b'a', "in order");
        refused(&|b| b[end - 1] = b'b', "in order");
    }
}
