//! Chunked records: some rows together, each field in whole bytes, compressed by zstd (RFC 8878). For tables whose rows are
//! read many at a time, as items of lists are: a single row costs its whole chunk.

pub(crate) mod head;
pub(crate) mod records;

/// Bytes of a chunk's fields, at most.
pub(crate) const CHUNK_BYTES: u64 = 4096;
