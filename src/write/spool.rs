//! Batches in a scratch file.

use zerocopy::{FromBytes, IntoBytes};

use crate::column::values::{Batch, Column, Values};
use crate::error::{Error, Result};
use crate::files::scratch::Scratch;
use crate::files::scratch_space::ScratchSpace;
use crate::format::schema::Schema;

/// The place of a batch in a spool.
#[derive(Clone, Copy)]
pub(crate) struct SpooledBatch {
    offset: u64,
    length: u64,
}

/// A scratch file of batches, gone when it is dropped.
pub(crate) struct Spool {
    scratch: Box<dyn Scratch>,
    end: u64,
    /// Doing what, for errors.
    writing: String,
    reading: String,
}

impl Spool {
    /// An empty spool.
    pub fn new(space: &ScratchSpace) -> Result<Self> {
        let [writing, reading] = ["spilling rows", "reading spilled rows"].map(|what| space.doing(what));
        let scratch = space.file().map_err(|e| Error::io(&writing, e))?;
        Ok(Self { scratch, end: 0, writing, reading })
    }

    /// Appends a batch.
    pub fn push(&mut self, batch: &Batch) -> Result<SpooledBatch> {
        let bytes = to_bytes(batch);
        let place = SpooledBatch { offset: self.end, length: bytes.len() as u64 };
        self.scratch.write_at(&bytes, place.offset).map_err(|e| Error::io(&self.writing, e))?;
        self.end += place.length;
        Ok(place)
    }

    /// Reads a batch back.
    pub fn batch(&self, place: SpooledBatch, schema: &Schema) -> Result<Batch> {
        let mut bytes = vec![0; place.length as usize];
        self.scratch.read_at(&mut bytes, place.offset).map_err(|e| Error::io(&self.reading, e))?;
        from_bytes(&bytes, schema).ok_or_else(|| Error::corrupt("the spill file was changed"))
    }
}

/// A batch as bytes: rows, then each column's validity and values.
fn to_bytes(batch: &Batch) -> Vec<u8> {
    let mut out = Vec::with_capacity(batch.bytes() + 64);
    push_bytes(batch, &mut out);
    out
}

fn push_bytes(batch: &Batch, out: &mut Vec<u8>) {
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
            Values::Lists { offsets, items } => {
                out.extend_from_slice(offsets.as_bytes());
                push_bytes(items, out);
            }
        }
    }
}

fn from_bytes(bytes: &[u8], schema: &Schema) -> Option<Batch> {
    let mut rest = bytes;
    let batch = next_batch(&mut rest, schema)?;
    rest.is_empty().then_some(batch)
}

fn next_batch(rest: &mut &[u8], schema: &Schema) -> Option<Batch> {
    fn numbers<T: FromBytes>(bytes: &mut &[u8], count: usize) -> Option<Vec<T>> {
        let (now, later) = bytes.split_at_checked(count.checked_mul(size_of::<T>())?)?;
        *bytes = later;
        now.chunks_exact(size_of::<T>()).map(|c| T::read_from_bytes(c).ok()).collect()
    }
    let rows = *numbers::<u64>(rest, 1)?.first()? as usize;
    let mut columns = Vec::with_capacity(schema.nodes().len());
    for node in schema.nodes() {
        let validity = match node.nullable {
            true => Some(numbers(rest, rows * node.instances as usize)?),
            false => None,
        };
        let count = rows * node.values_per_row();
        let values = match Values::empty(node) {
            Values::None => Values::None,
            Values::U8(_) => Values::U8(numbers(rest, count)?),
            Values::U16(_) => Values::U16(numbers(rest, count)?),
            Values::U32(_) => Values::U32(numbers(rest, count)?),
            Values::U64(_) => Values::U64(numbers(rest, count)?),
            Values::U128(_) => Values::U128(numbers(rest, count)?),
            Values::Bytes { .. } => {
                let offsets: Vec<u64> = numbers(rest, rows + 1)?;
                let data = numbers(rest, *offsets.last()? as usize)?;
                Values::Bytes { offsets, data }
            }
            Values::Lists { .. } => {
                let offsets = numbers(rest, rows + 1)?;
                Values::Lists { offsets, items: next_batch(rest, node.items.as_deref()?)? }
            }
        };
        columns.push(Column { validity, values });
    }
    Some(Batch { rows, columns })
}
