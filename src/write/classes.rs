//! Regrouping rows class by class through a spill file.

use std::io::{BufWriter, Write};

use crate::column::values::{Batch, Column, Values};
use crate::error::{Error, Result};
use crate::files::scratch::{Scratch, Stream};
use crate::files::scratch_space::ScratchSpace;
use crate::format::schema::Schema;
use crate::summary::cells::labels::Labels;
use crate::write::table::{Batches, Table};

/// Rows kept in memory before they are spilled.
const KEPT_BYTES: usize = 32 << 20;

/// The rows of a table by class, in a file that is gone when this is dropped.
pub(crate) struct ByClass<'a> {
    schema: &'a Schema,
    spill: Box<dyn Scratch>,
    /// The words for reading it, for errors.
    reading: String,
    /// Places of each class's parts in the spill file.
    parts: Vec<Vec<(u64, u64)>>,
    /// Rows of each class.
    pub rows: Vec<u64>,
    /// The class of every row, two bytes each, in table order.
    pub codes: Box<dyn Scratch>,
}

impl<'a> ByClass<'a> {
    /// Reads the table once and spills it.
    pub fn regroup(
        table: &'a dyn Table,
        node: usize,
        labels: &Labels,
        space: &ScratchSpace,
        progress: &dyn Fn(u64),
    ) -> Result<Self> {
        let schema = table.schema();
        let failed = |e| Error::io(space.doing("spilling rows"), e);
        let (spill, codes_file) = (space.file().map_err(failed)?, space.file().map_err(failed)?);
        let (mut parts, mut rows) = (vec![Vec::new(); labels.len()], vec![0; labels.len()]);
        let mut spill_all = |kept: &mut [Batch], end: &mut u64| -> std::io::Result<()> {
            for (batch, parts) in kept.iter_mut().zip(&mut parts).filter(|(b, _)| b.rows > 0) {
                let bytes = to_bytes(batch);
                spill.write_at(&bytes, *end)?;
                parts.push((*end, bytes.len() as u64));
                *end += bytes.len() as u64;
                *batch = Batch::empty(schema);
            }
            Ok(())
        };
        let mut codes = BufWriter::with_capacity(1 << 16, Stream::writer(&*codes_file, 0));
        let mut kept: Vec<Batch> = Vec::new();
        kept.resize_with(labels.len(), || Batch::empty(schema));
        let (mut end, mut done) = (0u64, 0u64);
        for batch in table.batches()? {
            let batch = batch?;
            batch.check(schema)?;
            let column =
                batch.columns.get(node).ok_or_else(|| Error::argument("the class column is missing"))?;
            let classes = labels.classes(column, batch.rows)?;
            let mut runs: Vec<Vec<std::ops::Range<usize>>> = vec![Vec::new(); labels.len()];
            for (row, &class) in classes.iter().enumerate() {
                codes.write_all(&(class as u16).to_le_bytes()).map_err(failed)?;
                let Some(runs) = runs.get_mut(class as usize) else { continue };
                match runs.last_mut() {
                    Some(run) if run.end == row => run.end += 1,
                    _ => runs.push(row..row + 1),
                }
            }
            for ((kept, runs), rows) in kept.iter_mut().zip(&runs).zip(&mut rows) {
                kept.append_runs(schema, &batch, runs.iter().cloned());
                *rows += runs.iter().map(|r| r.len() as u64).sum::<u64>();
            }
            if kept.iter().map(Batch::bytes).sum::<usize>() > KEPT_BYTES {
                spill_all(&mut kept, &mut end).map_err(failed)?;
            }
            done += batch.rows as u64;
            progress(done);
        }
        spill_all(&mut kept, &mut end).map_err(failed)?;
        codes.flush().map_err(failed)?;
        drop(codes);
        let reading = space.doing("reading spilled rows");
        Ok(Self { schema, spill, reading, parts, rows, codes: codes_file })
    }

    /// The rows of one class, in table order.
    pub fn batches(&self, class: usize) -> Batches<'_> {
        let parts = self.parts.get(class).map_or(&[][..], |p| p);
        Box::new(parts.iter().map(|&(offset, length)| {
            let failed = |e| Error::io(&self.reading, e);
            let mut bytes = vec![0; length as usize];
            self.spill.read_at(&mut bytes, offset).map_err(failed)?;
            from_bytes(&bytes, self.schema).ok_or_else(|| Error::corrupt("the spill file was changed"))
        }))
    }
}

/// A batch as bytes: rows, then each column's validity and values.
fn to_bytes(batch: &Batch) -> Vec<u8> {
    use zerocopy::IntoBytes;
    let mut out = Vec::with_capacity(batch.bytes() + 64);
    out.extend_from_slice(&(batch.rows as u64).to_le_bytes());
    for column in &batch.columns {
        if let Some(validity) = &column.validity {
            out.extend_from_slice(validity);
        }
        match &column.values {
            Values::None => {}
            Values::U8(v) => out.extend_from_slice(v),
            Values::U16(v) => out.extend_from_slice(v.as_bytes()),
            Values::U32(v) => out.extend_from_slice(v.as_bytes()),
            Values::U64(v) => out.extend_from_slice(v.as_bytes()),
            Values::U128(v) => out.extend_from_slice(v.as_bytes()),
            Values::Bytes { offsets, data } => {
                out.extend_from_slice(offsets.as_bytes());
                out.extend_from_slice(data);
            }
        }
    }
    out
}

fn from_bytes(bytes: &[u8], schema: &Schema) -> Option<Batch> {
    use zerocopy::FromBytes;
    fn numbers<T: FromBytes>(bytes: &mut &[u8], count: usize) -> Option<Vec<T>> {
        let (now, later) = bytes.split_at_checked(count.checked_mul(size_of::<T>())?)?;
        *bytes = later;
        now.chunks_exact(size_of::<T>()).map(|c| T::read_from_bytes(c).ok()).collect()
    }
    let mut rest = bytes;
    let rows = *numbers::<u64>(&mut rest, 1)?.first()? as usize;
    let mut columns = Vec::with_capacity(schema.nodes().len());
    for node in schema.nodes() {
        let validity = match node.nullable {
            true => Some(numbers(&mut rest, rows * node.instances as usize)?),
            false => None,
        };
        let count = rows * node.values_per_row();
        let values = match Values::empty(node) {
            Values::None => Values::None,
            Values::U8(_) => Values::U8(numbers(&mut rest, count)?),
            Values::U16(_) => Values::U16(numbers(&mut rest, count)?),
            Values::U32(_) => Values::U32(numbers(&mut rest, count)?),
            Values::U64(_) => Values::U64(numbers(&mut rest, count)?),
            Values::U128(_) => Values::U128(numbers(&mut rest, count)?),
            Values::Bytes { .. } => {
                let offsets: Vec<u64> = numbers(&mut rest, rows + 1)?;
                let data = numbers(&mut rest, *offsets.last()? as usize)?;
                Values::Bytes { offsets, data }
            }
        };
        columns.push(Column { validity, values });
    }
    rest.is_empty().then_some(Batch { rows, columns })
}
