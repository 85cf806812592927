//! Batches on their way from the file to a network's device.

#[cfg(feature = "cuda")]
use std::sync::mpsc::{Receiver, sync_channel};

use candle_core::{Device, Tensor};

use super::augment::{Pose, black, posed};
#[cfg(feature = "cuda")]
use super::gpu::{Cuda, Order, Posed, Resident, with_addresses};
use super::models::Network;
use super::training::{Feed, Training};
use crate::error::{Error, Result};
#[cfg(feature = "cuda")]
use crate::sample::PixelFormat;
use crate::sample::{Batch, Epochs, Images, Labels, Loader, LoaderOptions, State};
use crate::train::candle_error::candle;

/// Where batches become tensors.
pub(crate) enum Intake {
    /// In memory, with what a black pixel is.
    Host { black: Vec<f32>, device: Device },
    /// On a GPU, of bytes that are sent there.
    #[cfg(feature = "cuda")]
    Sent(Box<Posed<Cuda>>),
    /// Decoded on a GPU, from compressed images in its memory.
    #[cfg(feature = "cuda")]
    Resident(Box<Resident<Cuda>>),
}

/// Rows that were drawn.
pub(crate) struct Drawn {
    pub epoch: u64,
    /// Where the draws go on.
    pub state: State,
    pub rows: Vec<u64>,
    pub labels: Vec<u32>,
    /// Their images, where the host decodes them.
    batch: Option<Batch>,
    /// Rows that a GPU decodes before it makes a batch of these: they are the first, the next batches' follow.
    #[cfg(feature = "cuda")]
    ahead: Vec<u64>,
}

