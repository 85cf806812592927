//! Keys: what divides the rows of a segment into few tuples. Each value of a lane, each run of one, or each row of a period is a
//! tuple; lanes that are the same in all rows of each tuple follow from the key.

use ahash::AHashMap;

use crate::codec::grouped::within::estimate_lone;
use crate::codec::lanes::Lanes;
use crate::codec::parted::new_map::NewMap;
use crate::codec::parted::row_map::MAX_PERIOD_ROWS;
use crate::codec::transform::encoded_lane::width;

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
}

impl Key {
    /// Tuples of any rows.
    fn index(tuple: Vec<u32>, rows: Vec<u32>) -> Self {
        Self { map: NewMap::Index(tuple.clone()), tuple, rows }
    }

    /// About the bits of the map.
    pub fn bits(&self) -> u64 {
        match &self.map {
            NewMap::Same | NewMap::Period { .. } => 0,
            NewMap::Runs(starts) => starts.len() as u64 * 17 / 16,
            NewMap::Index(tuple) => {
                let fields: Vec<u64> = tuple.iter().map(|&tuple| tuple.into()).collect();
                estimate_lone(width(self.rows.len() as u64 - 1), &fields)
            }
        }
    }

    /// The same key with frequent tuples first, which have small numbers, if it is an index.
    pub fn by_frequency(&self) -> Option<Self> {
        let NewMap::Index(_) = self.map else { return None };
        let mut counts = vec![0u32; self.rows.len()];
        self.tuple.iter().for_each(|&tuple| counts[tuple as usize] += 1);
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        order.sort_by_key(|&tuple| std::cmp::Reverse(counts[tuple as usize]));
        let mut place = vec![0; order.len()];
        order.iter().zip(0..).for_each(|(&tuple, new)| place[tuple as usize] = new);
        let tuple = self.tuple.iter().map(|&tuple| place[tuple as usize]).collect();
        Some(Self::index(tuple, order.into_iter().map(|tuple| self.rows[tuple as usize]).collect()))
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
            let mut is_start = vec![false; fields.len()];
            starts.iter().for_each(|&row| is_start[row as usize] = true);
            keys.push(Self::runs(is_start));
        }
        keys.extend(Self::values(fields));
        keys
    }

    /// The runs that begin with some rows, the first among them.
    pub fn runs(is_start: Vec<bool>) -> Self {
        let mut tuple = Vec::with_capacity(is_start.len());
        let mut rows = Vec::new();
        for (&is_start, row) in is_start.iter().zip(0..) {
            if is_start {
                rows.push(row);
            }
            tuple.push(rows.len() as u32 - 1);
        }
        Self { tuple, rows, map: NewMap::Runs(is_start) }
    }

    /// The runs of several keys that are runs; none if one is not.
    pub fn union(keys: &[&Self]) -> Option<Self> {
        let mut all: Option<Vec<bool>> = None;
        for key in keys {
            let NewMap::Runs(starts) = &key.map else { return None };
            match &mut all {
                Some(all) => all.iter_mut().zip(starts).for_each(|(all, own)| *all |= own),
                none => *none = Some(starts.clone()),
            }
        }
        all.map(Self::runs)
    }

    /// The tuples of a key and a lane together, in the order of their rows; none if there are more than `most`.
    pub fn joint(&self, fields: &[u64], most: usize) -> Option<Self> {
        let mut found: AHashMap<(u32, u64), u32> = AHashMap::new();
        let (mut tuple, mut rows) = (Vec::with_capacity(fields.len()), Vec::new());
        for ((&own, &field), row) in self.tuple.iter().zip(fields).zip(0..) {
            let next = rows.len() as u32;
            let number = *found.entry((own, field)).or_insert(next);
            if number == next {
                if rows.len() == most {
                    return None;
                }
                rows.push(row);
            }
            tuple.push(number);
        }
        Some(Self::index(tuple, rows))
    }

    /// Runs of one length whose values repeat; the first and the last run may be cut.
    fn period(fields: &[u64], starts: &[u32]) -> Option<Self> {
        let &[_, second, ..] = starts else { return None };
        if fields.len() as u64 > MAX_PERIOD_ROWS {
            return None;
        }
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
        Some(Self { tuple, rows, map: NewMap::Period { length: length.into(), phase: phase.into() } })
    }

    /// A tuple for each value of a lane of few values, in their order.
    pub fn values(fields: &[u64]) -> Option<Self> {
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
        Some(Self::index(tuple, rows))
    }
}

/// The first row of each run.
fn starts(fields: &[u64]) -> Vec<u32> {
    let changes = fields.windows(2).zip(1..).filter(|(two, _)| two[0] != two[1]).map(|(_, row)| row);
    std::iter::once(0).chain(changes).collect()
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
        let steps: Vec<u64> = (0..3000u64).map(|row| (row / 17).pow(2) % 97).collect();
        for fields in [&cycle, &steps] {
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
