//! Different values, counted up to a bound.

use std::collections::HashSet;

/// Most values that are counted; more are not known.
pub(crate) const MOST: usize = 1024;

/// Slots of a table of few numbers; there are four for each number at least.
const SLOTS: usize = 64;

/// Different numbers: a hash table with linear probing, since a segment's every value goes through it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    keys: Vec<u128>,
    /// The number of a key, from 1; 0 for none. As many as a power of two; empty until there is a key.
    slots: Vec<u16>,
    is_exceeded: bool,
}

impl Numbers {
    /// Takes in the numbers of others.
    pub fn merge(&mut self, other: &Self) {
        other.keys.iter().for_each(|key| self.add(key));
        if other.is_exceeded {
            *self = Self { is_exceeded: true, ..Self::default() };
        }
    }

    /// Takes a number in.
    #[inline]
    pub fn add(&mut self, key: &u128) {
        if self.is_exceeded {
            return;
        }
        if 4 * self.keys.len() >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot(*key);
        if self.slots[slot] > 0 {
            return;
        }
        if self.keys.len() == MOST {
            *self = Self { is_exceeded: true, ..Self::default() };
            return;
        }
        self.keys.push(*key);
        self.slots[slot] = self.keys.len() as u16;
    }

    /// The slot of a key, or the empty one where it belongs.
    fn slot(&self, key: u128) -> usize {
        let last = self.slots.len() - 1;
        let mixed = (key as u64 ^ (key >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut slot = (mixed >> 32) as usize & last;
        while self.slots[slot] > 0 && self.keys[usize::from(self.slots[slot]) - 1] != key {
            slot = (slot + 1) & last;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![0; (2 * self.slots.len()).max(SLOTS)];
        for number in 0..self.keys.len() {
            let slot = self.slot(self.keys[number]);
            self.slots[slot] = number as u16 + 1;
        }
    }

    /// Their number; none if there are too many.
    pub fn count(&self) -> Option<u32> {
        (!self.is_exceeded).then_some(self.keys.len() as u32)
    }
}

/// Different strings, all of them short.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strings {
    strings: HashSet<Box<[u8]>>,
    is_exceeded: bool,
}

impl Strings {
    /// Gives the number up: there is a long string.
    pub fn exceed(&mut self) {
        *self = Self { is_exceeded: true, ..Self::default() };
    }

    /// Takes in the strings of others.
    pub fn merge(&mut self, other: &Self) {
        other.strings.iter().for_each(|string| self.add(string));
        if other.is_exceeded {
            self.exceed();
        }
    }

    /// Takes a string in.
    pub fn add(&mut self, string: &[u8]) {
        if self.is_exceeded || self.strings.contains(string) {
            return;
        }
        if self.strings.len() == MOST {
            self.exceed();
            return;
        }
        self.strings.insert(string.into());
    }

    /// Their number; none if there are too many.
    pub fn count(&self) -> Option<u32> {
        (!self.is_exceeded).then_some(self.strings.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_once_and_up_to_the_bound() {
        let (mut numbers, mut strings) = (Numbers::default(), Strings::default());
        assert_eq!((numbers.count(), strings.count()), (Some(0), Some(0)));
        for i in 0..3 * MOST {
            numbers.add(&((i % MOST) as u128 * 0x1_0000_0001));
            strings.add(format!("{}", i % MOST).as_bytes());
        }
        assert_eq!((numbers.count(), strings.count()), (Some(MOST as u32), Some(MOST as u32)));
        let (mut more, mut others) = (Numbers::default(), Strings::default());
        more.add(&1);
        others.add(b"another");
        more.merge(&numbers);
        others.merge(&strings);
        assert_eq!((more.count(), others.count()), (None, None));
    }
}
