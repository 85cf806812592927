//! The distinct values of a column that is used as a class.

use std::collections::HashMap;

use crate::codec::transform::numbers::Order;
use crate::column::values::{Column, Values};
use crate::error::{Error, Result};
use crate::format::schema::Node;

/// A value of a class column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Label {
    Raw(u128),
    Bytes(Vec<u8>),
    Null,
}

/// Distinct values, at most so many, and once all are known their numbers in order.
pub(crate) struct Labels {
    node: Node,
    most: usize,
    seen: HashMap<Label, u32>,
    full: bool,
}

impl Labels {
    /// No values yet of a column; after more than `most` it stops counting.
    ///
    /// # Errors
    /// `Argument` if the column's type cannot be a class.
    pub fn new(node: &Node, most: usize) -> Result<Self> {
        if !node.is_single_column() {
            return Err(Error::argument(format!(
                "column \"{}\" cannot be a class: it is no single value",
                node.name
            )));
        }
        Ok(Self { node: node.clone(), most, seen: HashMap::new(), full: false })
    }

    /// True if there are more values than the limit.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Number of distinct values, null among them.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Number of distinct values without null.
    pub fn values(&self) -> usize {
        self.seen.len() - usize::from(self.seen.contains_key(&Label::Null))
    }

    /// Takes in a column of a batch.
    pub fn add(&mut self, column: &Column, rows: usize) {
        let mut last = None;
        for row in 0..rows {
            if self.full {
                return;
            }
            let label = label(column, row);
            if last.as_ref() != Some(&label) {
                self.seen.entry(label.clone()).or_insert(0);
                self.full = self.seen.len() > self.most;
                last = Some(label);
            }
        }
    }

    /// Numbers the values in order, null last, and returns their bytes as they are stored.
    pub fn number(&mut self) -> Vec<Option<Vec<u8>>> {
        let order = Order::of(self.node.kind, self.node.bits);
        let place = |label: &Label| match label {
            Label::Raw(raw) if self.node.bits > 64 => (false, *raw ^ 1 << 127, Vec::new()),
            Label::Raw(raw) => (false, order.ordered(*raw as u64).into(), Vec::new()),
            Label::Bytes(bytes) => (false, 0, bytes.clone()),
            Label::Null => (true, 0, Vec::new()),
        };
        let mut sorted: Vec<Label> = self.seen.keys().cloned().collect();
        sorted.sort_by_cached_key(place);
        let bytes = usize::from(self.node.bits.div_ceil(8));
        for (number, label) in sorted.iter().enumerate() {
            self.seen.insert(label.clone(), number as u32);
        }
        let stored = |label| match label {
            Label::Raw(raw) => Some(raw.to_le_bytes().into_iter().take(bytes).collect()),
            Label::Bytes(bytes) => Some(bytes),
            Label::Null => None,
        };
        sorted.into_iter().map(stored).collect()
    }

    /// The class of every row of a column.
    ///
    /// # Errors
    /// `Input` if a value was not there when the values were gathered.
    pub fn classes(&self, column: &Column, rows: usize) -> Result<Vec<u32>> {
        let changed =
            || Error::new(crate::error::ErrorKind::Input, "the input changed between two readings of it");
        (0..rows).map(|row| self.seen.get(&label(column, row)).copied().ok_or_else(changed)).collect()
    }

    /// The labels as they were stored, numbered in their order.
    pub fn stored(node: &Node, labels: &[Option<Vec<u8>>]) -> Result<Self> {
        let mut all = Self::new(node, labels.len())?;
        for (number, label) in labels.iter().enumerate() {
            let label = match label {
                None => Label::Null,
                Some(bytes) if node.kind.is_bytes() => Label::Bytes(bytes.clone()),
                Some(bytes) => Label::Raw(bytes.iter().rev().fold(0, |n, &b| n << 8 | u128::from(b))),
            };
            all.seen.insert(label, number as u32);
        }
        Ok(all)
    }
}

fn label(column: &Column, row: usize) -> Label {
    if column.validity.as_ref().is_some_and(|v| v[row] == 0) {
        return Label::Null;
    }
    match &column.values {
        Values::U8(v) => Label::Raw(v[row].into()),
        Values::U16(v) => Label::Raw(v[row].into()),
        Values::U32(v) => Label::Raw(v[row].into()),
        Values::U64(v) => Label::Raw(v[row].into()),
        Values::U128(v) => Label::Raw(v[row]),
        Values::Bytes { offsets, data } => {
            Label::Bytes(data[offsets[row] as usize..offsets[row + 1] as usize].to_vec())
        }
        Values::None | Values::Lists { .. } => Label::Null,
    }
}
