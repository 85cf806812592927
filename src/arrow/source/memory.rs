//! Record batches in memory.

use super::{BatchSource, RecordBatches};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

/// Batches of one schema.
pub(crate) struct Memory {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

impl BatchSource for Memory {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.batches.iter().map(|b| b.num_rows() as u64).sum())
    }

    fn batches(&self) -> crate::Result<RecordBatches<'_>> {
        Ok(Box::new(self.batches.iter().cloned().map(Ok)))
    }
}
