//! The pipeline of batches from the file to a network's device.

#[cfg(feature = "cuda")]
use std::sync::mpsc::{Receiver, sync_channel};

use candle_core::{Device, Tensor};

use super::augment::{CropFlip, apply_crop_flips, pad_value};
#[cfg(feature = "cuda")]
use super::gpu::{CropFlipper, Cuda, Order, Resident, with_addresses};
use super::models::Network;
use super::train_config::{InputMode, TrainConfig};
use crate::error::{Error, Result};
#[cfg(feature = "cuda")]
use crate::sample::PixelFormat;
use crate::sample::{Epochs, Images, Labels, Loader, LoaderBatch, LoaderOptions, State};
use crate::train::candle_error::candle;

/// The last stage, by the place where batches become tensors.
pub(super) enum InputPipeline {
    /// In memory, with the value of a black pixel.
    Host { pad_value: Vec<f32>, device: Device },
    /// On a GPU, of bytes that are sent there.
    #[cfg(feature = "cuda")]
    Sent(Box<CropFlipper<Cuda>>),
    /// Decoded on a GPU, from compressed images in its memory.
    #[cfg(feature = "cuda")]
    Resident(Box<Resident<Cuda>>),
}

/// The rows of a step, and their images where the host decodes them.
pub(super) struct SampledBatch {
    pub epoch: u64,
    /// State of the draws after it.
    pub state: State,
    pub rows: Vec<u64>,
    pub labels: Vec<u32>,
    /// Their images, where the host decodes them.
    batch: Option<LoaderBatch>,
    /// Rows that a GPU decodes before it makes a batch of these: they are the first, the next batches' follow.
    #[cfg(feature = "cuda")]
    ahead: Vec<u64>,
}

impl SampledBatch {
    /// Rows without labels or images of their own.
    pub fn new(rows: &[u64]) -> Self {
        let labels = vec![0; rows.len()];
        Self {
            epoch: 0,
            state: State::default(),
            rows: rows.to_vec(),
            labels,
            batch: None,
            #[cfg(feature = "cuda")]
            ahead: Vec::new(),
        }
    }

    /// True for the last batch of its epoch.
    pub fn ends_epoch(&self) -> bool {
        self.state.epoch != self.epoch
    }
}

/// The source of sampled batches.
pub(super) enum SampledBatches<'scope> {
    Loader(Loader<'scope>),
    #[cfg(feature = "cuda")]
    Rows(Receiver<Result<SampledBatch>>),
}

impl InputPipeline {
    /// A pipeline to a device.
    ///
    /// # Errors
    /// `Argument` for a format that does not fit the images, for batches of none, or if the device lacks memory.
    pub fn new(config: &TrainConfig, images: &dyn Images, device: &Device) -> Result<Self> {
        if config.batch == 0 {
            return Err(Error::argument("a step is made of at least one image"));
        }
        #[cfg(feature = "cuda")]
        if let Device::Cuda(cuda) = device {
            // Products of matrices take float32 by its first 10 bits, as cuDNN's convolutions do.
            candle_core::cuda_backend::set_gemm_reduced_precision_f32(true);
            let (machine, format, most) = (Cuda(cuda.clone()), &config.format, config.batch);
            let (channels, height, width) = images.shape();
            return match config.input_mode {
                InputMode::Loader => CropFlipper::new(machine, [channels, height, width], format, [most; 2])
                    .map(|to| Self::Sent(Box::new(to))),
                InputMode::Resident => {
                    let packed = images
                        .packed()?
                        .ok_or_else(|| Error::argument("these images are not backed by a gede file"))?;
                    Resident::new(machine, &packed, format, most)
                        .map(|images| Self::Resident(Box::new(images)))
                }
            };
        }
        if config.input_mode == InputMode::Resident {
            return Err(Error::argument("images are kept compressed on a GPU only"));
        }
        let (channels, ..) = images.shape();
        config.format.tables(channels)?;
        Ok(Self::Host { pad_value: pad_value(&config.format), device: device.clone() })
    }

