//! Bins: ranges of a lane's fields. The bin is the base, the place in it a deviation of the bin's own width.

use crate::bits::id_bits;

/// Rows whose fields are looked at before bins are cut.
const SAMPLE: usize = 4096;
/// Places at which the sample may be cut.
const CUTS: usize = 192;

/// Fields `low` to `low + 2^width - 1`; deviations have `width` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// The least field.
    pub low: u64,
    /// Bits of a field's distance from it.
    pub width: u8,
}

/// The bins of a lane, ascending; they hold every field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bins {
    /// At least one.
    pub bins: Vec<Bin>,
}

impl Bins {
    /// At most `most` bins for which ids, deviations and a table of `entry_bits` a bin take the fewest bits. Cut
    /// at quantiles of a sample by dynamic programming, fitted to all fields.
    pub fn cut(fields: &[u64], entry_bits: u64, most: usize) -> Self {
        let mut sample = sample(fields, SAMPLE);
        let cuts = cuts(&mut sample, fields.len() as u64, entry_bits, most, CUTS).0;
        let around = around_values(&sample, &cuts);
        let others = [[&cuts[..], &around].concat(), around];
        let fitted = Self::fitted(fields, &cuts);
        if others[1] == cuts {
            return fitted;
        }
        // A bin of one value in the sample should not be as wide as its way to the next field of the sample.
        let others = others.into_iter().filter_map(|mut cuts| {
            cuts.sort_unstable();
            cuts.dedup();
            Some(Self::fitted(fields, &cuts)).filter(|bins| bins.bins.len() <= most.max(1))
        });
        let all = std::iter::once(fitted).chain(others);
        all.min_by_key(|bins| bins.bits(fields, entry_bits)).unwrap_or_else(|| Self::fitted(fields, &cuts))
    }

    /// Bits that ids, deviations and a table of `entry_bits` a bin take.
    fn bits(&self, fields: &[u64], entry_bits: u64) -> u64 {
        let count = self.bins.len() as u64;
        let deviations: u64 = fields.iter().map(|&field| u64::from(self.bins[self.of(field)].width)).sum();
        deviations + fields.len() as u64 * u64::from(id_bits(count)) + count * entry_bits
    }

    /// About the bits that `cut` would lead to, from fewer fields.
    pub fn estimate(fields: &[u64], rows: u64, entry_bits: u64, most: usize) -> u64 {
        cuts(&mut sample(fields, SAMPLE / 2), rows, entry_bits, most, CUTS / 3).1
    }

    /// A bin for every distinct field, if there are at most `most`.
    pub fn values(fields: &[u64], most: usize) -> Option<Self> {
        let mut values: Vec<u64> = Vec::with_capacity(most + 1);
        for &field in fields {
            if let Err(at) = values.binary_search(&field) {
                values.insert(at, field);
                if values.len() > most {
                    return None;
                }
            }
        }
        let bins = values.into_iter().map(|low| Bin { low, width: 0 }).collect();
        Some(Self { bins }).filter(|b| !b.bins.is_empty())
    }

    /// The bin of a field.
    pub fn of(&self, field: u64) -> usize {
        self.bins.partition_point(|bin| bin.low <= field).saturating_sub(1)
    }

    /// Bits of the deviations of rows with these bins.
    pub fn deviation_bits(&self, ids: &[u16]) -> u64 {
        let mut counts = vec![0u64; self.bins.len()];
        for &id in ids {
            if let Some(count) = counts.get_mut(usize::from(id)) {
                *count += 1;
            }
        }
        self.bins.iter().zip(counts).map(|(bin, count)| count * u64::from(bin.width)).sum()
    }

    /// Bins that begin at the cuts, no larger than their fields need; empty ones are left out.
    fn fitted(fields: &[u64], cuts: &[u64]) -> Self {
        let mut bounds = vec![(u64::MAX, 0); cuts.len().max(1)];
        for &field in fields {
            let bin = cuts.partition_point(|&cut| cut <= field).saturating_sub(1);
            if let Some((least, most)) = bounds.get_mut(bin) {
                (*least, *most) = ((*least).min(field), (*most).max(field));
            }
        }
        bounds.retain(|(least, most)| least <= most);
        let bin = |(low, most): (u64, u64)| Bin { low, width: (64 - (most - low).leading_zeros()) as u8 };
        let mut bins: Vec<Bin> = bounds.into_iter().map(bin).collect();
        if bins.is_empty() {
            bins.push(Bin { low: 0, width: 0 });
        }
        Self { bins }
    }
}

/// Some of the fields, evenly spaced, in order of size.
fn sample(fields: &[u64], most: usize) -> Vec<u64> {
    let step = fields.len().div_ceil(most).max(1);
    let mut sample: Vec<u64> = fields.iter().copied().step_by(step).collect();
    sample.sort_unstable();
    sample
}

/// The cuts, but that a bin of which the sample has one value ends right behind it.
fn around_values(sample: &[u64], cuts: &[u64]) -> Vec<u64> {
    let mut around = Vec::with_capacity(cuts.len());
    let mut last = None;
    for (number, &cut) in cuts.iter().enumerate() {
        around.push(last.take().unwrap_or(cut));
        let end = cuts.get(number + 1).map_or(sample.len(), |&next| sample.partition_point(|&v| v < next));
        let own = &sample[sample.partition_point(|&v| v < cut).min(end)..end];
        if let (Some(first), true) = (own.first(), own.first() == own.last()) {
            last = first.checked_add(1);
        }
    }
    around
}

