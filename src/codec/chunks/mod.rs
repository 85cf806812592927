//! Chunked records: some rows together, each field in whole bytes, compressed by zstd (RFC 8878). For tables whose rows are
//! read many at a time, as items of lists are: a single row costs its whole chunk.

pub(crate) mod cut;
pub(crate) mod frames;
pub(crate) mod head;
pub(crate) mod records;
pub(crate) mod trained;

use crate::format::features::Feature;

/// The feature of chunked records, and of the dictionaries of their frames.
pub(crate) const FEATURE: Feature = Feature::required(3, "chunked records");

/// Bytes of a chunk's fields, at most.
pub(crate) const CHUNK_BYTES: u64 = 4096;
/// Bytes of a dictionary of frames, at most.
pub(crate) const DICTIONARY_BYTES: usize = 65_536;
