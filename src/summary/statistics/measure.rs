//! Statistics of the rows of a segment, and of all.

use crate::codec::transform::numbers::Order;
use crate::column::values::{Batch, Values};
use crate::format::schema::{Kind, Node, Schema};
use crate::summary::statistics::distinct::{Numbers, Strings};
use crate::summary::statistics::layout::{Measured, StatisticsLayout, is_summed};
use crate::summary::statistics::stored::{Extreme, Stored, float_ends, ordered};
use crate::summary::statistics::strings::{MOST_BYTES, Prefix, prefix};

/// Statistics of a column of some rows.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    nulls: u64,
    nans: u64,
    values: MeasuredValues,
}

#[derive(Clone, Debug)]
enum MeasuredValues {
    /// Places in order; -0 is 0.
    Numbers {
        ends: Option<(u128, u128)>,
        distinct: Numbers,
        sum: Option<i128>,
    },
    Strings {
        ends: Option<(Prefix, Prefix)>,
        distinct: Strings,
    },
}

impl Measure {
    /// The statistics of no rows.
    pub fn new(node: &Node) -> Self {
        let values = if node.kind.is_bytes() {
            MeasuredValues::Strings { ends: None, distinct: Strings::default() }
        } else {
            let sum = is_summed(node).then_some(0);
            MeasuredValues::Numbers { ends: None, distinct: Numbers::default(), sum }
        };
        Self { nulls: 0, nans: 0, values }
    }

    /// Takes in the rows of a batch, each so many times.
    pub fn add(&mut self, schema: &Schema, of: &Measured, batch: &Batch, times: u64) {
        let (node, column) = (&schema.nodes()[of.node], &batch.columns[of.node]);
        let valid = validity(of, batch);
        let valid = valid.as_deref().or(column.validity.as_deref());
        let nulls = valid.map_or(0, |valid| valid.iter().filter(|v| **v == 0).count());
        self.nulls = self.nulls.saturating_add((nulls as u64).saturating_mul(times));
        let rows = (0..batch.rows).filter(|&row| valid.is_none_or(|valid| valid[row] == 1));
        match (&column.values, nulls) {
            (Values::U8(v), 0) => self.numbers(node, v.iter().map(|&x| x.into()), times),
            (Values::U16(v), 0) => self.numbers(node, v.iter().map(|&x| x.into()), times),
            (Values::U32(v), 0) => self.numbers(node, v.iter().map(|&x| x.into()), times),
            (Values::U64(v), 0) => self.numbers(node, v.iter().copied(), times),
            (Values::U8(v), _) => self.numbers(node, rows.map(|row| v[row].into()), times),
            (Values::U16(v), _) => self.numbers(node, rows.map(|row| v[row].into()), times),
            (Values::U32(v), _) => self.numbers(node, rows.map(|row| v[row].into()), times),
            (Values::U64(v), _) => self.numbers(node, rows.map(|row| v[row]), times),
            (Values::U128(v), _) => self.wide(rows.map(|row| ordered(node, v[row]))),
            (Values::Bytes { offsets, data }, _) => {
                self.strings(rows.map(|row| &data[offsets[row] as usize..offsets[row + 1] as usize]));
            }
            (Values::None | Values::Lists { .. }, _) => {}
        }
    }

    /// Takes in raw bits of up to 64 bits.
    fn numbers(&mut self, node: &Node, raw: impl Iterator<Item = u64>, times: u64) {
        let MeasuredValues::Numbers { ends, distinct, sum } = &mut self.values else { return };
        let order = Order::of(node.kind, node.bits);
        let (minus, infinity) =
            if node.kind == Kind::Float { float_ends(node) } else { (0, u64::MAX.into()) };
        let (minus, infinity) = (minus as u64, infinity as u64);
        // The place of -0, which counts as 0, the next one.
        let minus_zero = if node.kind == Kind::Float { Some((1u64 << (node.bits - 1)) - 1) } else { None };
        let offset =
            if matches!(node.kind, Kind::Signed | Kind::Decimal) { 1i128 << (node.bits - 1) } else { 0 };
        let (mut least, mut greatest, mut nans, mut values, mut own) = (u64::MAX, 0, 0u64, 0u64, 0i128);
        let mut last = None;
        for raw in raw {
            let mut place = order.ordered(raw);
            if place < minus || place > infinity {
                nans += 1;
                continue;
            }
            place += u64::from(minus_zero == Some(place));
            (least, greatest) = (least.min(place), greatest.max(place));
            values += 1;
            own += i128::from(place);
            if last != Some(place) {
                distinct.add(&place.into());
                last = Some(place);
            }
        }
        self.nans = self.nans.saturating_add(nans.saturating_mul(times));
        if values > 0 {
            widen(ends, u128::from(least), u128::from(greatest));
            let own = (own - offset * i128::from(values)).checked_mul(times.into());
            *sum = sum.and_then(|sum| sum.checked_add(own?));
        }
    }

    /// Takes in the places in order of numbers of 128 bits, which have no sum.
    fn wide(&mut self, places: impl Iterator<Item = u128>) {
        let MeasuredValues::Numbers { ends, distinct, .. } = &mut self.values else { return };
        for place in places {
            widen(ends, place, place);
            distinct.add(&place);
        }
    }

