//! The maths of image coding: pixels in, integers out, and back bit for bit (spec, section 8).

mod errors;
mod shape;

pub use errors::ImageErrors;
pub use shape::ImageShape;

pub(crate) use stub::*;
mod stub {
    use super::ImageShape;
    use crate::error::*;
    #[derive(Default)]
    pub struct DctScratch;
    #[derive(Default)]
    pub struct TileScratch;
    pub struct Dct;
    pub struct TileCoder;
    impl Dct {
        pub fn new(_: ImageShape) -> Self {
            Dct
        }
        pub fn inverse(&self, _: &[i32], _: &mut [u8], _: &mut DctScratch) {}
        pub fn forward(&self, _: &[u8], _: &mut [i32]) {}
    }
    impl TileCoder {
        pub fn from_bytes(_: ImageShape, _: &[u8], _: &[u8], _: u64) -> Result<Self> {
            Err(Error::corrupt("x"))
        }
        pub fn choose(_: ImageShape, _: &[u8]) -> Self {
            TileCoder
        }
        pub fn encode(&self, _: &[u8], _: &mut Vec<u8>) {}
        pub fn to_bytes(&self) -> (Vec<u8>, Vec<u8>, usize) {
            Default::default()
        }
        pub fn decode(&self, _: &[u8], _: &mut [u8], _: &mut TileScratch) -> Result<()> {
            Ok(())
        }
    }
}
