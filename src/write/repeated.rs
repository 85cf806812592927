//! A table whose passes are held to give the same number of rows.

use std::sync::OnceLock;

use crate::column::values::Values;
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Schema;
use crate::write::table::{Batches, Table};

/// A table that is read more than once. A pass that ends with another number of rows than the table promised, or
/// than an earlier pass gave, ends with an error: a stream that cannot be replayed must not become a shorter file.
pub(crate) struct Repeated<'t> {
    table: &'t dyn Table,
    /// Rows of the first pass that came to its end.
    rows: OnceLock<u64>,
}

impl<'t> Repeated<'t> {
    pub fn new(table: &'t dyn Table) -> Self {
        Self { table, rows: OnceLock::new() }
    }

    /// Checks the rows of a pass that has come to its end.
    fn end(&self, rows: u64) -> Result<()> {
        let earlier = *self.rows.get_or_init(|| rows);
        let (wanted, said) = match self.table.rows() {
            Some(promised) if promised != rows => (promised, "the input says that it has"),
            _ => (earlier, "an earlier pass over the input gave"),
        };
        if rows == wanted {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Input,
            format!(
                "{said} {wanted} rows, and this pass gave {rows}: an input is read several times and must give the \
                 same rows each time; keep others from changing it, or collect a stream that cannot be replayed first"
            ),
        ))
    }
}

impl Table for Repeated<'_> {
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
        let mut batches = self.table.batches()?;
        let mut rows = Some(0u64);
        Ok(Box::new(std::iter::from_fn(move || {
            let done = rows?;
            match batches.next() {
                Some(Ok(batch)) => {
                    rows = Some(done + batch.rows as u64);
                    Some(Ok(batch))
                }
                Some(Err(error)) => {
                    rows = None;
                    Some(Err(error))
                }
                None => {
                    rows = None;
                    self.end(done).err().map(Err)
                }
            }
        })))
    }
}
