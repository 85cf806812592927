//! The maths of image coding: an integer DCT, and lossless prediction in tiles. No files here.

mod axis;
mod colour;
mod cosines;
mod dct;
mod inverse;
mod products;
mod shape;

pub use colour::Colour;
pub use dct::Dct;
pub use inverse::DctScratch;
pub use shape::ImageShape;