    fn strings<'s>(&mut self, strings: impl Iterator<Item = &'s [u8]>) {
        let MeasuredValues::Strings { ends, distinct } = &mut self.values else { return };
        let mut last: Option<&[u8]> = None;
        for string in strings {
            if last == Some(string) {
                continue;
            }
            last = Some(string);
            if string.len() > MOST_BYTES {
                distinct.exceed()
            } else {
                distinct.add(string)
            }
            let own = prefix(string);
            let new = || Prefix { bytes: own.0.to_vec(), is_longer: own.1 };
            match ends {
                None => *ends = Some((new(), new())),
                Some((least, _)) if own < least.parts() => *least = new(),
                Some((_, greatest)) if own > greatest.parts() => *greatest = new(),
                Some(_) => {}
            }
        }
    }

    /// Takes in the statistics of other rows.
    pub fn merge(&mut self, other: &Self) {
        self.nulls = self.nulls.saturating_add(other.nulls);
        self.nans = self.nans.saturating_add(other.nans);
        match (&mut self.values, &other.values) {
            (
                MeasuredValues::Numbers { ends, distinct, sum },
                MeasuredValues::Numbers { ends: others, distinct: more, sum: own },
            ) => {
                if let Some((least, greatest)) = *others {
                    widen(ends, least, greatest);
                }
                distinct.merge(more);
                *sum = sum.and_then(|sum| sum.checked_add((*own)?));
            }
            (
                MeasuredValues::Strings { ends, distinct },
                MeasuredValues::Strings { ends: others, distinct: more },
            ) => {
                if let Some((least, greatest)) = others {
                    let (own_least, own_greatest) =
                        ends.get_or_insert_with(|| (least.clone(), greatest.clone()));
                    *own_least = least.clone().min(own_least.clone());
                    *own_greatest = greatest.clone().max(own_greatest.clone());
                }
                distinct.merge(more);
            }
            _ => debug_assert!(false, "statistics of two kinds of columns"),
        }
    }

    /// The statistics as the table has them.
    pub fn stored(&self, node: &Node) -> Stored {
        let Self { nulls, nans, .. } = *self;
        match &self.values {
            MeasuredValues::Numbers { ends, distinct, sum } => Stored {
                least: ends.map(|(least, _)| Extreme::Number(least)),
                greatest: ends.map(|(_, greatest)| Extreme::Number(greatest)),
                cut: [false; 2],
                nulls,
                nans,
                distinct: distinct.count(),
                sum: *sum,
            },
            MeasuredValues::Strings { ends, distinct } => {
                let is_text = node.kind == Kind::Text;
                let least = ends.as_ref().map(|(least, _)| least.least(is_text));
                let greatest = ends.as_ref().map(|(_, greatest)| greatest.greatest(is_text));
                let cut = |of: Option<bool>| of.unwrap_or(false); // no strings
                Stored {
                    cut: [cut(least.as_ref().map(|l| l.1)), cut(greatest.as_ref().map(|g| g.1))],
                    least: least.map(|(least, _)| Extreme::String(least)),
                    greatest: greatest.and_then(|(greatest, _)| greatest).map(Extreme::String),
                    nulls,
                    nans,
                    distinct: distinct.count(),
                    sum: None,
                }
            }
        }
    }
}

fn widen(ends: &mut Option<(u128, u128)>, least: u128, greatest: u128) {
    let (own_least, own_greatest) = ends.unwrap_or((least, greatest));
    *ends = Some((own_least.min(least), own_greatest.max(greatest)));
}

/// Which rows have a value, where nodes above it may be null; none if no node above may be.
pub(crate) fn validity(of: &Measured, batch: &Batch) -> Option<Vec<u8>> {
    if of.above.is_empty() {
        return None;
    }
    let own = batch.columns[of.node].validity.as_deref();
    let above = of.above.iter().filter_map(|&up| batch.columns[up].validity.as_deref());
    let mut all = vec![1; batch.rows];
    for validity in own.into_iter().chain(above) {
        all.iter_mut().zip(validity).for_each(|(all, own)| *all &= own);
    }
    Some(all)
}

/// The statistics of all measured nodes of some rows.
#[derive(Clone, Debug)]
pub(crate) struct Measures(Vec<Measure>);

impl Measures {
    /// The statistics of no rows.
    pub fn new(schema: &Schema, layout: &StatisticsLayout) -> Self {
        Self(layout.measured.iter().map(|of| Measure::new(&schema.nodes()[of.node])).collect())
    }

    /// Takes in the rows of a batch of all nodes.
    pub fn add(&mut self, schema: &Schema, layout: &StatisticsLayout, batch: &Batch) {
        self.0.iter_mut().zip(&layout.measured).for_each(|(own, of)| own.add(schema, of, batch, 1));
    }

    /// The statistics of a measured node.
    pub fn of(&mut self, number: usize) -> &mut Measure {
        &mut self.0[number]
    }

    /// Takes in the statistics of other rows.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| own.merge(other));
    }

    /// The statistics as the table has them.
    pub fn stored(&self, schema: &Schema, layout: &StatisticsLayout) -> Vec<Stored> {
        self.0.iter().zip(&layout.measured).map(|(own, of)| own.stored(&schema.nodes()[of.node])).collect()
    }
}
