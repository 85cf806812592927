//! Putting batches together, row by row.

use std::mem::discriminant;
use std::ops::Range;

use crate::column::values::{Batch, Column, Values};
use crate::error::{Error, Result};
use crate::format::schema::{Node, Schema};

impl Node {
    /// Elements of the value vector a row.
    pub(crate) fn values_per_row(&self) -> usize {
        self.instances as usize * self.values_per_instance()
    }
}

impl Batch {
    /// Checks that the batch holds what its schema says: as many values as rows.
    ///
    /// # Errors
    /// `Argument`, naming the column.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        let fits = |node: &Node, column: &Column| {
            let right_kind = discriminant(&Values::empty(node)) == discriminant(&column.values);
            let values = matches!(column.values, Values::None)
                || column.values.len() == self.rows * node.values_per_row();
            let instances = self.rows * node.instances as usize;
            let validity = column.validity.as_ref().map(Vec::len) == node.nullable.then_some(instances);
            let strings = match &column.values {
                Values::Bytes { offsets, data } => are_strings(offsets, data),
                Values::Lists { offsets, items } => {
                    are_lists(offsets, items.rows)
                        && node.items.as_deref().is_some_and(|schema| items.check(schema).is_ok())
                }
                _ => true,
            };
            right_kind && values && validity && strings
        };
        if self.columns.len() != schema.nodes().len() {
            return Err(Error::argument("a batch does not have the columns of its schema"));
        }
        match schema.nodes().iter().zip(&self.columns).find(|(n, c)| !fits(n, c)) {
            Some((node, _)) => {
                Err(Error::argument(format!("column \"{}\": its values do not fit its type", node.name)))
            }
            None => Ok(()),
        }
    }

    /// Makes room for rows, so that columns that grow batch by batch do not double their memory. Bytes of strings and
    /// items of lists have no known number.
    pub(crate) fn reserve(&mut self, schema: &Schema, rows: usize) {
        for (node, column) in schema.nodes().iter().zip(&mut self.columns) {
            column.validity.iter_mut().for_each(|v| v.reserve_exact(rows * node.instances as usize));
            let values = rows * node.values_per_row();
            match &mut column.values {
                Values::None => {}
                Values::U8(v) => v.reserve_exact(values),
                Values::U16(v) => v.reserve_exact(values),
                Values::U32(v) => v.reserve_exact(values),
                Values::U64(v) => v.reserve_exact(values),
                Values::U128(v) => v.reserve_exact(values),
                Values::Bytes { offsets, .. } | Values::Lists { offsets, .. } => offsets.reserve_exact(rows),
            }
        }
    }

    /// Appends a range of another batch's rows; both have been checked against the schema.
    pub(crate) fn append(&mut self, schema: &Schema, from: &Batch, rows: Range<usize>) {
        self.append_runs(schema, from, std::iter::once(rows));
    }

    /// Appends runs of another batch's rows. Both have the columns of the schema.
    pub(crate) fn append_runs(
        &mut self,
        schema: &Schema,
        from: &Batch,
        runs: impl Iterator<Item = Range<usize>> + Clone,
    ) {
        for ((node, to), from) in schema.nodes().iter().zip(&mut self.columns).zip(&from.columns) {
            let per_row = node.values_per_row();
            let kinds = (discriminant(&to.values), discriminant(&from.values));
            assert_eq!(
                kinds.0, kinds.1,
                "column \"{}\": batches of one schema have values of one kind",
                node.name
            );
            for run in runs.clone() {
                if let (Some(to), Some(from)) = (&mut to.validity, &from.validity) {
                    copy(to, from, &run, node.instances as usize);
                }
                match (&mut to.values, &from.values) {
                    (Values::U8(to), Values::U8(from)) => copy(to, from, &run, per_row),
                    (Values::U16(to), Values::U16(from)) => copy(to, from, &run, per_row),
                    (Values::U32(to), Values::U32(from)) => copy(to, from, &run, per_row),
                    (Values::U64(to), Values::U64(from)) => copy(to, from, &run, per_row),
                    (Values::U128(to), Values::U128(from)) => copy(to, from, &run, per_row),
                    (Values::Bytes { offsets: to, data }, Values::Bytes { offsets: from, data: bytes }) => {
                        for i in run {
                            data.extend_from_slice(&bytes[from[i] as usize..from[i + 1] as usize]);
                            to.push(data.len() as u64);
                        }
                    }
                    (Values::Lists { offsets: to, items }, Values::Lists { offsets: from, items: all }) => {
                        let end = items.rows as u64;
                        let first = from[run.start];
                        to.extend(from[run.start + 1..=run.end].iter().map(|offset| offset - first + end));
                        let own = first as usize..from[run.end] as usize;
                        match &node.items {
                            Some(schema) => items.append(schema, all, own),
                            None => {
                                assert!(own.is_empty(), "column \"{}\" has items without a schema", node.name)
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        self.rows += runs.map(|r| r.len()).sum::<usize>();
    }

    /// Bytes of memory that the values and validities of some rows take, items of lists and bytes of strings among them.
    pub(crate) fn bytes_of(&self, rows: Range<usize>) -> usize {
        let column = |column: &Column| {
            let per_row = |all: usize| all / self.rows.max(1) * rows.len();
            let own = match &column.values {
                Values::Bytes { offsets, .. } => {
                    8 * rows.len() + (offsets[rows.end] - offsets[rows.start]) as usize
                }
                Values::Lists { offsets, items } => {
                    let own = offsets[rows.start] as usize..offsets[rows.end] as usize;
                    // Items without values take the time of some.
                    8 * rows.len() + items.bytes_of(own.clone()).max(own.len())
                }
                values => per_row(values.bytes()),
            };
            own + per_row(column.validity.as_ref().map_or(0, Vec::len))
        };
        self.columns.iter().map(column).sum()
    }

    /// Bytes of memory the values and validities take.
    pub fn bytes(&self) -> usize {
        let column = |c: &Column| c.values.bytes() + c.validity.as_ref().map_or(0, Vec::len);
        self.columns.iter().map(column).sum()
    }
}

/// True if offsets cut all of the bytes into strings.
pub(crate) fn are_strings(offsets: &[u64], data: &[u8]) -> bool {
    offsets.is_sorted() && offsets.first() == Some(&0) && offsets.last() == Some(&(data.len() as u64))
}

/// True if offsets cut all of so many items into lists.
fn are_lists(offsets: &[u64], items: usize) -> bool {
    offsets.is_sorted() && offsets.first() == Some(&0) && offsets.last() == Some(&(items as u64))
}

fn copy<T: Copy>(to: &mut Vec<T>, from: &[T], rows: &Range<usize>, per_row: usize) {
    to.extend_from_slice(&from[rows.start * per_row..rows.end * per_row]);
}
