//! One folder per coding: its byte layout, encoder, decoder and kernels (spec, section 4).

pub(crate) mod block;
pub(crate) mod block_entry;
pub(crate) mod coding;
pub(crate) mod context;
pub(crate) mod dct;
pub(crate) mod encode;
pub(crate) mod encoded_block;
pub(crate) mod fixed;
pub(crate) mod grouped;
pub(crate) mod head;
pub(crate) mod images;
pub(crate) mod lanes;
#[cfg(feature = "images")]
pub(crate) mod picture;
pub(crate) mod piece;
pub(crate) mod row_selection;
pub(crate) mod strings;
pub(crate) mod tiles;
pub(crate) mod transform;
