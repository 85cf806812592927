//! Which columns a read returns.

use crate::column::Schema;
use crate::error::Result;

/// Columns to read, in the order wanted. A batch read with it has one entry a node: each column's
/// node followed by the nodes below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    nodes: Vec<usize>,
    codes: bool,
}

impl Projection {
    /// Every column.
    pub fn all(schema: &Schema) -> Self {
        Self { nodes: (0..schema.nodes().len()).collect(), codes: false }
    }

    /// The named columns, in that order.
    ///
    /// # Errors
    /// `Argument` for a name that is not there.
    pub fn columns<N: AsRef<str>>(schema: &Schema, names: &[N]) -> Result<Self> {
        let mut nodes = Vec::new();
        for name in names {
            nodes.extend(schema.subtree(schema.column(name.as_ref())?));
        }
        Ok(Self { nodes, codes: false })
    }

    /// Columns by node number, in that order; a number below a column is taken for the column.
    pub fn nodes_of(schema: &Schema, columns: &[usize]) -> Self {
        Self { nodes: columns.iter().flat_map(|&c| schema.subtree(c)).collect(), codes: false }
    }

    /// The same columns, with strings of a file-wide dictionary as their codes (`Values::U32`).
    pub fn with_codes(mut self) -> Self {
        self.codes = true;
        self
    }

    /// The nodes, in the order of the batch's columns.
    pub fn nodes(&self) -> &[usize] {
        &self.nodes
    }

    /// Whether dictionary codes are wanted.
    pub fn codes(&self) -> bool {
        self.codes
    }
}
