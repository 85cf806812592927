//! Regrouping rows class by class through a spill file.

use std::io::{BufWriter, Write};

use crate::column::values::Batch;
use crate::error::{Error, Result};
use crate::files::scratch::{Scratch, Stream};
use crate::files::scratch_space::ScratchSpace;
use crate::format::schema::Schema;
use crate::summary::cells::labels::Labels;
use crate::write::spool::{Spool, SpooledBatch};
use crate::write::table::{Batches, Table};

/// Rows kept in memory before they are spilled.
const KEPT_BYTES: usize = 32 << 20;

/// Bytes of a row's class while rows are regrouped.
pub(crate) const CODE: usize = 4;

/// The rows of a table by class, in a file that is gone when this is dropped.
pub(crate) struct ByClass<'a> {
    schema: &'a Schema,
    spool: Spool,
    /// Places of each class's parts in the spool.
    parts: Vec<Vec<SpooledBatch>>,
    /// Rows of each class.
    pub rows: Vec<u64>,
    /// The class of every row, `CODE` bytes each, in table order.
    pub codes: Box<dyn Scratch>,
}

impl<'a> ByClass<'a> {
    /// Reads the table once and spills it.
    pub fn regroup(
        table: &'a dyn Table,
        node: usize,
        labels: &Labels,
        space: &ScratchSpace,
        progress: &dyn Fn(u64) -> Result<()>,
    ) -> Result<Self> {
        let schema = table.schema();
        let failed = |e| Error::io(space.doing("spilling rows"), e);
        let (mut spool, codes_file) = (Spool::new(space)?, space.file().map_err(failed)?);
        let (mut parts, mut rows) = (vec![Vec::new(); labels.len()], vec![0; labels.len()]);
        let mut spill_all = |kept: &mut [Batch]| -> Result<()> {
            for (batch, parts) in kept.iter_mut().zip(&mut parts).filter(|(b, _)| b.rows > 0) {
                parts.push(spool.push(batch)?);
                *batch = Batch::empty(schema);
            }
            Ok(())
        };
        let mut codes = BufWriter::with_capacity(1 << 16, Stream::writer(&*codes_file, 0));
        let mut kept: Vec<Batch> = Vec::new();
        kept.resize_with(labels.len(), || Batch::empty(schema));
        let (mut bytes, mut done) = (kept.iter().map(Batch::bytes).sum::<usize>(), 0u64);
        // The rows of a batch by class, and the classes that it has.
        let mut runs: Vec<Vec<std::ops::Range<usize>>> = vec![Vec::new(); labels.len()];
        let mut found = Vec::new();
        for batch in table.batches()? {
            let batch = batch?;
            batch.check(schema)?;
            let classes = labels.classes(&batch.columns[node], batch.rows)?;
            for (row, &class) in classes.iter().enumerate() {
                codes.write_all(&class.to_le_bytes()).map_err(failed)?;
                let runs = &mut runs[class as usize];
                match runs.last_mut() {
                    Some(run) if run.end == row => run.end += 1,
                    last => {
                        found.extend(last.is_none().then_some(class as usize));
                        runs.push(row..row + 1);
                    }
                }
            }
            for class in found.drain(..) {
                let (kept, runs) = (&mut kept[class], std::mem::take(&mut runs[class]));
                rows[class] += runs.iter().map(|run| run.len() as u64).sum::<u64>();
                bytes -= kept.bytes();
                kept.append_runs(schema, &batch, runs.into_iter());
                bytes += kept.bytes();
            }
            if bytes > KEPT_BYTES {
                spill_all(&mut kept)?;
                bytes = kept.iter().map(Batch::bytes).sum();
            }
            done += batch.rows as u64;
            progress(done)?;
        }
        spill_all(&mut kept)?;
        codes.flush().map_err(failed)?;
        drop(codes);
        Ok(Self { schema, spool, parts, rows, codes: codes_file })
    }

    /// The rows of one class, in table order.
    pub fn batches(&self, class: usize) -> Batches<'_> {
        Box::new(self.parts[class].iter().map(|&part| self.spool.batch(part, self.schema)))
    }
}
