//! Checks moments against the rows they are of.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::codec::transform::TransformKind;
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::codec::transform::numbers::Float;
use crate::column::values::{Batch, Values};
use crate::error::{Error, Result};
use crate::format::schema::{Kind, Node, Schema};
use crate::summary::kind::{GroupBlock, RawDictionary, RowCheck};
use crate::summary::moments::matrix::{MomentParts, Moments};
use crate::summary::moments::plan::MomentPlan;
use crate::summary::moments::section::MomentsSection;

/// How far a rounded sum may be from the true one, as a share of the root of the product of both squares' sums.
const ROUNDING: f64 = 1.0 / (1u64 << 40) as f64;

/// The sums of rows taken in so far, and those that the file has.
pub(crate) struct MomentSums {
    plan: MomentPlan,
    found: Moments,
    stored: Moments,
    names: Vec<String>,
    /// The columns, and those of floats.
    nodes: Vec<usize>,
    floats: Vec<usize>,
    /// Their decimal exponents in the segment at hand, where they have one.
    exponents: Vec<Option<u8>>,
}

impl MomentSums {
    /// The moments that a file's section names.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn new(section: &MomentsSection, schema: &Schema) -> Result<Self> {
        let nodes = schema.nodes();
        let columns: Vec<usize> = section.columns.iter().map(|&(node, _)| node as usize).collect();
        if !columns.iter().all(|&n| nodes.get(n).is_some_and(Node::may_be_numeric_column)) {
            return Err(Error::corrupt("moments: a column is not numeric"));
        }
        let is_float = |&n: &usize| nodes[n].kind == Kind::Float;
        let (plan, stored) = (MomentPlan::from_section(section), section.moments()?);
        let (found, names) = (plan.zero(), columns.iter().map(|&n| nodes[n].name.clone()).collect());
        let floats = columns.iter().copied().filter(is_float).collect();
        Ok(Self { plan, found, stored, names, nodes: columns, floats, exponents: Vec::new() })
    }
}

impl RowCheck for MomentSums {
    fn nodes(&self) -> Vec<usize> {
        self.nodes.clone()
    }

    /// Goes on to a segment: its transforms say which floats are decimals, and of how many digits. One finite exception
    /// makes a column floats in the whole segment, whatever part of it is taken in: a decimal and the nearest float of 32
    /// bits differ by more than sums are rounded.
    fn start(&mut self, schema: &Schema, blocks: &[GroupBlock], dictionary: RawDictionary) -> Result<()> {
        self.exponents.clear();
        for &n in &self.floats {
            let node = &schema.nodes()[n];
            let GroupBlock { block, exceptions, .. } = blocks
                .iter()
                .find(|own| own.group == node.group)
                .ok_or_else(|| Error::internal("moments of a column whose block is not checked"))?;
            let lane = &block.lanes[node.first_value_lane() as usize];
            let float = Float::of(node.bits);
            let own = block.exceptions.iter().find(|e| e.lane == node.first_value_lane());
            let is_float = own.is_some_and(|own| {
                let mut values = (0..own.count).map(|i| float.value(own.raw(exceptions, i)));
                values.any(|value| value.is_finite() && value != 0.0)
            });
            self.exponents.push(match lane.kind {
                TransformKind::Decimal if is_float => None,
                TransformKind::Decimal => Some(lane.exponent),
                TransformKind::Dictionary => {
                    let table = dictionary(lane.dictionary)?;
                    (0..=22).find(|&p| table.raw.iter().all(|&raw| float.decimal(raw, p).is_some()))
                }
                _ => None,
            });
        }
        Ok(())
    }

    /// Takes rows in, each so many times.
    fn add(&mut self, schema: &Schema, rows: &Batch, times: u64) -> Result<()> {
        let mut lanes: Vec<(usize, EncodedLane)> = Vec::new();
        for (&n, exponent) in self.floats.iter().zip(&self.exponents) {
            let (node, column) = (&schema.nodes()[n], &rows.columns[n]);
            if let Some(exponent) = *exponent {
                lanes.push((n, decimals(node, &column.values, exponent)));
            }
        }
        // Of other columns values are enough.
        let other = EncodedLane::default();
        let own = |node| lanes.iter().find(|(own, _)| *own == node).map_or(&other, |(_, lane)| lane);
        let sums = self.plan.terms(schema, rows, &|node| Some(own(node))).sum();
        self.found.merge(&repeated(sums, times)?)
    }

