//! Keys: what divides the rows of a segment into few tuples. Each value of a lane, each run of one, or each row of a period is a
//! tuple; lanes that are the same in all rows of each tuple follow from the key.

use std::ops::Range;

use ahash::AHashMap;

use crate::bits::id_bits;
use crate::codec::lanes::Lanes;
use crate::codec::parted::row_map::NewMap;

/// Rows that a segment has at least: the parts of fewer are larger than what repeats.
const LEAST_ROWS: usize = 512;

/// Rows that are looked at before all are.
const SAMPLE: usize = 4096;

/// The tuples that a key divides the rows into.
pub(crate) struct Key {
    /// The tuple of each row.
    pub tuple: Vec<u32>,
    /// A row of each tuple.
    pub rows: Vec<u32>,
    pub map: NewMap,
    /// Bits of the map.
    pub bits: u64,
}

impl Key {
    fn new(tuple: Vec<u32>, rows: Vec<u32>, map: NewMap) -> Self {
        let bits = match &map {
            NewMap::Same | NewMap::Period { .. } => 0,
            NewMap::Runs(starts) => starts.len() as u64 * 17 / 16,
            NewMap::Index(of) => of.len() as u64 * u64::from(id_bits(rows.len() as u64)),
        };
        Self { tuple, rows, map, bits }
    }

    /// True if a lane follows from the key.
    pub fn determines(&self, fields: &[u64]) -> bool {
        self.tuple
            .iter()
            .zip(fields)
            .all(|(&tuple, &field)| fields[self.rows[tuple as usize] as usize] == field)
    }

    /// The fields of a lane, one a tuple.
    pub fn gather(&self, fields: &[u64]) -> Vec<u64> {
        self.rows.iter().map(|&row| fields[row as usize]).collect()
    }

    /// The keys that a lane may be.
    pub fn of(fields: &[u64]) -> Vec<Self> {
        let mut keys = Vec::new();
        let starts = starts(fields);
        keys.extend(Self::period(fields, &starts));
        if 2 * starts.len() <= fields.len() {
            keys.push(Self::runs(fields.len(), &starts));
        }
        keys.extend(Self::values(fields));
        keys
    }

    fn runs(rows: usize, starts: &[u32]) -> Self {
        let mut is_start = vec![false; rows];
        starts.iter().for_each(|&row| is_start[row as usize] = true);
        let tuple = runs(starts, rows).flat_map(|(run, rows)| std::iter::repeat_n(run, rows.len())).collect();
        Self::new(tuple, starts.to_vec(), NewMap::Runs(is_start))
    }

    /// Runs of one length whose values repeat; the first and the last run may be cut.
    fn period(fields: &[u64], starts: &[u32]) -> Option<Self> {
        let &[_, second, ..] = starts else { return None };
        let whole = starts.windows(2).skip(1).map(|two| two[1] - two[0]);
        let length = whole.clone().next().unwrap_or(second);
        let last = fields.len() as u32 - starts[starts.len() - 1];
        if second > length || last > length || !whole.into_iter().all(|own| own == length) {
            return None;
        }
        let values: Vec<u64> = starts.iter().map(|&row| fields[row as usize]).collect();
        let period = period(&values);
        if 2 * period > values.len() {
            return None;
        }
        // The period begins with the run that is cut.
        let phase = length - second;
        let tuple = (0..fields.len() as u32).map(|row| (row + phase) / length % period as u32).collect();
        let rows = starts[..period].to_vec();
        Some(Self::new(tuple, rows, NewMap::Period { length: length.into(), phase: phase.into() }))
    }

    /// A tuple for each value of a lane of few values, in their order.
    fn values(fields: &[u64]) -> Option<Self> {
        let step = fields.len().div_ceil(SAMPLE).max(1);
        let distinct = |fields: &mut dyn Iterator<Item = u64>, most: usize| {
            let mut found: AHashMap<u64, u32> = AHashMap::new();
            for (row, field) in fields.enumerate() {
                let count = found.len();
                if *found.entry(field).or_insert(row as u32) as usize == row && count == most {
                    return None;
                }
            }
            Some(found)
        };
        distinct(&mut fields.iter().copied().step_by(step), fields.len().div_ceil(step) * 7 / 8)?;
        let found = distinct(&mut fields.iter().copied(), fields.len() / 3)?;
        let mut values: Vec<(u64, u32)> = found.into_iter().collect();
        values.sort_unstable();
        let order: AHashMap<u64, u32> =
            (0..).zip(&values).map(|(tuple, &(field, _))| (field, tuple)).collect();
        let tuple: Vec<u32> = fields.iter().map(|field| order[field]).collect();
        let rows = values.iter().map(|&(_, row)| row).collect();
        Some(Self::new(tuple.clone(), rows, NewMap::Index(tuple)))
    }
}

/// The first row of each run.
fn starts(fields: &[u64]) -> Vec<u32> {
    let changes = fields.windows(2).zip(1..).filter(|(two, _)| two[0] != two[1]).map(|(_, row)| row);
    std::iter::once(0).chain(changes).collect()
}

/// The rows of each run, by its number.
fn runs(starts: &[u32], rows: usize) -> impl Iterator<Item = (u32, Range<u32>)> + '_ {
    let ends = starts.iter().skip(1).copied().chain([rows as u32]);
    starts.iter().zip(ends).zip(0..).map(|((&start, end), run)| (run, start..end))
}

/// The least period of some values: the number of them if there is none (Knuth, Morris and Pratt's failure function).
fn period(values: &[u64]) -> usize {
    let mut border = vec![0; values.len()];
    let mut at = 0;
    for i in 1..values.len() {
        while at > 0 && values[i] != values[at] {
            at = border[at - 1];
        }
        at += usize::from(values[i] == values[at]);
        border[i] = at;
    }
    values.len() - border.last().copied().unwrap_or(0)
}

/// True if some lane of a segment may be a key.
pub(crate) fn may_repeat(lanes: &Lanes) -> bool {
    let rows = lanes.rows();
    rows >= LEAST_ROWS
        && lanes.lanes.iter().filter(|lane| lane.transform.width > 0).any(|lane| {
            let starts = starts(&lane.fields);
            2 * starts.len() <= rows
                || Key::period(&lane.fields, &starts).is_some()
                || lane.transform.width > 4 && Key::values(&lane.fields).is_some()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_the_least() {
        for (values, least) in
            [(&[1, 2, 1, 2, 1][..], 2), (&[1, 1, 1], 1), (&[1, 2, 3], 3), (&[1, 2, 2, 1], 3)]
        {
            assert_eq!(period(values), least, "{values:?}");
        }
    }

    #[test]
    fn keys_give_the_fields_back() {
        let cycle: Vec<u64> = (5..3000).map(|row| [7, 3, 9, 3][row / 6 % 4]).collect();
        let walk: Vec<u64> = (0..3000).map(|row| (row / 17 * row / 40) % 900).collect();
        for fields in [&cycle, &walk] {
            let keys = Key::of(fields);
            assert!(keys.len() > 1);
            for key in keys {
                assert!(key.determines(fields) && key.rows.len() < fields.len() / 2);
                let own = key.gather(fields);
                assert!(key.tuple.iter().zip(fields).all(|(&tuple, &field)| own[tuple as usize] == field));
            }
        }
        assert!(matches!(Key::of(&cycle)[0].map, NewMap::Period { length: 6, phase: 5 }));
    }
}
