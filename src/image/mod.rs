//! The maths of image coding: an integer DCT, and a lossless coder. No files here.

mod axis;
#[cfg(target_arch = "x86_64")]
mod bands;
mod choose;
mod coder;
mod colour;
mod cosines;
mod covers;
mod dct;
mod encode;
mod errors;
mod groups;
mod inverse;
mod lanes;
mod parameters;
#[cfg(feature = "images")]
pub(crate) mod picture;
mod planes;
mod predict;
mod products;
mod prune;
mod shape;
mod trials;
mod unpack;

pub(crate) use coder::TileCoder;
#[cfg(any(feature = "cuda", test))]
pub(crate) use cosines::cosine_table;
pub(crate) use dct::{Dct, check_cosine_shape};
pub(crate) use encode::TileEncoder;
pub use errors::ImageErrors;
pub(crate) use inverse::DctScratch;
pub(crate) use planes::TileScratch;
pub use shape::ImageShape;
