//! Reading: open, blocks, take, scan. The core does no input or output: it asks a `Source` for
//! byte ranges, and decodes them.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

mod account;
mod block;
mod by_block;
mod cache;
mod cell_rows;
mod columns;
mod condensed_table;
mod decode;
mod dictionary;
mod exceptions;
mod fields;
mod grouped;
mod image_block;
mod images;
mod index;
mod limits;
#[cfg_attr(not(any(feature = "cuda", test)), allow(dead_code, reason = "decoded on a GPU"))]
mod packed;
mod pages;
mod prepare;
mod projection;
mod reader;
mod records;
mod row_fields;
mod rows;
mod salvage;
mod scan;
mod segment;
mod source;
mod store;
mod strings;
mod text_map;
mod verify;

use cell_rows::by_node;
pub(crate) use index::{GROUP, SAMPLE, level_parts};
use pages::Pages;

pub use account::{Account, Part};
pub use columns::{ColumnAccount, ColumnBits, GroupBits};
pub use images::ImageColumn;
pub use index::Class;
#[cfg(any(feature = "cuda", test))]
pub(crate) use packed::PackedBlock;
pub use packed::PackedImages;
pub use projection::Projection;
pub use reader::Reader;
pub use scan::Scan;
pub(crate) use segment::{Pieces, SegmentReader};
pub use source::{FileSource, Source};
