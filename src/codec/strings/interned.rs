//! Distinct byte strings, numbered in the order in which they come, back to back in one vector: a map of vectors
//! takes several times the memory of short strings, and a table has as many maps as columns of text.

use ahash::RandomState;

/// Strings of less than 2^32 bytes together.
#[derive(Default)]
pub(crate) struct Interned {
    bytes: Vec<u8>,
    /// The end of each string in `bytes`.
    ends: Vec<u32>,
    /// Open addressing by hash: the number of a string, plus 1, or 0. A power of two of slots, three quarters of them in use
    /// at most.
    slots: Vec<u32>,
    hasher: RandomState,
}

impl Interned {
    /// The number of a string, and whether it is new.
    pub fn insert(&mut self, string: &[u8]) -> (u32, bool) {
        if 4 * self.ends.len() >= 3 * self.slots.len() {
            self.grow();
        }
        let slot = self.slot(string);
        if let Some(number) = self.slots[slot].checked_sub(1) {
            return (number, false);
        }
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(string);
        self.ends.push(self.bytes.len() as u32);
        self.slots[slot] = number + 1;
        (number, true)
    }

    /// The number of a string.
    pub fn get(&self, string: &[u8]) -> Option<u32> {
        if self.slots.is_empty() { None } else { self.slots[self.slot(string)].checked_sub(1) }
    }

    /// The strings, in the order of their numbers.
    pub fn strings(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|number| self.string(number))
    }

    fn string(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[number] as usize]
    }

    /// The slot of a string, or the empty one where it belongs.
    fn slot(&self, string: &[u8]) -> usize {
        let last = self.slots.len() - 1;
        let mut slot = self.hasher.hash_one(string) as usize & last;
        while let Some(number) = self.slots[slot].checked_sub(1) {
            if self.string(number as usize) == string {
                break;
            }
            slot = (slot + 1) & last;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![0; (2 * self.slots.len()).max(16)];
        for number in 0..self.ends.len() {
            let slot = self.slot(self.string(number));
            self.slots[slot] = number as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strings_have_the_numbers_of_a_map(
            strings in proptest::collection::vec(proptest::collection::vec(0..4u8, 0..6), 0..400),
        ) {
            let (mut interned, mut map) = (Interned::default(), HashMap::new());
            prop_assert_eq!(interned.get(b"none"), None);
            for string in &strings {
                let next = map.len() as u32;
                let new = !map.contains_key(string);
                let number = *map.entry(string.clone()).or_insert(next);
                prop_assert_eq!(interned.insert(string), (number, new));
            }
            let found: Vec<_> = interned.strings().map(<[u8]>::to_vec).collect();
            prop_assert_eq!(found.len(), map.len());
            for (number, string) in found.iter().enumerate() {
                prop_assert_eq!(map.get(string), Some(&(number as u32)));
                prop_assert_eq!(interned.get(string), Some(number as u32));
            }
            prop_assert_eq!(interned.get(b"none"), None);
        }
    }
}
