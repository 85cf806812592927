//! The statistics of a column in a row of their table, and batches of such rows.

use crate::codec::transform::numbers::Order;
use crate::column::values::{Batch, Column, Values};
use crate::error::{Error, Result};
use crate::format::schema::{Kind, Node};
use crate::summary::statistics::layout::{Measured, StatisticsLayout};

/// A least or greatest value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extreme {
    /// A number by its place in order (spec, chapter 4.1).
    Number(u128),
    /// A string, or what bounds it.
    String(Vec<u8>),
}

/// The statistics of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    /// None if there is no value but nulls and NaNs.
    pub least: Option<Extreme>,
    /// None likewise, or if no string of the bound is greater.
    pub greatest: Option<Extreme>,
    /// Whether each of the two is cut, so that it only bounds the values.
    pub cut: [bool; 2],
    pub nulls: u64,
    pub nans: u64,
    /// Different values but nulls and NaNs; none if they are too many.
    pub distinct: Option<u32>,
    /// None if it exceeds 128 bits, or there is none.
    pub sum: Option<i128>,
}

/// The place of raw bits in order.
pub(crate) fn ordered(node: &Node, raw: u128) -> u128 {
    if node.bits > 64 { raw ^ 1 << 127 } else { Order::of(node.kind, node.bits).ordered(raw as u64).into() }
}

/// The inverse of `ordered`.
pub(crate) fn raw_of(node: &Node, ordered: u128) -> u128 {
    if node.bits > 64 {
        ordered ^ 1 << 127
    } else {
        Order::of(node.kind, node.bits).raw(ordered as u64).into()
    }
}

/// Raw bits of a value of a column of numbers; the type of the column is that of its schema.
pub(crate) fn raw_at(values: &Values, row: usize) -> u128 {
    match values {
        Values::U8(v) => v[row].into(),
        Values::U16(v) => v[row].into(),
        Values::U32(v) => v[row].into(),
        Values::U64(v) => v[row].into(),
        Values::U128(v) => v[row],
        Values::None | Values::Bytes { .. } | Values::Lists { .. } => 0,
    }
}

fn push_raw(values: &mut Values, raw: u128) {
    match values {
        Values::U8(v) => v.push(raw as u8),
        Values::U16(v) => v.push(raw as u16),
        Values::U32(v) => v.push(raw as u32),
        Values::U64(v) => v.push(raw as u64),
        Values::U128(v) => v.push(raw),
        Values::None | Values::Bytes { .. } | Values::Lists { .. } => {}
    }
}

/// Appends a value to a column; none is a null.
fn push(column: &mut Column, node: &Node, value: Option<&Extreme>) {
    if let Some(validity) = &mut column.validity {
        validity.push(value.is_some().into());
    }
    match (&mut column.values, value) {
        (Values::Bytes { offsets, data }, value) => {
            if let Some(Extreme::String(string)) = value {
                data.extend_from_slice(string);
            }
            offsets.push(data.len() as u64);
        }
        (values, Some(Extreme::Number(number))) => push_raw(values, raw_of(node, *number)),
        (values, _) => push_raw(values, 0),
    }
}

/// The table of statistics of some rows, each of which has the statistics of all measured nodes.
pub(crate) fn batch<'s>(layout: &StatisticsLayout, rows: impl Iterator<Item = &'s [Stored]>) -> Batch {
    let nodes = layout.schema.nodes();
    let mut batch = Batch::empty(&layout.schema);
    for row in rows {
        batch.rows += 1;
        for (of, stored) in layout.measured.iter().zip(row) {
            let mut number = |column: usize, value: Option<u128>| {
                let value = value.map(|raw| Extreme::Number(ordered(&nodes[column], raw)));
                push(&mut batch.columns[column], &nodes[column], value.as_ref());
            };
            of.cut
                .iter()
                .flatten()
                .zip(stored.cut)
                .for_each(|(&column, cut)| number(column, Some(cut.into())));
            of.nulls.iter().for_each(|&column| number(column, Some(stored.nulls.into())));
            of.nans.iter().for_each(|&column| number(column, Some(stored.nans.into())));
            number(of.distinct, stored.distinct.map(u128::from));
            of.sum.iter().for_each(|&column| number(column, stored.sum.map(|sum| sum as u128)));
            push(&mut batch.columns[of.least], &nodes[of.least], stored.least.as_ref());
            push(&mut batch.columns[of.greatest], &nodes[of.greatest], stored.greatest.as_ref());
        }
    }
    batch
}

