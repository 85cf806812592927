//! A file's images on a GPU, for users' training loops.

use candle_core::{Device, Tensor};

use super::augment::Augment;
use super::input_pipeline::{InputPipeline, SampledBatch};
use super::train_config::{InputMode, TrainConfig};
use crate::error::Result;
use crate::sample::{Images, PixelFormat};
use crate::train::split::generator;

/// Images kept on a GPU as compressed as in the file, and decoded there into batches.
pub struct ResidentImages {
    pipeline: InputPipeline,
}

debug_fields!([] ResidentImages {  });

impl ResidentImages {
    /// Copies the images to a device; batches have at most `batch` of them, in a format.
    ///
    /// # Errors
    /// `Argument` if the device is no GPU or lacks memory, or for a format that does not fit the channels; errors of
    /// reading the file.
    pub fn new(images: &dyn Images, format: &PixelFormat, batch: usize, device: &Device) -> Result<Self> {
        let config = TrainConfig {
            batch,
            format: format.clone(),
            input_mode: InputMode::Resident,
            ..TrainConfig::default()
        };
        Ok(Self { pipeline: InputPipeline::new(&config, images, device)? })
    }

    /// The images of rows `[B, H, W, C]`, float32, in the order given, each moved at random from a seed if so wanted.
    ///
    /// # Errors
    /// `Argument` for a row that is not there or for more rows than a batch has.
    pub fn batch(&mut self, rows: &[u64], augment: Option<(Augment, u64)>) -> Result<Tensor> {
        let crop_flips = match augment {
            Some((augment, seed)) => augment.crop_flips(rows.len(), &mut generator(seed)),
            None => Vec::new(),
        };
        let (images, _) = self.pipeline.tensors(&SampledBatch::new(rows), &crop_flips)?;
        Ok(images)
    }

    /// Waits for the batches made so far.
    ///
    /// # Errors
    /// `Corrupt` if a record of one of their images was damaged.
    pub fn check(&self) -> Result<()> {
        self.pipeline.check()
    }
}
