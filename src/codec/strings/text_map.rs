//! The characters of a heap: whether any part of it is UTF-8, without looking at its bytes again.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::ops::Range;

use crate::error::Error;

/// The bytes of a heap that are in no character. Strings may be anywhere in a heap, and any number of rows may name long
/// ones, so that a look at the bytes of each would take the rows times the heap.
pub(crate) struct TextMap {
    /// A bit for each byte; empty if all bytes are in characters.
    junk: Vec<u64>,
}

impl TextMap {
    /// Reads a heap once.
    pub fn new(heap: &[u8]) -> Self {
        let mut junk = Vec::new();
        let mut at = 0;
        for chunk in heap.utf8_chunks() {
            at += chunk.valid().len();
            for byte in at..at + chunk.invalid().len() {
                if junk.is_empty() {
                    junk = vec![0u64; heap.len().div_ceil(64)];
                }
                junk[byte / 64] |= 1 << (byte % 64);
            }
            at += chunk.invalid().len();
        }
        Self { junk }
    }

    /// True if a part of the heap, which is the one that was read, is UTF-8.
    ///
    /// A character that is valid where it stands is valid in the whole heap too, since none begins within another. So
    /// a part is text if all its bytes are in characters of the heap, and neither end cuts one.
    pub fn is_text(&self, heap: &[u8], part: Range<usize>) -> bool {
        let continues = |at: usize| heap.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
        let cut = continues(part.end) && !self.is_junk(part.end);
        part.is_empty() || !self.has_junk(&part) && !continues(part.start) && !cut
    }

    fn is_junk(&self, at: usize) -> bool {
        self.junk.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn has_junk(&self, part: &Range<usize>) -> bool {
        if self.junk.is_empty() {
            return false;
        }
        let (first, last) = (part.start / 64, (part.end - 1) / 64);
        let words = &self.junk[first..=last];
        words.iter().zip(first..).any(|(&word, number)| {
            let low = if number == first { u64::MAX << (part.start % 64) } else { u64::MAX };
            let high = if number == last { u64::MAX >> (63 - (part.end - 1) % 64) } else { u64::MAX };
            word & low & high != 0
        })
    }
}

/// The error of text that is not UTF-8.
pub(crate) fn not_text() -> Error {
    Error::corrupt("a string is not UTF-8")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_text_as_the_standard_library_has_it(
            pieces in proptest::collection::vec(
                prop_oneof![any::<char>().prop_map(|c| c.to_string().into_bytes()), proptest::collection::vec(0x7Eu8.., 1..4)],
                0..60,
            ),
        ) {
            let heap = pieces.concat();
            let map = TextMap::new(&heap);
            for start in 0..=heap.len() {
                for end in start..=heap.len() {
                    prop_assert_eq!(map.is_text(&heap, start..end), std::str::from_utf8(&heap[start..end]).is_ok());
                }
            }
        }
    }
}