/// The statistics of a node in a row of their table; `column` gives the columns of the table.
///
/// # Errors
/// `Corrupt` for those that no rows have, of which there are so many.
pub(crate) fn stored<'b>(
    layout: &StatisticsLayout,
    of: &Measured,
    row: usize,
    rows: u64,
    column: impl Fn(usize) -> &'b Column,
) -> Result<Stored> {
    let is_valid = |c: &Column| c.validity.as_ref().is_none_or(|valid| valid[row] == 1);
    let extreme = |number: usize| -> Option<Extreme> {
        let own = column(number);
        is_valid(own).then(|| match &own.values {
            Values::Bytes { offsets, data } => {
                Extreme::String(data[offsets[row] as usize..offsets[row + 1] as usize].to_vec())
            }
            values => Extreme::Number(ordered(&layout.schema.nodes()[number], raw_at(values, row))),
        })
    };
    let number = |number: usize| is_valid(column(number)).then(|| raw_at(&column(number).values, row));
    let count = |of: Option<usize>| of.and_then(number).unwrap_or(0) as u64; // not nullable
    let stored = Stored {
        least: extreme(of.least),
        greatest: extreme(of.greatest),
        cut: of.cut.map_or([false; 2], |cut| cut.map(|column| number(column) == Some(1))),
        nulls: count(of.nulls),
        nans: count(of.nans),
        distinct: number(of.distinct).map(|count| count as u32),
        sum: of.sum.and_then(number).map(|sum| sum as i128),
    };
    if !stored.is_possible(&layout.schema.nodes()[of.least], rows) {
        let what = format!("statistics: no rows have those of \"{}\"", layout.schema.nodes()[of.least].name);
        return Err(Error::corrupt(what));
    }
    Ok(stored)
}

impl Stored {
    /// The statistics of these rows and of others, as far as they follow: how many different values there are is not known.
    pub fn and(self, other: Self) -> Self {
        let (nulls, nans) = (self.nulls.saturating_add(other.nulls), self.nans.saturating_add(other.nans));
        if other.least.is_none() || self.least.is_none() {
            let all = if other.least.is_none() { self } else { other };
            return Self { nulls, nans, ..all };
        }
        let sum = self.sum.zip(other.sum).and_then(|(own, other)| own.checked_add(other));
        // Of equal bounds the one that is a value; no bound is above all bounds.
        let (least, low) = (self.least, self.cut[0]).min((other.least, other.cut[0]));
        let key = |greatest: Option<Extreme>, cut: bool| (greatest.is_none(), greatest, !cut);
        let (_, greatest, high) = key(self.greatest, self.cut[1]).max(key(other.greatest, other.cut[1]));
        Self { least, greatest, cut: [low, !high], nulls, nans, distinct: None, sum }
    }

    /// True if these are statistics of the rows that have those of `other`, or say less of them: bounds that are cut, and no
    /// numbers of different values or sums.
    pub fn is_of(&self, other: &Self) -> bool {
        let least = (&self.least, self.cut[0]) == (&other.least, other.cut[0])
            || self.cut[0] && other.least.is_some() && self.least.is_some() && self.least <= other.least;
        let greatest = (&self.greatest, self.cut[1]) == (&other.greatest, other.cut[1])
            || self.cut[1]
                && other.greatest.is_some()
                && (self.greatest.is_none() || self.greatest >= other.greatest);
        let distinct = self.distinct.is_none() || self.distinct == other.distinct;
        let sum = self.sum.is_none() || self.sum == other.sum;
        least && greatest && distinct && sum && (self.nulls, self.nans) == (other.nulls, other.nans)
    }

    /// False for statistics that no column of so many rows has.
    fn is_possible(&self, node: &Node, rows: u64) -> bool {
        let others = self.nulls.checked_add(self.nans).and_then(|others| rows.checked_sub(others));
        let Some(values) = others else { return false };
        let ends = match (&self.least, &self.greatest) {
            (Some(Extreme::Number(least)), Some(Extreme::Number(greatest))) => {
                let is_number = node.kind != Kind::Float
                    || [least, greatest]
                        .into_iter()
                        .all(|end| float_ends(node).0 <= *end && *end <= float_ends(node).1);
                least <= greatest && is_number
            }
            (Some(Extreme::String(least)), Some(Extreme::String(greatest))) => least <= greatest,
            (Some(Extreme::String(_)), None) => self.cut[1],
            (None, None) => true,
            _ => false,
        };
        ends && self.least.is_some() == (values > 0) && u64::from(self.distinct.unwrap_or(0)) <= values
    }
}

/// The places in order of minus infinity and of infinity, between which all floats are that are numbers.
pub(crate) fn float_ends(node: &Node) -> (u128, u128) {
    let infinity: u64 = match node.bits {
        16 => 0x7C00,
        32 => 0x7F80_0000,
        _ => 0x7FF0_0000_0000_0000,
    };
    let order = Order::of(Kind::Float, node.bits);
    let minus = infinity | 1 << (node.bits - 1);
    (order.ordered(minus).into(), order.ordered(infinity).into())
}
