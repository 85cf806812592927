//! Parted records: lanes that repeat together are stored once a tuple, and a row map says which tuple a row has. What is sorted
//! repeats in runs, products of dimensions repeat with a period, and what follows from a key repeats with it.

pub(crate) mod encode;
pub(crate) mod head;
mod keys;
mod layout;
mod new_map;
mod part;
mod plan;
pub(crate) mod records;
mod row_map;

use crate::format::features::Feature;

/// The feature of parted records.
pub(crate) const FEATURE: Feature = Feature::required(4, "parted records");

/// Parts of a block, at most.
pub(crate) const MAX_PARTS: usize = 64;

/// Pieces of a part begin at multiples of so many bytes of the records; the first so many are zero, since place 0 is that of a
/// piece without bytes.
pub(crate) const PIECE_ALIGN: usize = 8;
