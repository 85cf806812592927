//! Writing: passes over a table, segments, commit.

mod choose_cells;
mod classes;
mod commit;
mod coreset;
mod file;
mod index;
mod merged;
pub(crate) mod options;
pub(crate) mod passes;
mod pipeline;
mod read_back;
mod repeated;
pub(crate) mod report;
pub(crate) mod roles;
pub(crate) mod segments;
mod survey;
pub(crate) mod table;

pub use merged::merge_condensed;
pub use options::Options;
pub use passes::{Progress, write, write_to};
pub use report::{ColumnRoles, Report, TargetColumn};
pub use table::{Batches, Table};

pub use crate::codec::coding::{ImageTransform, Layout, Part};
pub use crate::files::file_system::{Disk, Output, Storage};
pub use crate::files::new_file::NewFile;
pub use crate::files::scratch::Scratch;
pub use crate::files::temporary::{TemporaryFolder, remove_temporaries};
pub use crate::summary::cells::options::{CellLimit, TargetKind};
pub use crate::summary::cells::section::MAX_CELLS;
