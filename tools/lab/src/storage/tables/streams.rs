//! Coders of whole columns: small, but to have one row all of them must be decoded.

use std::hint::black_box;

use arrow::array::{Array, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, UInt16Type, UInt32Type, UInt64Type,
};
use gede::{Error, ErrorKind, Result};
use pco::ChunkConfig;
use pco::data_types::Number;
use pco::standalone::{simple_compress, simple_decompress};
use zstd::bulk;

use super::formats::Stored;
use super::rows::TableRow;
use super::set::TableSet;
use crate::storage::speed::passes;

const PCO_LEVEL: usize = 8;
const ZSTD_LEVEL: i32 = 9;

/// A coder of columns.
#[derive(Clone, Copy, PartialEq)]
pub enum Stream {
    /// Numbers by pcodec, others as zstd has them.
    Pcodec,
    /// The bytes of values, as Arrow has them.
    Zstd,
}

/// A column's bytes, and how they are decoded: anew each time, to nothing.
struct Coded {
    bytes: Vec<u8>,
    decode: fn(&[u8], usize) -> Result<()>,
    /// Bytes of the values.
    length: usize,
    /// A bit a row where there are nulls.
    validity: usize,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Argument, error.to_string())
}

impl Stream {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Pcodec, Self::Zstd];

    /// Its name in the CSV.
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Pcodec => ("pcodec", "level 8, a column at a time (strings by zstd 9)"),
            Self::Zstd => ("zstd", "level 9, a column at a time"),
        }
    }

    /// Codes and decodes a table.
    pub fn measure(self, set: &TableSet, blank: &TableRow) -> Result<TableRow> {
        let mut columns = Vec::new();
        let stored = Stored::timed(|| {
            columns = set.batch.columns().iter().map(|column| self.code(column)).collect::<Result<_>>()?;
            Ok(columns.iter().map(|c: &Coded| (c.bytes.len() + c.validity) as u64).sum())
        })?;
        let (format, what) = self.name();
        let mut row = stored.row(set, blank, format, what);
        let scan = passes(|| columns.iter().try_for_each(|c| (c.decode)(&c.bytes, c.length)))?;
        row.scan_ms = Some(scan.processor * 1e3);
        Ok(row)
    }

    fn code(self, column: &dyn Array) -> Result<Coded> {
        let validity = if column.null_count() > 0 { column.len().div_ceil(8) } else { 0 };
        let mut coded = match (self, column.data_type()) {
            (Self::Pcodec, DataType::Float32) => numbers(column.as_primitive::<Float32Type>()),
            (Self::Pcodec, DataType::Float64) => numbers(column.as_primitive::<Float64Type>()),
            (Self::Pcodec, DataType::Int16) => numbers(column.as_primitive::<Int16Type>()),
            (Self::Pcodec, DataType::Int32) => numbers(column.as_primitive::<Int32Type>()),
            (Self::Pcodec, DataType::UInt16) => numbers(column.as_primitive::<UInt16Type>()),
            (Self::Pcodec, DataType::UInt32) => numbers(column.as_primitive::<UInt32Type>()),
            (Self::Pcodec, DataType::UInt64) => numbers(column.as_primitive::<UInt64Type>()),
            (Self::Pcodec, kind) if kind.primitive_width() == Some(8) || kind.is_integer() => {
                numbers(cast(column, &DataType::Int64).map_err(failed)?.as_primitive::<Int64Type>())
            }
            _ => plain(column),
        }?;
        coded.validity = validity;
        Ok(coded)
    }
}

/// The numbers of a column that are there, by pcodec.
fn numbers<T: ArrowPrimitiveType<Native: Number>>(column: &PrimitiveArray<T>) -> Result<Coded> {
    let values: Vec<T::Native> = column.iter().flatten().collect();
    let bytes = simple_compress(&values, &ChunkConfig::default().with_compression_level(PCO_LEVEL))
        .map_err(failed)?;
    let decode = |bytes: &[u8], _: usize| {
        black_box(simple_decompress::<T::Native>(bytes).map_err(failed)?);
        Ok(())
    };
    let back: Vec<T::Native> = simple_decompress(&bytes).map_err(failed)?;
    let data = |values| PrimitiveArray::<T>::from_iter_values(values).to_data();
    if data(back) != data(values) {
        return Err(failed("pcodec: a value came back otherwise"));
    }
    Ok(Coded { bytes, decode, length: 0, validity: 0 })
}

/// The buffers of a column, by zstd.
fn plain(column: &dyn Array) -> Result<Coded> {
    let data = column.to_data();
    let mut values = Vec::new();
    data.buffers().iter().for_each(|buffer| values.extend_from_slice(buffer));
    let bytes = bulk::compress(&values, ZSTD_LEVEL).map_err(failed)?;
    let decode = |bytes: &[u8], length: usize| {
        black_box(bulk::decompress(bytes, length).map_err(failed)?);
        Ok(())
    };
    Ok(Coded { bytes, decode, length: values.len(), validity: 0 })
}
