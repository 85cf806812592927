//! Reading: open, take, scan. The core does no input or output: it asks a `ByteSource` for byte ranges, and decodes them.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

mod account;
mod aggregates;
mod bases;
mod cache;
pub(crate) mod cell_rows;
mod columns;
pub(crate) mod condensed;
mod condensed_table;
mod decode;
mod filter;
pub(crate) mod images;
mod items;
pub(crate) mod lists;
mod metadata;
pub(crate) mod open_tables;
mod output;
#[cfg_attr(not(any(feature = "cuda", test)), allow(dead_code, reason = "decoded on a GPU"))]
pub(crate) mod packed;
mod passing;
pub(crate) mod predicate;
pub(crate) mod projection;
pub(crate) mod reader;
mod row_order;
mod salvage;
pub(crate) mod scan;
pub(crate) mod segment;
pub(crate) mod statistics;
pub(crate) mod statistics_view;
pub(crate) mod summaries;
pub(crate) mod table;
mod take;
pub(crate) mod value;

pub use account::Account;
pub use aggregates::{ColumnStatistics, StatisticsTable};
pub use columns::{ColumnAccount, ColumnBits, GroupBits};
pub use images::ImageColumn;
pub use packed::PackedImages;
pub use predicate::{Comparison, Predicate};
pub use projection::Projection;
pub use scan::Scan;
pub use value::Value;

pub use crate::files::byte_source::{ByteSource, FileSource};
pub use crate::format::identity::Identity;
pub use crate::format::part::FilePart;
pub use crate::summary::sample_index::Class;
