//! A table whose first rows are looked at before the first pass, which then has them, too.

use std::sync::{Mutex, PoisonError};

use crate::column::values::{Batch, Values};
use crate::error::Result;
use crate::format::schema::Schema;
use crate::write::table::{Batches, Table};

/// A table that may be read once only.
pub(crate) struct Peeked<'t> {
    table: &'t dyn Table,
    /// The pass that has begun: the batches it has given, and the rest.
    begun: Mutex<Option<(Vec<Batch>, Batches<'t>)>>,
}

impl<'t> Peeked<'t> {
    pub fn new(table: &'t dyn Table) -> Self {
        Self { table, begun: Mutex::new(None) }
    }

    /// The first rows, `most` or as many as there are, however they are batched.
    ///
    /// # Errors
    /// Those of reading the table.
    pub fn first_rows(&self, most: usize) -> Result<Batch> {
        let schema = self.table.schema();
        let (mut first, mut given, mut batches) = (Batch::empty(schema), Vec::new(), self.batches()?);
        while first.rows < most {
            let Some(batch) = batches.next().transpose()? else { break };
            batch.check(schema)?;
            first.append(schema, &batch, 0..batch.rows.min(most - first.rows));
            given.push(batch);
        }
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some((given, batches));
        Ok(first)
    }

    fn batches(&self) -> Result<Batches<'t>> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        match begun {
            Some((given, rest)) => Ok(Box::new(given.into_iter().map(Ok).chain(rest))),
            None => self.table.batches(),
        }
    }
}

impl Table for Peeked<'_> {
    fn schema(&self) -> &Schema {
        self.table.schema()
    }

    fn arrow_schema(&self) -> Option<&[u8]> {
        self.table.arrow_schema()
    }

    fn dictionaries(&self) -> &[(usize, Values)] {
        self.table.dictionaries()
    }

    fn rows(&self) -> Option<u64> {
        self.table.rows()
    }

    fn batches(&self) -> Result<Batches<'_>> {
        self.batches()
    }
}
