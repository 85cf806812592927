//! Tables of float64 columns in memory, to be written to gede files.

use gede::column::{Batch, Column, Kind, Schema, SchemaBuilder, Values};
use gede::train::Dataset;
use gede::write::{Batches, Table};
use gede::{Error, ErrorKind, Result};

/// Columns of float64 without nulls.
pub struct FloatTable {
    schema: Schema,
    names: Vec<String>,
    columns: Vec<Vec<f64>>,
}

impl FloatTable {
    /// The numeric columns of a table, as float64.
    ///
    /// # Errors
    /// `Type` for a column that is not numeric or has nulls; whatever reading the table gives.
    pub fn from_table(table: &dyn Table) -> Result<Self> {
        let nodes = table.schema().nodes();
        let mut columns = vec![Vec::new(); nodes.len()];
        for batch in table.batches()? {
            for ((node, column), values) in nodes.iter().zip(&batch?.columns).zip(&mut columns) {
                let nulls = column.validity.as_ref().is_some_and(|valid| valid.contains(&0));
                if nulls || !node.is_numeric_column() {
                    let what = format!("column \"{}\" is not of numbers without nulls", node.name);
                    return Err(Error::new(ErrorKind::Type, what));
                }
                values.extend(node.numbers(column));
            }
        }
        Self::new(nodes.iter().map(|node| node.name.clone()).collect(), columns)
    }

    fn new(names: Vec<String>, columns: Vec<Vec<f64>>) -> Result<Self> {
        let mut schema = SchemaBuilder::default();
        for name in &names {
            schema.push(None, name, Kind::Float, false, 64, 0)?;
        }
        Ok(Self { schema: schema.finish(), names, columns })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// The columns' values.
    pub fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// Bytes of the values at 8 bytes each.
    pub fn bytes(&self) -> u64 {
        (self.len() * self.columns.len() * 8) as u64
    }

    /// Some rows, in the order given; all must be there.
    ///
    /// # Errors
    /// As `new`.
    pub fn subset(&self, rows: &[usize]) -> Result<Self> {
        let columns = self.columns.iter().map(|column| rows.iter().map(|&row| column[row]).collect());
        Self::new(self.names.clone(), columns.collect())
    }

    /// The rows as training data.
    ///
    /// # Errors
    /// `Argument` if there is no such target.
    pub fn dataset(&self, target: &str) -> Result<Dataset> {
        let t = self.schema.column(target)?;
        let features: Vec<usize> = (0..self.columns.len()).filter(|&j| j != t).collect();
        let x = (0..self.len()).flat_map(|i| features.iter().map(move |&j| self.columns[j][i])).collect();
        let names = features.iter().map(|&j| self.names[j].clone()).collect();
        Dataset::new(names, target.to_owned(), x, self.columns[t].clone(), None)
    }
}

impl Table for FloatTable {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.len() as u64)
    }

    fn batches(&self) -> Result<Batches<'_>> {
        let bits = |column: &Vec<f64>| Values::U64(column.iter().map(|x| x.to_bits()).collect());
        let columns = self.columns.iter().map(|c| Column { validity: None, values: bits(c) }).collect();
        let batch = Batch { rows: self.len(), columns };
        Ok(Box::new((batch.rows > 0).then_some(Ok(batch)).into_iter()))
    }
}