    /// Starts drawing in the background.
    ///
    /// # Errors
    /// As [`Loader::start`].
    pub fn draws<'scope, 'env>(
        &self,
        scope: &'scope std::thread::Scope<'scope, 'env>,
        config: &TrainConfig,
        (images, labels): (&'scope dyn Images, &'scope dyn Labels),
        epochs: Epochs<'scope>,
    ) -> Result<SampledBatches<'scope>> {
        let batch = even(epochs.rows(), config.batch);
        let options = LoaderOptions { batch, threads: config.threads, ..LoaderOptions::default() };
        let format = match self {
            Self::Host { .. } => config.format.clone(),
            #[cfg(feature = "cuda")]
            Self::Sent(_) => PixelFormat::Bytes,
            #[cfg(feature = "cuda")]
            Self::Resident(images) => {
                let together = images.room() / config.batch.max(1);
                let (to, from) = sync_channel(2 * together);
                scope.spawn(move || {
                    let mut epochs = epochs;
                    loop {
                        let all = match sample_ahead(&mut epochs, labels, batch, together) {
                            Ok(all) => all.into_iter().map(Ok).collect(),
                            Err(error) => vec![Err(error)],
                        };
                        let last = all.is_empty() || all.iter().any(Result::is_err);
                        // Sending fails once the run has ended, by an error or early.
                        if all.into_iter().any(|one| to.send(one).is_err()) || last {
                            break;
                        }
                    }
                });
                return Ok(SampledBatches::Rows(from));
            }
        };
        Loader::start(scope, images, Some(labels), epochs, LoaderOptions { format, ..options })
            .map(SampledBatches::Loader)
    }

    /// Images `[B, H, W, C]`, float32, shifted and flipped, and their classes `[B]`.
    ///
    /// # Errors
    /// `Argument` if Candle refuses.
    pub fn tensors(&mut self, sampled: &SampledBatch, crop_flips: &[CropFlip]) -> Result<(Tensor, Tensor)> {
        match self {
            Self::Host { pad_value, device } => {
                let Some(batch) = &sampled.batch else {
                    return Err(Error::argument("a batch without images"));
                };
                let (count, channels, height, width) = batch.shape();
                let values = apply_crop_flips(batch, crop_flips, pad_value);
                let images = Tensor::from_vec(values, (count, height, width, channels), device);
                let labels = Tensor::from_slice(&sampled.labels, count, device);
                Ok((images.map_err(candle)?, labels.map_err(candle)?))
            }
            #[cfg(feature = "cuda")]
            Self::Sent(to) => {
                let (orders, out) = (orders(sampled, crop_flips)?, on_gpu(to, sampled).map_err(candle)?);
                let Some(sample) = &sampled.batch else {
                    return Err(Error::argument("a batch without images"));
                };
                let crate::sample::Pixels::Bytes(bytes) = sample.pixels() else {
                    return Err(Error::argument("a batch that is not of bytes"));
                };
                // SAFETY: the tensor has room for them.
                with_addresses([&out.0], |[at]| unsafe { to.load(bytes, &orders, at) }).map_err(candle)?;
                Ok(out)
            }
            #[cfg(feature = "cuda")]
            Self::Resident(images) => {
                if !sampled.ahead.is_empty() {
                    images.decode(&sampled.ahead)?;
                }
                let (orders, out) =
                    (orders(sampled, crop_flips)?, on_gpu(images.flipper(), sampled).map_err(candle)?);
                // SAFETY: the tensor has room for them.
                with_addresses([&out.0], |[at]| Ok(unsafe { images.take(&orders, at) }))
                    .map_err(candle)??;
                Ok(out)
            }
        }
    }

    /// Checks all batches so far for damage: a GPU reports it only after the fact.
    ///
    /// # Errors
    /// `Corrupt` if not.
    pub fn check(&self) -> Result<()> {
        match self {
            #[cfg(feature = "cuda")]
            Self::Resident(images) => images.check(),
            _ => Ok(()),
        }
    }
}

