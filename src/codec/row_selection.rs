//! Row numbers: a range of rows, or a list in any order.

/// Some rows of a table or of a block.
#[derive(Clone, Copy)]
pub(crate) enum RowSelection<'a> {
    /// So many from a first one on.
    Range(u64, usize),
    /// Any, in any order.
    List(&'a [u64]),
}

impl<'a> RowSelection<'a> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            RowSelection::Range(_, count) => *count,
            RowSelection::List(rows) => rows.len(),
        }
    }

    /// Row `i`, which is less than their number.
    pub fn row(&self, i: usize) -> u64 {
        match self {
            RowSelection::Range(first, _) => first + i as u64,
            RowSelection::List(rows) => rows[i],
        }
    }

    /// Rows `from` to `to`.
    pub fn slice(&self, from: usize, to: usize) -> Self {
        match self {
            RowSelection::Range(first, _) => RowSelection::Range(first + from as u64, to - from),
            RowSelection::List(rows) => RowSelection::List(&rows[from..to]),
        }
    }

    /// True if no row comes before a smaller one.
    pub fn is_sorted(&self) -> bool {
        match self {
            RowSelection::Range(..) => true,
            RowSelection::List(rows) => rows.is_sorted(),
        }
    }
}
