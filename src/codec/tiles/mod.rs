//! Tile records: lossless images as tiles of prediction residuals (spec, chapter 8).

#[cfg(target_arch = "x86_64")]
pub(crate) mod bands;
pub(crate) mod choose;
pub(crate) mod coder;
pub(crate) mod colour;
pub(crate) mod covers;
pub(crate) mod encode;
pub(crate) mod groups;
pub(crate) mod head;
pub(crate) mod layout;
pub(crate) mod planes;
pub(crate) mod predict;
pub(crate) mod prune;
pub(crate) mod trials;
pub(crate) mod unpack;
