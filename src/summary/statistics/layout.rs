//! The columns of the table of statistics, which follow from the schema of the rows.

use crate::format::schema::{Kind, Node, Schema};
use crate::format::schema_builder::SchemaBuilder;

/// A node of the rows that has statistics, and the columns of these.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub node: usize,
    /// The nullable nodes above it: where one is null, so is the value.
    pub above: Vec<usize>,
    pub least: usize,
    pub greatest: usize,
    /// Of strings: whether each of the two is cut.
    pub cut: Option<[usize; 2]>,
    /// Of nodes that may be null, or are below one that may.
    pub nulls: Option<usize>,
    /// Of floats.
    pub nans: Option<usize>,
    pub distinct: usize,
    /// Of whole numbers without a unit, and of decimals, of up to 64 bits.
    pub sum: Option<usize>,
}

impl Measured {
    /// Its columns in the table of statistics.
    pub fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        let ends = [self.least, self.greatest].into_iter().chain(self.cut.into_iter().flatten());
        ends.chain(self.nulls).chain(self.nans).chain([self.distinct]).chain(self.sum)
    }
}

/// The table of statistics of a schema.
#[derive(Clone, Debug)]
pub(crate) struct StatisticsLayout {
    /// The schema of the table.
    pub schema: Schema,
    /// The nodes that have statistics, ascending.
    pub measured: Vec<Measured>,
}

impl StatisticsLayout {
    /// The statistics of rows of a schema; none if no node has any, a column cannot be read, or they have more lanes than a
    /// row may have.
    pub fn new(rows: &Schema) -> Option<Self> {
        if rows.first_refusal().is_some() {
            return None;
        }
        let mut builder = SchemaBuilder::default();
        let mut measured = Vec::new();
        for (node, n) in rows.nodes().iter().enumerate().filter(|(node, _)| is_measured(rows, *node)) {
            measured.push(push(&mut builder, rows, node, n)?);
        }
        (!measured.is_empty()).then(|| Self { schema: builder.finish(), measured })
    }

    /// The statistics of a node, if it has any.
    pub fn of(&self, node: usize) -> Option<&Measured> {
        let at = self.measured.binary_search_by_key(&node, |measured| measured.node).ok()?;
        Some(&self.measured[at])
    }
}

/// True for nodes of numbers and strings that are not below a fixed-size list.
fn is_measured(rows: &Schema, node: usize) -> bool {
    let n = &rows.nodes()[node];
    let kinds =
        [Kind::Bool, Kind::Unsigned, Kind::Signed, Kind::Float, Kind::Decimal, Kind::Bytes, Kind::Text];
    kinds.contains(&n.kind) && above(rows, node).all(|up| rows.nodes()[up].kind == Kind::Struct)
}

/// The nodes above a node, the nearest first.
fn above(rows: &Schema, node: usize) -> impl Iterator<Item = usize> + '_ {
    std::iter::successors(rows.nodes()[node].parent, |&up| rows.nodes()[up].parent)
}

/// True if a node has a sum.
pub(crate) fn is_summed(node: &Node) -> bool {
    let is_whole = matches!(node.kind, Kind::Bool | Kind::Unsigned | Kind::Signed) && node.unit == 0;
    is_whole || node.kind == Kind::Decimal && node.bits <= 64
}

/// Adds the columns of a node; none if they are more than there may be.
fn push(builder: &mut SchemaBuilder, rows: &Schema, node: usize, n: &Node) -> Option<Measured> {
    let path = rows.path(node);
    let mut column = |what: &str, kind, nullable, bits| {
        builder.push(None, &format!("{path} {what}"), kind, nullable, bits, 0).ok()
    };
    let above: Vec<usize> = above(rows, node).filter(|&up| rows.nodes()[up].nullable).collect();
    let least = column("least", n.kind, true, n.bits)?;
    let greatest = column("greatest", n.kind, true, n.bits)?;
    let cut = if n.kind.is_bytes() {
        let flags =
            [column("least cut", Kind::Bool, false, 1)?, column("greatest cut", Kind::Bool, false, 1)?];
        Some(flags)
    } else {
        None
    };
    let nulls = if n.nullable || !above.is_empty() {
        Some(column("nulls", Kind::Unsigned, false, 64)?)
    } else {
        None
    };
    let nans = if n.kind == Kind::Float { Some(column("nans", Kind::Unsigned, false, 64)?) } else { None };
    let distinct = column("distinct", Kind::Unsigned, true, 32)?;
    let sum = if is_summed(n) { Some(column("sum", Kind::Decimal, true, 128)?) } else { None };
    for column in [least, greatest] {
        builder.type_of(column, n.unit, n.precision, n.scale);
    }
    if let Some(sum) = sum {
        builder.type_of(sum, 0, 0, n.scale);
    }
    Some(Measured { node, above, least, greatest, cut, nulls, nans, distinct, sum })
}
