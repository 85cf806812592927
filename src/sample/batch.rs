//! Some images with their labels.

use std::sync::mpsc::Sender;

use super::State;
use crate::error::{Error, Result};

/// The values of the images of a batch, `[B, C, H, W]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// As they are stored.
    Bytes(Vec<u8>),
    /// As a [`PixelFormat::Floats`] says.
    Floats(Vec<f32>),
}

/// Form of the values of images.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PixelFormat {
    /// The bytes they are stored as.
    #[default]
    Bytes,
    /// `(byte / 255 - mean[c]) / std[c]` in channel `c`.
    Floats {
        /// A number a channel; none for 0 each.
        mean: Vec<f32>,
        /// A number a channel, none of them 0; none for 1 each.
        std: Vec<f32>,
    },
}

impl PixelFormat {
    /// Floats from 0 to 1.
    pub fn unit() -> Self {
        Self::Floats { mean: Vec::new(), std: Vec::new() }
    }

    /// For each channel the number of each of the 256 byte values; `None` if bytes stay bytes.
    ///
    /// # Errors
    /// `Argument` if there is not a finite mean and a usable deviation a channel.
    pub(crate) fn tables(&self, channels: usize) -> Result<Option<Vec<[f32; 256]>>> {
        let Self::Floats { mean, std } = self else { return Ok(None) };
        let fits = |numbers: &[f32]| numbers.is_empty() || numbers.len() == channels;
        let usable = mean.iter().all(|m| m.is_finite()) && std.iter().all(|s| s.is_normal());
        if !fits(mean) || !fits(std) || !usable {
            return Err(Error::argument(format!(
                "mean {mean:?} and deviation {std:?} are not one number for each of {channels} channels"
            )));
        }
        let table = |channel: usize| {
            let of =
                |numbers: &[f32], default: f32| if numbers.is_empty() { default } else { numbers[channel] };
            let (mean, std) = (of(mean, 0.0), of(std, 1.0));
            std::array::from_fn(|byte| (byte as f32 / 255.0 - mean) / std)
        };
        Ok(Some((0..channels).map(table).collect()))
    }
}

/// The memory of a batch.
pub(crate) struct Buffers {
    pub rows: Vec<u64>,
    pub labels: Vec<u32>,
    pub pixels: Pixels,
}

/// Images of an epoch, one after the other in one piece of memory, and their labels. When it is dropped,
/// its loader uses the memory again.
pub struct LoaderBatch {
    pub(crate) epoch: u64,
    pub(crate) state: State,
    pub(crate) shape: (usize, usize, usize),
    pub(crate) buffers: Buffers,
    pub(crate) home: Sender<Buffers>,
}

debug_fields!([] LoaderBatch { epoch, state, shape });

impl LoaderBatch {
    /// The epoch that the rows are of.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Where the epochs go on after this batch: a run that is resumed from here gets what would have come
    /// next.
    pub fn state(&self) -> State {
        self.state
    }

    /// True for the last batch of its epoch.
    pub fn ends_epoch(&self) -> bool {
        self.state.epoch != self.epoch
    }

    /// Batch size, channels, height and width.
    pub fn shape(&self) -> (usize, usize, usize, usize) {
        let (c, h, w) = self.shape;
        (self.buffers.rows.len(), c, h, w)
    }

    /// The rows of the file that the images are of.
    pub fn rows(&self) -> &[u64] {
        &self.buffers.rows
    }

    /// The class numbers, one an image; none without labels.
    pub fn labels(&self) -> &[u32] {
        &self.buffers.labels
    }

    /// The values of the images, `[B, C, H, W]`.
    pub fn pixels(&self) -> &Pixels {
        &self.buffers.pixels
    }
}

impl Drop for LoaderBatch {
    fn drop(&mut self) {
        let empty = Buffers { rows: Vec::new(), labels: Vec::new(), pixels: Pixels::Bytes(Vec::new()) };
        // If the loader is gone, so is the memory.
        let _ = self.home.send(std::mem::replace(&mut self.buffers, empty));
    }
}