/// The least field of each bin, and the bits that `rows` rows take.
fn cuts(sample: &mut [u64], rows: u64, entry_bits: u64, most: usize, places: usize) -> (Vec<u64>, u64) {
    let n = sample.len();
    if n == 0 {
        return (vec![0], 0);
    }
    // The first of each run of equal fields that a quantile falls in.
    let mut starts: Vec<usize> = (0..places).map(|i| i * n / places).collect();
    for start in &mut starts {
        *start = sample.partition_point(|&v| v < sample[*start]);
    }
    // And the field that follows a long run of equal ones: the run may be a bin of no deviations.
    for start in starts.clone() {
        let run = sample[start..].partition_point(|&v| v == sample[start]);
        if run * places > n {
            starts.push(start + run);
        }
    }
    starts.sort_unstable();
    starts.dedup();
    starts.retain(|&s| s < n);
    let k = starts.len();
    let end = |i: usize| starts.get(i + 1).copied().unwrap_or(n);
    let cost = |i: usize, j: usize| {
        let (from, to) = (starts[i], end(j));
        let spread = sample[to - 1] - sample[from];
        ((to - from) as u64) * u64::from(64 - spread.leading_zeros())
    };
    let most = most.clamp(1, k);
    // least[j]: bits of the fields before cut j in b bins; from[b][j]: where the last of them begins.
    let mut least = vec![u64::MAX; k + 1];
    least[0] = 0;
    let mut from: Vec<Vec<usize>> = Vec::with_capacity(most);
    let mut best = (u64::MAX, 0);
    for bins in 1..=most {
        let (mut next, mut begin) = (vec![u64::MAX; k + 1], vec![0; k + 1]);
        for j in bins..=k {
            for (i, &before) in least.iter().enumerate().take(j).skip(bins - 1) {
                if before == u64::MAX {
                    continue;
                }
                let all = before + cost(i, j - 1);
                if all < next[j] {
                    (next[j], begin[j]) = (all, i);
                }
            }
        }
        least = next;
        from.push(begin);
        let deviations = u128::from(least[k]) * u128::from(rows) / n as u128;
        let bits = deviations as u64 + rows * u64::from(id_bits(bins as u64)) + bins as u64 * entry_bits;
        if bits < best.0 {
            best = (bits, bins);
        }
    }
    let mut cuts = Vec::with_capacity(best.1);
    let mut at = k;
    for begin in from.iter().take(best.1).rev() {
        at = begin[at];
        cuts.push(sample[starts[at]]);
    }
    cuts.reverse();
    if let Some(first) = cuts.first_mut() {
        *first = 0;
    }
    (cuts, best.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The fewest bits of any cut into bins, by trying them all.
    fn brute_force(sorted: &[u64], entry_bits: u64, most: usize) -> u64 {
        let n = sorted.len();
        let inner: Vec<usize> = (1..n).filter(|&i| sorted[i] != sorted[i - 1]).collect();
        let mut least = u64::MAX;
        for chosen in 0..1u32 << inner.len() {
            let bins = chosen.count_ones() as usize + 1;
            if bins > most {
                continue;
            }
            let mut ends: Vec<usize> =
                inner.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1).map(|(_, &at)| at).collect();
            ends.push(n);
            let mut start = 0;
            let mut bits = n as u64 * u64::from(id_bits(bins as u64)) + bins as u64 * entry_bits;
            for end in ends {
                let spread = sorted[end - 1] - sorted[start];
                bits += (end - start) as u64 * u64::from(64 - spread.leading_zeros());
                start = end;
            }
            least = least.min(bits);
        }
        least
    }

    #[test]
    fn a_field_of_many_rows_has_a_bin_without_deviations() {
        // A third are 0, as nulls are; others are far away, and the sample has no field between.
        let random = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let fields: Vec<u64> = (0..40_000)
            .map(|i| match i % 3 {
                0 => 0,
                _ if i % 5000 == 1 => random(i) >> 40,
                _ => (1 << 60) + (random(i) >> 10),
            })
            .collect();
        let bins = Bins::cut(&fields, 71, 16);
        assert_eq!(bins.bins[0], Bin { low: 0, width: 0 }, "{bins:?}");
        let ids: Vec<u16> = fields.iter().map(|&f| bins.of(f) as u16).collect();
        assert!(bins.deviation_bits(&ids) < 27_000 * 55, "{bins:?}");
    }

    proptest! {
        #[test]
        fn no_cut_takes_fewer_bits(
            mut fields in proptest::collection::vec(prop_oneof![0u64..6, 0u64..1000, any::<u64>()], 1..11),
            entry in 0u64..20,
            most in 1usize..6,
        ) {
            let rows = fields.len() as u64;
            let found = cuts(&mut sample(&fields, SAMPLE), rows, entry, most, CUTS).1;
            let bins = Bins::cut(&fields, entry, most);
            let ids: Vec<u16> = fields.iter().map(|&f| bins.of(f) as u16).collect();
            let size = bins.bins.len() as u64;
            prop_assert!(bins.deviation_bits(&ids) + rows * u64::from(id_bits(size)) + size * entry <= found);
            fields.sort_unstable();
            prop_assert_eq!(found, brute_force(&fields, entry, most));
        }

        #[test]
        fn every_field_lies_in_its_bin(
            fields in proptest::collection::vec(any::<u64>().prop_map(|v| v >> (v % 64)), 1..500),
            most in 1usize..20,
        ) {
            let cut = Bins::cut(&fields, 70, most);
            for bins in [Some(cut), Bins::values(&fields, most)].into_iter().flatten() {
                prop_assert!(!bins.bins.is_empty() && bins.bins.len() <= most);
                for &field in &fields {
                    let bin = bins.bins[bins.of(field)];
                    prop_assert!(bin.low <= field && u128::from(field - bin.low) < 1 << bin.width);
                }
            }
        }
    }
}