    /// Compares the sums: integers are the same, rounded ones nearly.
    fn finish(self: Box<Self>) -> Result<()> {
        let Self { found, stored, names, .. } = *self;
        let (rows, left_out) = (found.count(), found.left_out());
        if (rows, left_out) != (stored.count(), stored.left_out()) {
            let (named, others) = (stored.count(), stored.left_out());
            return Err(Error::corrupt(format!(
                "moments: they are of {named} rows without {others}, the table has {rows} without {left_out}"
            )));
        }
        let exact = match (found.parts(), stored.parts()) {
            (MomentParts::Exact { exponents: p, sums: a }, MomentParts::Exact { exponents: q, sums: b })
                if p == q =>
            {
                if a == b {
                    return Ok(());
                }
                true
            }
            _ => false,
        };
        let name = |i: usize| {
            i.checked_sub(1).and_then(|i| names.get(i)).map_or("the number of rows", String::as_str)
        };
        for i in 0..=names.len() {
            for j in i..=names.len() {
                let (a, b) = (found.value(i, j), stored.value(i, j));
                let most = ROUNDING * (found.value(i, i) * found.value(j, j)).sqrt();
                if a.to_bits() != b.to_bits() && (exact || differ(a, b, most)) {
                    return Err(Error::corrupt(format!(
                        "moments: the sum of \"{}\" by \"{}\" is {b}, that of the rows {a}",
                        name(i),
                        name(j)
                    )));
                }
            }
        }
        if exact { Err(Error::corrupt("moments: their sums are not those of the rows")) } else { Ok(()) }
    }
}

/// True if two sums are further apart than rounding explains. Of sums that overflow nothing can be said.
pub(crate) fn differ(a: f64, b: f64, most: f64) -> bool {
    // Below the least normal numbers sums of products lose all their bits.
    let most = most + f64::MIN_POSITIVE;
    most.is_finite() && a.is_finite() && (a - b).abs().partial_cmp(&most).is_none_or(|order| order.is_gt())
}

/// The moments of rows that each occur so many times.
pub(crate) fn repeated(mut sums: Moments, mut times: u64) -> Result<Moments> {
    if times == 1 {
        return Ok(sums);
    }
    let mut all = Moments::new(sums.columns());
    while times > 0 {
        if times & 1 == 1 {
            all.merge(&sums)?;
        }
        times >>= 1;
        if times > 0 {
            sums.merge(&sums.clone())?;
        }
    }
    Ok(all)
}

/// Floats as the decimals of an exponent, and those that are none as exceptions.
fn decimals(node: &Node, values: &Values, exponent: u8) -> EncodedLane {
    let float = Float::of(node.bits);
    let raw: Vec<u64> = match values {
        Values::U16(v) => v.iter().map(|&x| x.into()).collect(),
        Values::U32(v) => v.iter().map(|&x| x.into()).collect(),
        Values::U64(v) => v.clone(),
        _ => Vec::new(),
    };
    let found: Vec<Option<i64>> = raw.iter().map(|&raw| float.decimal(raw, exponent)).collect();
    let exceptions = (0..).zip(&raw).zip(&found).filter(|(_, q)| q.is_none());
    EncodedLane {
        transform: LaneTransform {
            kind: TransformKind::Decimal.number(),
            exponent,
            ..LaneTransform::default()
        },
        exceptions: exceptions.map(|((row, &raw), _)| (row, raw)).collect(),
        // The field of an exception is 0 (spec, chapter 4.2).
        fields: found.iter().map(|q| q.unwrap_or(0) as u64).collect(),
        ..EncodedLane::default()
    }
}
