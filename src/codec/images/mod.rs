//! Columns of images: blocks of tiles, pixels or cosine coefficients.

pub(crate) mod block;
pub(crate) mod encode;
