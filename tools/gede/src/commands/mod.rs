//! The commands, one file each, and what they share.

pub mod append;
pub mod completions;
pub mod condensed;
pub mod convert;
pub mod count;
mod counted;
pub mod demo;
pub mod head;
pub mod info;
mod large;
pub mod merge;
pub mod optimize;
mod pictures;
mod row_values;
mod rows;
pub mod salvage;
pub mod sample;
pub mod take;
pub mod train;
pub mod verify;

pub(crate) use crate::input::open;
use arrow::error::ArrowError;
use gede::arrow::ArrowReader;
use gede::column::{Kind, Node, Schema};
use gede::read::{ByteSource, Projection};
use gede::{Error, ErrorKind, Reader, Result};
use std::path::Path;

/// An error of misuse.
pub fn misuse(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, what)
}

/// Refuses to replace a file unasked, before any work is done; who writes it looks again.
fn refuse_existing(output: &Path, overwrite: bool) -> Result<()> {
    // A link is taken, wherever it leads.
    if !overwrite && output.symlink_metadata().is_ok() {
        return Err(misuse(format!("{}: exists already; --overwrite replaces it", output.display())));
    }
    Ok(())
}

/// The named columns, or all, as record batches.
fn columns<'a, S: ByteSource>(reader: &'a Reader<S>, names: Option<&[String]>) -> Result<ArrowReader<'a, S>> {
    let projection = match names {
        Some(names) => Projection::columns(reader.schema(), names)?.with_large_lists(),
        None => Projection::all(reader.schema()).with_large_lists(),
    };
    ArrowReader::new(reader, &projection)
}

/// Names of the features and of the target that a file was written for.
fn columns_of_target<S: ByteSource>(reader: &Reader<S>) -> Result<(Vec<String>, String)> {
    if let Some(mut moments) = reader.moments()?.filter(|m| m.target)
        && let Some(target) = moments.columns.pop()
    {
        return Ok((moments.columns, target));
    }
    let condensed = reader.condensed_info()?.and_then(|c| Some((c.features, c.target?.0)));
    condensed.ok_or_else(|| misuse("names no target; convert with --target"))
}

/// An error that Arrow passed on from gede, or Arrow's own.
fn passed_on(error: ArrowError) -> Error {
    let text = error.to_string();
    let ours = match error {
        ArrowError::ExternalError(error) => error.downcast::<Error>().ok(),
        _ => None,
    };
    ours.map_or_else(|| Error::new(ErrorKind::Type, text), |error| *error)
}

/// Bytes of a row in memory, strings aside.
fn row_bytes(schema: &Schema) -> usize {
    schema.nodes().iter().map(row_bytes_of).sum()
}

/// Those of one node.
fn row_bytes_of(node: &Node) -> usize {
    (node.instances * node.lanes_per_instance.max(1)) as usize * usize::from(node.bits.max(8)) / 8
}

/// The paper's measure of a table: its pixels where it has images, else 8 bytes a value.
#[derive(Clone, Copy)]
struct RawSize {
    bytes: u64,
    what: &'static str,
}

impl RawSize {
    /// That of so many rows; none if there are no rows, or a column is neither of numbers nor of images.
    fn new(schema: &Schema, rows: u64) -> Option<Self> {
        let pixels: u64 =
            schema.nodes().iter().filter(|n| n.image.is_some()).map(|n| u64::from(n.length)).sum();
        let (a_row, what) = match pixels {
            0 => (8 * Self::values(schema)?, "8 bytes a value"),
            pixels => (pixels, "uint8 pixels"),
        };
        rows.checked_mul(a_row).filter(|&bytes| bytes > 0).map(|bytes| Self { bytes, what })
    }

    /// Numbers of a row.
    fn values(schema: &Schema) -> Option<u64> {
        let leaves = schema.nodes().iter().filter(|n| !matches!(n.kind, Kind::Struct | Kind::FixedList));
        let numbers = leaves.map(|n| {
            (!n.kind.is_bytes() && !matches!(n.kind, Kind::FixedBytes | Kind::List))
                .then_some(u64::from(n.instances))
        });
        numbers.sum()
    }
}
