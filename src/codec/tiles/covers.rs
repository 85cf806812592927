//! The base that a group of residuals takes, found among 64 bases at a time.

use crate::codec::tiles::groups::GROUP_VALUES;

/// Bits of a residual.
const BITS: usize = 8;

/// For every value of a group and every width the bases that have room for so wide a residual there.
pub struct Covers {
    /// Words of 64 bases.
    words: usize,
    /// Value by value, width 1 to 8: a bit for each base.
    sets: Vec<u64>,
}

impl Covers {
    /// Covers of bases with one byte for each of a group's values.
    pub fn new(bases: &[u128]) -> Self {
        let words = bases.len().div_ceil(64);
        let room = |base: u128, place: usize, width: usize| {
            let low = u128::from(u8::MAX >> (BITS - width)) << (BITS * place);
            low & !base == 0
        };
        let mut sets = Vec::with_capacity(GROUP_VALUES * BITS * words);
        for place in 0..GROUP_VALUES {
            for width in 1..=BITS {
                let bit = |(i, &base): (usize, &u128)| u64::from(room(base, place, width)) << i;
                sets.extend(bases.chunks(64).map(|some| some.iter().enumerate().map(bit).sum::<u64>()));
            }
        }
        Self { words, sets }
    }

    /// The number of the first base that has room for a group's residuals, one byte each. None if there is none.
    #[inline(always)]
    pub fn first(&self, values: u128) -> Option<usize> {
        let mut rows = [&[][..]; GROUP_VALUES];
        let mut used = 0;
        for (place, value) in values.to_le_bytes().into_iter().enumerate() {
            if value != 0 {
                let width = (u8::BITS - value.leading_zeros()) as usize;
                let at = (place * BITS + width - 1) * self.words;
                *rows.get_mut(used)? = self.sets.get(at..at + self.words)?;
                used += 1;
            }
        }
        let rows = rows.get(..used)?;
        (0..self.words).find_map(|word| {
            let all = rows.iter().fold(u64::MAX, |all, row| all & row[word]);
            (all != 0).then(|| word * 64 + all.trailing_zeros() as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_that_covers(
            widths in proptest::collection::vec(proptest::collection::vec(0u32..=8, GROUP_VALUES), 1..200),
            values in proptest::collection::vec(0u32..=8, GROUP_VALUES),
        ) {
            let mask = |widths: &Vec<u32>| {
                widths.iter().rev().fold(0u128, |all, &width| all << 8 | u128::from(0xFFu8.checked_shr(8 - width).unwrap_or(0)))
            };
            let bases: Vec<u128> = widths.iter().map(mask).collect();
            let values = mask(&values);
            let first = bases.iter().position(|base| values & !base == 0);
            prop_assert_eq!(Covers::new(&bases).first(values), first);
        }
    }
}
