//! The moments of a table's numeric columns, segment by segment.

use crate::codec::transform::TransformKind;
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::codec::transform::numbers::Float;
use crate::column::values::{Batch, Values};
use crate::format::schema::{Kind, Node, Schema};
use crate::summary::kind::ValueLane;
use crate::summary::moments::column::MomentColumn;
use crate::summary::moments::matrix::{MomentParts, Moments};
use crate::summary::moments::section::MomentsSection;

/// Columns that moments are kept of, at most.
const MAX_COLUMNS: usize = 256;

/// The columns: features, then a numeric target.
#[derive(Clone, PartialEq)]
pub(crate) struct MomentPlan {
    nodes: Vec<usize>,
    target: bool,
}

/// One column's values: integers over a power of ten, or floats.
enum Owned {
    Exact(Vec<i64>, u32),
    Float(Vec<f64>),
}

/// The numbers of a segment, apart from its lanes.
pub(crate) struct Terms {
    columns: Vec<Owned>,
    /// One a row.
    wanted: Vec<bool>,
}

impl Terms {
    /// Their moments.
    pub fn sum(self) -> Moments {
        let columns = self.columns.iter().map(|column| match column {
            Owned::Exact(q, exponent) => MomentColumn::Exact { q, exponent: *exponent },
            Owned::Float(values) => MomentColumn::Float(values),
        });
        Moments::from_segment(&columns.collect::<Vec<_>>(), &self.wanted)
    }
}

impl MomentPlan {
    /// The plan for a table of these features and this target, if it has numeric columns and not too many.
    pub fn new(schema: &Schema, features: &[usize], target: Option<usize>) -> Option<Self> {
        let numeric = |n: usize| schema.nodes().get(n).is_some_and(Node::is_numeric_column);
        let target = target.filter(|&t| numeric(t));
        let nodes: Vec<usize> = features.iter().copied().chain(target).collect();
        let fits = !nodes.is_empty() && nodes.len() <= MAX_COLUMNS;
        fits.then_some(Self { nodes, target: target.is_some() })
    }

    /// The plan that a file's section was made by.
    pub fn from_section(section: &MomentsSection) -> Self {
        let nodes = section.columns.iter().map(|column| column.0 as usize).collect();
        Self { nodes, target: section.target }
    }

    /// The moments of no rows.
    pub fn zero(&self) -> Moments {
        Moments::new(self.nodes.len())
    }

    /// The terms that the moments of a segment sum, once its lanes are encoded.
    pub fn terms(&self, schema: &Schema, segment: &Batch, lane: ValueLane) -> Terms {
        let mut wanted = vec![true; segment.rows];
        let mut columns = Vec::with_capacity(self.nodes.len());
        for &n in &self.nodes {
            let (Some(node), Some(column)) = (schema.nodes().get(n), segment.columns.get(n)) else {
                continue;
            };
            for (wanted, _) in
                wanted.iter_mut().zip(column.validity.iter().flatten()).filter(|(_, v)| **v == 0)
            {
                *wanted = false;
            }
            let exact = lane(n).and_then(|lane| exact(node, &column.values, lane, &mut wanted));
            columns.push(match exact {
                Some((q, exponent)) => Owned::Exact(q, exponent),
                None => Owned::Float(node.numbers(column)),
            });
        }
        Terms { columns, wanted }
    }

    /// The section of these moments.
    pub fn section(&self, moments: &Moments) -> MomentsSection {
        let (exponents, sums) = match moments.parts() {
            MomentParts::Exact { exponents, sums } => {
                (exponents, sums.iter().map(|s| s.to_le_bytes()).collect())
            }
            MomentParts::Float(sums) => (
                vec![0; self.nodes.len()],
                sums.iter().map(|s| u128::from(s.to_bits()).to_le_bytes()).collect(),
            ),
        };
        MomentsSection {
            exact: moments.is_exact(),
            target: self.target,
            rows: moments.count(),
            left_out: moments.left_out(),
            columns: self.nodes.iter().map(|&n| n as u32).zip(exponents).collect(),
            sums,
        }
    }
}

/// The values as integers over a power of ten, where all of them are. Rows of exceptions that are not
/// finite are no longer wanted; any other exception is no such integer.
fn exact(node: &Node, values: &Values, lane: &EncodedLane, wanted: &mut [bool]) -> Option<(Vec<i64>, u32)> {
    let signed = |q: Vec<i64>| Some((q, 0));
    match (node.kind, values) {
        (Kind::Float, values) => decimals(node, values, lane, wanted),
        (Kind::Decimal, values) => {
            let scale = u32::try_from(node.scale).ok()?;
            let q: Option<Vec<i64>> = match values {
                Values::U32(v) => Some(v.iter().map(|&x| i64::from(x as i32)).collect()),
                Values::U64(v) => Some(v.iter().map(|&x| x as i64).collect()),
                Values::U128(v) => v.iter().map(|&x| i64::try_from(x as i128).ok()).collect(),
                _ => None,
            };
            Some((q?, scale))
        }
        (Kind::Signed, Values::U8(v)) => signed(v.iter().map(|&x| i64::from(x as i8)).collect()),
        (Kind::Signed, Values::U16(v)) => signed(v.iter().map(|&x| i64::from(x as i16)).collect()),
        (Kind::Signed, Values::U32(v)) => signed(v.iter().map(|&x| i64::from(x as i32)).collect()),
        (Kind::Signed, Values::U64(v)) => signed(v.iter().map(|&x| x as i64).collect()),
        (_, Values::U8(v)) => signed(v.iter().map(|&x| x.into()).collect()),
        (_, Values::U16(v)) => signed(v.iter().map(|&x| x.into()).collect()),
        (_, Values::U32(v)) => signed(v.iter().map(|&x| x.into()).collect()),
        (_, Values::U64(v)) => signed(v.iter().map(|&x| i64::try_from(x).ok()).collect::<Option<_>>()?),
        _ => None,
    }
}

fn decimals(
    node: &Node,
    values: &Values,
    lane: &EncodedLane,
    wanted: &mut [bool],
) -> Option<(Vec<i64>, u32)> {
    let float = Float::of(node.bits);
    if let Some(dictionary) = &lane.dictionary {
        let exponent = (0..=22).find(|&p| dictionary.iter().all(|&raw| float.decimal(raw, p).is_some()))?;
        let table: Vec<i64> = dictionary.iter().filter_map(|&raw| float.decimal(raw, exponent)).collect();
        let q = lane.fields.iter().map(|&f| table.get(f as usize).copied()).collect::<Option<_>>()?;
        return Some((q, exponent.into()));
    }
    if lane.transform.kind != TransformKind::Decimal.number() {
        return None;
    }
    for &(row, raw) in &lane.exceptions {
        let value = float.value(raw);
        // -0.0 adds to sums as 0 does, which is what its field says once it is q = 0.
        if value.is_finite() && value != 0.0 {
            return None;
        }
        wanted[row as usize] &= value.is_finite();
    }
    let least = lane.transform.minimum.get() as i64;
    let mut q: Vec<i64> = lane.fields.iter().map(|&f| least.wrapping_add(f as i64)).collect();
    for &(row, _) in &lane.exceptions {
        q[row as usize] = 0;
    }
    debug_assert_eq!(values.len(), q.len());
    Some((q, lane.transform.exponent.into()))
}
