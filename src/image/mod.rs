//! The maths of image coding: an integer DCT, and a lossless coder. No files here.

mod axis;
#[cfg(target_arch = "x86_64")]
mod bands;
mod choose;
mod coder;
mod colour;
mod cosines;
mod dct;
mod groups;
mod inverse;
mod lanes;
mod parameters;
mod planes;
mod predict;
mod products;
mod prune;
mod shape;
mod unpack;

#[cfg(test)]
mod vectors;

pub use coder::TileCoder;
pub use dct::Dct;
pub use inverse::DctScratch;
pub use planes::TileScratch;
pub use shape::ImageShape;
