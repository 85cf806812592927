//! A file's images on a GPU, for users' training loops.

use candle_core::{Device, Tensor};

use super::augment::Augment;
use super::intake::{Drawn, Intake};
use super::training::{Feed, Training};
use crate::error::Result;
use crate::sample::{Images, PixelFormat};
use crate::train::split::generator;

/// Images kept on a GPU as compressed as in the file, and decoded there into batches.
pub struct ResidentImages {
    intake: Intake,
}

debug_fields!([] ResidentImages {  });

impl ResidentImages {
    /// Copies the images to a device; batches have at most `batch` of them, in a format.
    ///
    /// # Errors
    /// `Argument` if the device is no GPU or has not the memory, or for a format that does not fit the channels; what
    /// reading the file brings.
    pub fn new(images: &dyn Images, format: &PixelFormat, batch: usize, device: &Device) -> Result<Self> {
        let training =
            Training { batch, format: format.clone(), feed: Feed::Resident, ..Training::default() };
        Ok(Self { intake: Intake::new(&training, images, device)? })
    }

    /// The images of rows [B, H, W, C], float32, in the order given, each moved at random from a seed if so wanted.
    ///
    /// # Errors
    /// `Argument` for a row that is not there or for more rows than a batch has.
    pub fn batch(&mut self, rows: &[u64], augment: Option<(Augment, u64)>) -> Result<Tensor> {
        let poses = augment.map(|(augment, seed)| augment.poses(rows.len(), &mut generator(seed)));
        let (images, _) = self.intake.tensors(&Drawn::of(rows), &poses.unwrap_or_default())?;
        Ok(images)
    }

    /// Waits for the batches made so far.
    ///
    /// # Errors
    /// `Corrupt` if a record of one of their images was damaged.
    pub fn check(&self) -> Result<()> {
        self.intake.check()
    }
}
