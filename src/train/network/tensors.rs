//! Batches of images as Candle tensors.

use candle_core::{Device, Tensor};

use crate::error::Result;
use crate::sample::{LoaderBatch, Pixels};
use crate::train::candle_error::candle;

impl LoaderBatch {
    /// The images `[B, C, H, W]`, u8 or f32 as the loader makes them, and the labels `[B]`, u32, which are of
    /// length 0 without labels. What a tensor holds is copied.
    ///
    /// # Errors
    /// `Argument` if the device refuses.
    pub fn tensors(&self, device: &Device) -> Result<(Tensor, Tensor)> {
        let shape = self.shape();
        let images = match self.pixels() {
            Pixels::Bytes(bytes) => Tensor::from_slice(bytes, shape, device),
            Pixels::Floats(floats) => Tensor::from_slice(floats, shape, device),
        };
        let labels = Tensor::from_slice(self.labels(), self.labels().len(), device);
        Ok((images.map_err(candle)?, labels.map_err(candle)?))
    }
}
