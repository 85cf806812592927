//! Writing: passes over a table, segments, commit.

mod append;
mod choose_cells;
mod classes;
mod commit;
mod condensed_table;
mod coreset;
mod dictionaries;
mod file;
pub(crate) mod groups;
mod index;
mod known_strings;
mod merged;
pub(crate) mod options;
mod passes;
mod pipeline;
pub(crate) mod progress;
mod read_back;
mod repeated;
pub(crate) mod report;
pub(crate) mod roles;
pub(crate) mod segments;
mod spool;
mod statistics;
pub(crate) mod stream;
mod summaries;
mod survey;
pub(crate) mod table;
mod texts;
pub(crate) mod writer;

pub use groups::StorageGroups;
pub use merged::merge_condensed;
pub use options::{ImageOptions, LayoutOptions, Options};
pub use progress::Progress;
pub use report::{ColumnRoles, Report, TargetColumn};
pub use stream::BatchWriter;
pub use table::{Batches, Table};

pub use crate::codec::coding::{ImageTransform, Layout, Part};
pub use crate::files::file_system::{Disk, FileSystem, Output};
pub use crate::files::positioned::InPlace;
pub use crate::files::scratch::Scratch;
pub use crate::files::temporary::remove_temporaries;
pub use crate::summary::cells::options::{CellLimit, TargetKind};
pub use crate::summary::options::SummaryOptions;
pub use crate::summary::statistics::StatisticsPolicy;
