//! Writing: passes over a table, segments, commit.

mod block;
mod cells;
mod classes;
mod commit;
mod coreset;
mod cut;
mod file;
mod grouped;
mod images;
mod index;
mod interned;
mod labels;
mod merged;
mod moments;
mod new_file;
mod options;
mod passes;
mod pipeline;
mod read_back;
mod repeated;
mod roles;
mod scratch;
mod segments;
mod spill;
mod storage;
mod strings;
mod survey;
mod symbols;
mod table;
mod temporary;

pub use crate::format::MAX_CELLS;
pub(crate) use cells::CellPlan;
pub use merged::merge_condensed;
pub(crate) use moments::MomentPlan;
pub use new_file::NewFile;
#[cfg(feature = "arrow")]
pub(crate) use new_file::{cannot_write, folder};
pub use options::{CellLimit, ImageTransform, Layout, Options, Part, Report, TargetKind};
pub use passes::{Progress, write, write_to};
pub use roles::{ColumnRoles, TargetColumn};
pub use scratch::Scratch;
pub(crate) use spill::{Covariances, Limit, Totals};
pub use storage::{Disk, Output, Storage};
pub use table::{Batches, Table};
pub use temporary::{TemporaryFolder, remove_temporaries};
