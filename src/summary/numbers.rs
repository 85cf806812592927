//! The numeric columns of a batch.

use rayon::prelude::*;

use crate::column::values::{Batch, Column};
use crate::format::schema::{Node, Schema};
use crate::summary::features::FeatureColumn;

/// A numeric column's values and validity.
pub(crate) struct Numbers<'a> {
    values: Vec<f64>,
    valid: Option<&'a [u8]>,
}

impl<'a> Numbers<'a> {
    pub fn new(node: &Node, column: &'a Column) -> Self {
        Self { values: node.numbers(column), valid: column.validity.as_deref() }
    }

    pub fn column(&self) -> FeatureColumn<'_> {
        FeatureColumn { values: &self.values, valid: self.valid }
    }
}

/// The numeric columns of some nodes of a batch.
pub(crate) fn numbers<'a>(schema: &Schema, batch: &'a Batch, nodes: &[usize]) -> Vec<Numbers<'a>> {
    let of = |&n: &usize| Some(Numbers::new(schema.nodes().get(n)?, batch.columns.get(n)?));
    nodes.par_iter().filter_map(of).collect()
}