impl Drawn {
    /// Rows without labels or images of their own.
    pub fn of(rows: &[u64]) -> Self {
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

/// Source of row numbers.
pub(crate) enum Draws<'scope> {
    Loader(Loader<'scope>),
    #[cfg(feature = "cuda")]
    Rows(Receiver<Result<Drawn>>),
}

impl Intake {
    /// For a network on a device.
    ///
    /// # Errors
    /// `Argument` for a format that does not fit the images, for batches of none, or if the device has not the memory.
    pub fn new(training: &Training, images: &dyn Images, device: &Device) -> Result<Self> {
        if training.batch == 0 {
            return Err(Error::argument("a step is made of at least one image"));
        }
        #[cfg(feature = "cuda")]
        if let Device::Cuda(cuda) = device {
            // Products of matrices take float32 by its first 10 bits, as cuDNN's convolutions do.
            candle_core::cuda_backend::set_gemm_reduced_precision_f32(true);
            let (machine, format, most) = (Cuda(cuda.clone()), &training.format, training.batch);
            let (channels, height, width) = images.shape();
            return match training.feed {
                Feed::Loader => Posed::new(machine, [channels, height, width], format, [most; 2])
                    .map(|to| Self::Sent(Box::new(to))),
                Feed::Resident => {
                    let packed =
                        images.packed()?.ok_or_else(|| Error::argument("these images are of no file"))?;
                    Resident::new(machine, &packed, format, most)
                        .map(|images| Self::Resident(Box::new(images)))
                }
            };
        }
        if training.feed == Feed::Resident {
            return Err(Error::argument("images are kept compressed on a GPU only: the device is another"));
        }
        let (channels, ..) = images.shape();
        training.format.tables(channels)?;
        Ok(Self::Host { black: black(&training.format), device: device.clone() })
    }

    /// Begins to draw.
    ///
    /// # Errors
    /// As [`Loader::start`].
    pub fn draws<'scope, 'env>(
        &self,
        scope: &'scope std::thread::Scope<'scope, 'env>,
        training: &Training,
        (images, labels): (&'scope dyn Images, &'scope dyn Labels),
        epochs: Epochs<'scope>,
    ) -> Result<Draws<'scope>> {
        let batch = even(epochs.rows(), training.batch);
        let options = LoaderOptions { batch, threads: training.threads, ..LoaderOptions::default() };
        let format = match self {
            Self::Host { .. } => training.format.clone(),
            #[cfg(feature = "cuda")]
            Self::Sent(_) => PixelFormat::Bytes,
            #[cfg(feature = "cuda")]
            Self::Resident(images) => {
                let together = images.room() / training.batch.max(1);
                let (to, from) = sync_channel(2 * together);
                scope.spawn(move || {
                    let mut epochs = epochs;
                    loop {
                        let all = match drawn(&mut epochs, labels, batch, together) {
                            Ok(all) => all.into_iter().map(Ok).collect(),
                            Err(error) => vec![Err(error)],
                        };
                        let last = all.is_empty() || all.iter().any(Result::is_err);
                        // Whether there is somebody who waits for them.
                        if all.into_iter().any(|one| to.send(one).is_err()) || last {
                            break;
                        }
                    }
                });
                return Ok(Draws::Rows(from));
            }
        };
        Loader::start(scope, images, Some(labels), epochs, LoaderOptions { format, ..options })
            .map(Draws::Loader)
    }

    /// Images [B, H, W, C], float32, each in its pose or as it is, and their classes [B].
    ///
    /// # Errors
    /// `Argument` if Candle refuses.
    pub fn tensors(&mut self, drawn: &Drawn, poses: &[Pose]) -> Result<(Tensor, Tensor)> {
        match self {
            Self::Host { black, device } => {
                let Some(batch) = &drawn.batch else { return Err(Error::argument("a batch without images")) };
                let (count, channels, height, width) = batch.shape();
                let values = posed(batch, poses, black);
                let images = Tensor::from_vec(values, (count, height, width, channels), device);
                let labels = Tensor::from_slice(&drawn.labels, count, device);
                Ok((images.map_err(candle)?, labels.map_err(candle)?))
            }
            #[cfg(feature = "cuda")]
            Self::Sent(to) => {
                let (orders, out) = (orders(drawn, poses)?, on_gpu(to, drawn).map_err(candle)?);
                let Some(sample) = &drawn.batch else {
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
                if !drawn.ahead.is_empty() {
                    images.decode(&drawn.ahead)?;
                }
                let (orders, out) = (orders(drawn, poses)?, on_gpu(images.posed(), drawn).map_err(candle)?);
                // SAFETY: the tensor has room for them.
                with_addresses([&out.0], |[at]| Ok(unsafe { images.take(&orders, at) }))
                    .map_err(candle)??;
                Ok(out)
            }
        }
    }

    /// Checks that all batches so far were sound, where this is only known afterwards.
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

/// Hands out the batches of epochs, images as they are and classes, decoded by a loader.
///
/// # Errors
/// Errors of reading and of the work.
pub(crate) fn each_batch(
    training: &Training,
    network: &dyn Network,
    (images, labels): (&dyn Images, &dyn Labels),
    epochs: Epochs,
    mut work: impl FnMut(&Drawn, &Tensor, &Tensor) -> Result<()>,
) -> Result<()> {
    let training = Training { feed: Feed::Loader, ..training.clone() };
    let mut intake = Intake::new(&training, images, &network.device())?;
    std::thread::scope(|scope| {
        let mut draws = intake.draws(scope, &training, (images, labels), epochs)?;
        while let Some(drawn) = draws.next()? {
            let (images, labels) = intake.tensors(&drawn, &[])?;
            work(&drawn, &images, &labels)?;
        }
        Ok(())
    })
}

impl Draws<'_> {
    /// The next rows; `None` after the last epoch.
    ///
    /// # Errors
    /// Errors of reading.
    pub fn next(&mut self) -> Result<Option<Drawn>> {
        match self {
            Self::Loader(loader) => {
                let Some(batch) = loader.next().transpose()? else { return Ok(None) };
                let (epoch, state) = (batch.epoch(), batch.state());
                let (rows, labels) = (batch.rows().to_vec(), batch.labels().to_vec());
                Ok(Some(Drawn { epoch, state, batch: Some(batch), labels, ..Drawn::of(&rows) }))
            }
            #[cfg(feature = "cuda")]
            Self::Rows(drawn) => drawn.recv().ok().transpose(),
        }
    }
}

/// Rows of a batch where `rows` are cut into as few batches of at most `most` as can be: alike, as few images left over
/// would make a step as long as any other, and statistics that are but noise.
fn even(rows: u64, most: usize) -> usize {
    let batches = rows.div_ceil(most.max(1) as u64).max(1);
    usize::try_from(rows.div_ceil(batches)).map_or(most, |even| even.min(most))
}

/// Several batches together; the first names the rows of all.
#[cfg(feature = "cuda")]
fn drawn(epochs: &mut Epochs, labels: &dyn Labels, most: usize, together: usize) -> Result<Vec<Drawn>> {
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
        all.push(Drawn { epoch, state, rows, labels: numbers, batch: None, ahead: Vec::new() });
    }
    if let Some(first) = all.first_mut() {
        first.ahead = ahead;
    }
    Ok(all)
}

/// Order for a batch to a GPU.
#[cfg(feature = "cuda")]
fn orders(drawn: &Drawn, poses: &[Pose]) -> Result<Vec<Order>> {
    let poses = poses.iter().copied().chain(std::iter::repeat(Pose::default()));
    let order = |(&row, pose): (&u64, Pose)| {
        let row =
            u32::try_from(row).map_err(|_| Error::argument(format!("row {row} is too many for a GPU")))?;
        Ok(Order { row, down: pose.down as i32, right: pose.right as i32, mirrored: pose.mirrored.into() })
    };
    drawn.rows.iter().zip(poses).map(order).collect()
}

/// Room for images, and the classes.
#[cfg(feature = "cuda")]
fn on_gpu(posed: &Posed<Cuda>, drawn: &Drawn) -> candle_core::Result<(Tensor, Tensor)> {
    let (device, a) = (Device::Cuda(posed.machine.0.clone()), &posed.arguments);
    let shape = (drawn.rows.len(), a.height as usize, a.width as usize, a.channels as usize);
    // SAFETY: all of it is written before it is read.
    let images = unsafe { Tensor::empty(shape, candle_core::DType::F32, &device) }?;
    Ok((images, Tensor::from_slice(&drawn.labels, drawn.labels.len(), &device)?))
}
