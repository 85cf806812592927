//! Writing: passes over a table, segments, commit.

mod block;
mod commit;
mod file;
mod segments;
mod storage;
mod strings;
mod table;

pub use storage::{Disk, Output, Storage};
pub use table::{Batches, Table};