/// Calls `work` with the batches of epochs, unchanged images and classes, decoded by a loader.
///
/// # Errors
/// Errors of reading and of the work.
pub(super) fn each_batch(
    config: &TrainConfig,
    network: &dyn Network,
    (images, labels): (&dyn Images, &dyn Labels),
    epochs: Epochs,
    mut work: impl FnMut(&SampledBatch, &Tensor, &Tensor) -> Result<()>,
) -> Result<()> {
    let config = TrainConfig { input_mode: InputMode::Loader, ..config.clone() };
    let mut pipeline = InputPipeline::new(&config, images, &network.device())?;
    std::thread::scope(|scope| {
        let mut draws = pipeline.draws(scope, &config, (images, labels), epochs)?;
        while let Some(sampled) = draws.next()? {
            let (images, labels) = pipeline.tensors(&sampled, &[])?;
            work(&sampled, &images, &labels)?;
        }
        Ok(())
    })
}

impl SampledBatches<'_> {
    /// The next rows; `None` after the last epoch.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn next(&mut self) -> Result<Option<SampledBatch>> {
        match self {
            Self::Loader(loader) => {
                let Some(batch) = loader.next().transpose()? else { return Ok(None) };
                let (epoch, state) = (batch.epoch(), batch.state());
                let (rows, labels) = (batch.rows().to_vec(), batch.labels().to_vec());
                Ok(Some(SampledBatch {
                    epoch,
                    state,
                    batch: Some(batch),
                    labels,
                    ..SampledBatch::new(&rows)
                }))
            }
            #[cfg(feature = "cuda")]
            Self::Rows(sampled) => sampled.recv().ok().transpose(),
        }
    }
}

/// Rows of a batch if `rows` are cut into the fewest batches of at most `most`, all of a size: a small rest would be a step as
/// long as any other on a GPU, and its batch statistics noise.
fn even(rows: u64, most: usize) -> usize {
    let batches = rows.div_ceil(most.max(1) as u64).max(1);
    usize::try_from(rows.div_ceil(batches)).map_or(most, |even| even.min(most))
}

/// Several batches together; the first names the rows of all.
#[cfg(feature = "cuda")]
fn sample_ahead(
    epochs: &mut Epochs,
    labels: &dyn Labels,
    most: usize,
    together: usize,
) -> Result<Vec<SampledBatch>> {
    let (mut all, mut ahead) = (Vec::new(), Vec::new());
    for _ in 0..together {
        let (epoch, mut rows) = (epochs.state().epoch, Vec::new());
        epochs.next_rows(most, &mut rows)?;
        if rows.is_empty() {
            break;
        }
        ahead.extend(&rows);
        let mut numbers = vec![0; rows.len()];
        labels.numbers(&rows, &mut numbers)?;
        let state = epochs.state();
        all.push(SampledBatch { epoch, state, rows, labels: numbers, batch: None, ahead: Vec::new() });
    }
    if let Some(first) = all.first_mut() {
        first.ahead = ahead;
    }
    Ok(all)
}

/// Order for a batch to a GPU.
#[cfg(feature = "cuda")]
fn orders(sampled: &SampledBatch, crop_flips: &[CropFlip]) -> Result<Vec<Order>> {
    let crop_flips = crop_flips.iter().copied().chain(std::iter::repeat(CropFlip::default()));
    let order = |(&row, crop_flip): (&u64, CropFlip)| {
        let row =
            u32::try_from(row).map_err(|_| Error::argument(format!("row {row} is too many for a GPU")))?;
        Ok(Order {
            row,
            down: crop_flip.down as i32,
            right: crop_flip.right as i32,
            mirrored: crop_flip.mirrored.into(),
        })
    };
    sampled.rows.iter().zip(crop_flips).map(order).collect()
}

/// Room for images, and the classes.
#[cfg(feature = "cuda")]
fn on_gpu(flipper: &CropFlipper<Cuda>, sampled: &SampledBatch) -> candle_core::Result<(Tensor, Tensor)> {
    let (device, a) = (Device::Cuda(flipper.machine.0.clone()), &flipper.arguments);
    let shape = (sampled.rows.len(), a.height as usize, a.width as usize, a.channels as usize);
    // SAFETY: all of it is written before it is read.
    let images = unsafe { Tensor::empty(shape, candle_core::DType::F32, &device) }?;
    Ok((images, Tensor::from_slice(&sampled.labels, sampled.labels.len(), &device)?))
}
