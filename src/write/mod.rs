//! Writing: passes over a table, segments, commit.

mod table;

pub use table::{Batches, Table};
