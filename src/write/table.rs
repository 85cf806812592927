//! The input of a writer: a table that can be read more than once.

use crate::column::values::{Batch, Values};
use crate::error::Result;
use crate::format::schema::Schema;

/// The batches of one pass, in table order.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<Batch>> + Send + 'a>;

/// A table to be written. The writer makes up to five passes; one that gives another number of rows than an earlier
/// one, or than `rows` says, is an error.
pub trait Table: Sync {
    /// The physical schema.
    fn schema(&self) -> &Schema;

    /// The encapsulated Arrow IPC schema message, to be stored beside it.
    fn arrow_schema(&self) -> Option<&[u8]> {
        None
    }

    /// Dictionaries whose order must be kept: node and strings (`Values::Bytes`), all of the node's
    /// values among them. Other strings get sorted dictionaries where these are smaller.
    fn dictionaries(&self) -> &[(usize, Values)] {
        &[]
    }

    /// The number of rows, where it is known before the first pass.
    fn rows(&self) -> Option<u64> {
        None
    }

    /// Starts a pass. Batches hold all nodes in schema order and at least one row; the writer cuts
    /// them into segments.
    ///
    /// # Errors
    /// Whatever keeps the input from being read.
    fn batches(&self) -> Result<Batches<'_>>;
}

/// Calls with every batch of a pass, checked against the schema. The next one is read meanwhile.
pub(crate) fn for_each_batch(
    table: &dyn Table,
    mut with: impl FnMut(Batch) -> Result<()> + Send,
) -> Result<()> {
    let mut batches = table.batches()?;
    let mut next = batches.next().transpose()?;
    while let Some(batch) = next {
        batch.check(table.schema())?;
        let (done, ahead) = rayon::join(|| with(batch), || batches.next().transpose());
        done?;
        next = ahead?;
    }
    Ok(())
}
