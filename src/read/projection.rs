//! Which columns a read returns.

use crate::column::values::{Batch, Column, Values};
use crate::error::Result;
use crate::format::schema::Schema;

/// Columns to read, in the order wanted. A batch read with it has one entry a node: each column's
/// node followed by the nodes below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    nodes: Vec<usize>,
    codes: bool,
    /// True if values of strings are checked and not returned.
    checked: bool,
    /// Most bytes of strings in a batch of several rows.
    most: u64,
    /// True if lists may have more items than the file's length vouches for.
    large_lists: bool,
    /// Most bytes of a string, if strings are cut.
    prefix: Option<usize>,
}

impl Projection {
    fn new(nodes: Vec<usize>) -> Self {
        Self { nodes, codes: false, checked: false, most: u64::MAX, large_lists: false, prefix: None }
    }

    /// Every column.
    pub fn all(schema: &Schema) -> Self {
        Self::new((0..schema.nodes().len()).collect())
    }

    /// Every column but those that need a feature which this reader does not know.
    pub(crate) fn readable(schema: &Schema) -> Self {
        let columns: Vec<usize> =
            schema.columns().filter(|&column| schema.refusal(column).is_none()).collect();
        Self::nodes_of(schema, &columns)
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
        Ok(Self::new(nodes))
    }

    /// Columns by node number, in that order; a number below a column is taken for the column.
    pub fn nodes_of(schema: &Schema, columns: &[usize]) -> Self {
        Self::new(columns.iter().flat_map(|&c| schema.subtree(c)).collect())
    }

    /// Some nodes, without those below them.
    pub(crate) fn of_nodes(nodes: Vec<usize>) -> Self {
        Self::new(nodes)
    }

    /// The same columns, with strings of a file-wide dictionary as their codes (`Values::U32`).
    pub fn with_codes(mut self) -> Self {
        self.codes = true;
        self
    }

    /// The same columns, with lists of as many items as the file says, as far as there is memory: by default a read of more
    /// items than is usual for a file of its length is an error of kind `Memory`, since equal items take no bytes.
    pub fn with_large_lists(mut self) -> Self {
        self.large_lists = true;
        self
    }

    /// True if lists may have more items than the file's length vouches for.
    pub(crate) fn has_large_lists(&self) -> bool {
        self.large_lists
    }

    /// The nodes, in the order of the batch's columns.
    pub fn nodes(&self) -> &[usize] {
        &self.nodes
    }

    /// The same columns, strings being checked where they are and left empty in batches.
    pub(crate) fn only_checked(mut self) -> Self {
        self.checked = true;
        self
    }

    /// The same columns, of strings only so many bytes, the first.
    pub(crate) fn with_prefix(mut self, bytes: usize) -> Self {
        self.prefix = Some(bytes);
        self
    }

    /// Most bytes of a string, if strings are cut.
    pub(crate) fn prefix(&self) -> Option<usize> {
        self.prefix
    }

    /// True if strings are checked only.
    pub(crate) fn is_only_checked(&self) -> bool {
        self.checked
    }

    /// The same columns in batches of at most so many bytes of strings, about: several rows that have more are refused
    /// by an error of kind `Memory` before their strings are put together.
    pub(crate) fn with_most(mut self, most: u64) -> Self {
        self.most = most;
        self
    }

    /// Most bytes of strings in a batch of several rows.
    pub(crate) fn most(&self) -> u64 {
        self.most
    }

    /// True if dictionary codes are wanted.
    pub fn codes(&self) -> bool {
        self.codes
    }
}

/// The columns of a batch at the places of their nodes; nothing for nodes that were not read.
pub(crate) fn by_node(schema: &Schema, projection: &Projection, batch: Batch) -> Batch {
    let nothing = || Column { validity: None, values: Values::None };
    let mut columns: Vec<Column> = schema.nodes().iter().map(|_| nothing()).collect();
    for (&node, column) in projection.nodes().iter().zip(batch.columns) {
        columns[node] = column;
    }
    Batch { rows: batch.rows, columns }
}
