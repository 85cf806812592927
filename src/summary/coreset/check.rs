//! Checks a coreset against the rows: its rows occur, and their weighted moments are those of all rows.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::collections::HashSet;

use crate::column::values::Batch;
use crate::earned;
use crate::error::{Error, Result};
use crate::format::schema::{Node, Schema};
use crate::summary::coreset::section::CoresetSection;
use crate::summary::features::FeatureColumn;
use crate::summary::kind::{GroupBlock, RawDictionary, RowCheck};
use crate::summary::moments::check::{differ, repeated};
use crate::summary::moments::column::MomentColumn;
use crate::summary::moments::matrix::Moments;

/// How far a weighted sum may be from that of all rows, as a share of the root of the product of both squares' sums.
const ROUNDING: f64 = 1.0 / (1u64 << 20) as f64;

/// The moments of rows taken in so far, and the coreset.
pub(crate) struct CoresetSums {
    section: CoresetSection,
    found: Moments,
    /// Bits of the coreset's rows that have not been met.
    missing: HashSet<Vec<u64>>,
}

impl CoresetSums {
    /// The coreset that a file's section names.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn new(section: CoresetSection, schema: &Schema) -> Result<Self> {
        let nodes = schema.nodes();
        if !section.columns.iter().all(|&n| nodes.get(n as usize).is_some_and(Node::may_be_numeric_column)) {
            return Err(Error::corrupt("coreset: a column is not numeric"));
        }
        let k = section.columns.len();
        let rows = section.values.chunks_exact(k + 1);
        let missing = rows.map(|row| row.iter().take(k).map(|v| v.to_bits()).collect()).collect();
        Ok(Self { section, found: Moments::new(k), missing })
    }
}

impl RowCheck for CoresetSums {
    fn nodes(&self) -> Vec<usize> {
        self.section.columns.iter().map(|&node| node as usize).collect()
    }

    fn start(&mut self, _: &Schema, _: &[GroupBlock], _: RawDictionary) -> Result<()> {
        Ok(())
    }

    /// Takes rows in, each so many times.
    fn add(&mut self, schema: &Schema, rows: &Batch, times: u64) -> Result<()> {
        let nodes =
            || self.section.columns.iter().map(|&n| (&schema.nodes()[n as usize], &rows.columns[n as usize]));
        let numbers: Vec<Vec<f64>> = nodes().map(|(node, column)| node.numbers(column)).collect();
        let valid: Vec<Option<&[u8]>> = nodes().map(|(_, column)| column.validity.as_deref()).collect();
        let columns = || numbers.iter().zip(&valid).map(|(values, &valid)| FeatureColumn { values, valid });
        let mut wanted = vec![true; rows.rows];
        for column in columns() {
            wanted.iter_mut().zip(column.iter()).for_each(|(wanted, x)| *wanted &= x.is_some());
        }
        let moments: Vec<MomentColumn> = numbers.iter().map(|values| MomentColumn::Float(values)).collect();
        self.found.merge(&repeated(Moments::from_segment(&moments, &wanted), times)?)?;
        let mut row_bits = earned::with_room(numbers.len())?;
        for (row, _) in wanted.iter().enumerate().filter(|(_, wanted)| **wanted) {
            if self.missing.is_empty() {
                break;
            }
            row_bits.clear();
            row_bits.extend(numbers.iter().map(|values| values[row].to_bits()));
            self.missing.remove(&row_bits);
        }
        Ok(())
    }

    /// Compares the sums.
    fn finish(self: Box<Self>) -> Result<()> {
        if !self.missing.is_empty() {
            return Err(Error::corrupt("coreset: a row of it is not in the table"));
        }
        match has_moments(&self.section, &self.found) {
            true => Ok(()),
            false => Err(Error::corrupt("coreset: its weighted moments are not those of the rows")),
        }
    }
}

/// True if the weighted moments of a coreset are those of all rows, but for rounding.
pub(crate) fn has_moments(section: &CoresetSection, rows: &Moments) -> bool {
    let k = section.columns.len();
    let is_near = |(i, j): (usize, usize)| {
        let sum = section.values.chunks_exact(k + 1).map(|row| {
            let z = |i: usize| if i == 0 { 1.0 } else { row[i - 1] };
            row[k] * z(i) * z(j)
        });
        let most = ROUNDING * (rows.value(i, i) * rows.value(j, j)).sqrt();
        !differ(rows.value(i, j), sum.sum(), most)
    };
    (0..=k).flat_map(|i| (i..=k).map(move |j| (i, j))).all(is_near)
}
