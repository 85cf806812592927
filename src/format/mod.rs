//! The container: header, footer, directory, schema, pages and their checksums (spec, chapters 1 to 3). No coding.

pub(crate) mod appended;
pub(crate) mod checksum;
pub(crate) mod created_by;
pub(crate) mod directory;
pub(crate) mod features;
pub(crate) mod header;
pub(crate) mod identity;
pub(crate) mod image_shape;
pub(crate) mod key_values;
pub(crate) mod pages;
pub(crate) mod part;
pub(crate) mod schema;
pub(crate) mod schema_builder;
pub(crate) mod schema_bytes;
pub(crate) mod schema_rules;
pub(crate) mod sections;
pub(crate) mod storage_groups;
pub(crate) mod tables;

/// Every piece of a file starts at a multiple of this.
pub(crate) const ALIGN: u64 = 64;

/// The major and minor version that this crate writes.
pub const VERSION: (u16, u16) = (1, 0);

/// "None" in a u32 field.
pub(crate) const NONE: u32 = u32::MAX;

/// `offset` rounded up to the next piece's place.
pub(crate) fn align(offset: u64) -> u64 {
    offset.saturating_add(ALIGN - 1) / ALIGN * ALIGN
}
