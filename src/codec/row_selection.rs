//! The records of some rows of a block: mapped in place, or gathered.

/// Some rows of a table or of a block.
#[derive(Clone, Copy)]
pub(crate) enum Picked<'a> {
    /// So many from a first one on.
    Range(u64, usize),
    /// Any, in any order.
    List(&'a [u64]),
}

impl<'a> Picked<'a> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Picked::Range(_, count) => *count,
            Picked::List(rows) => rows.len(),
        }
    }

    /// Row `i`, which is less than their number.
    pub fn row(&self, i: usize) -> u64 {
        match self {
            Picked::Range(first, _) => first + i as u64,
            Picked::List(rows) => rows.get(i).copied().unwrap_or(0),
        }
    }

    /// Rows `from` to `to`.
    pub fn slice(&self, from: usize, to: usize) -> Self {
        match self {
            Picked::Range(first, _) => Picked::Range(first + from as u64, to - from),
            Picked::List(rows) => Picked::List(rows.get(from..to).unwrap_or(&[])),
        }
    }

    /// True if no row comes before a smaller one.
    pub fn is_sorted(&self) -> bool {
        match self {
            Picked::Range(..) => true,
            Picked::List(rows) => rows.is_sorted(),
        }
    }
}
