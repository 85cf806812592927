//! Training networks on images straight from a file.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use candle_core::{D, DType, Tensor};

use super::augment::{Augment, black, tensors};
use super::checkpoint::{self, Standing};
use super::descent::candle;
use super::models::Network;
use super::sgd::{Schedule, Sgd, Steps};
use super::split::generator;
use crate::error::Result;
use crate::sample::{Amount, Draw, Epochs, Images, Labels, Loader, LoaderOptions, PixelFormat, State};

/// Keeps the random numbers of steps apart (2^64 over the golden ratio).
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// How a network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Epochs, each of the rows that a draw gives.
    pub epochs: u64,
    /// Images a step.
    pub batch: usize,
    /// Highest learning rate.
    pub rate: f64,
    /// How it falls, step by step over all epochs.
    pub schedule: Schedule,
    /// How a step is made.
    pub sgd: Sgd,
    /// What the images' values become.
    pub format: PixelFormat,
    /// What is done to images at random while they are trained on.
    pub augment: Option<Augment>,
    /// Seed of the rows.
    pub seed: u64,
    /// Threads that decode; 0 for as many as there are processors.
    pub threads: usize,
    /// A file that every epoch leaves behind, as safetensors. If it is there when a run begins, the run goes on from it,
    /// to the same weights as without a stop.
    pub checkpoint: Option<PathBuf>,
}

impl Default for Training {
    /// The paper's recipe for LeNet5.
    fn default() -> Self {
        Self {
            epochs: 100,
            batch: 128,
            rate: 0.05,
            schedule: Schedule::Cosine,
            sgd: Sgd::default(),
            format: PixelFormat::unit(),
            augment: None,
            seed: 1,
            threads: 1,
            checkpoint: None,
        }
    }
}

/// What an epoch came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochReport {
    /// Its number; the first is 0.
    pub epoch: u64,
    /// Images of it.
    pub images: u64,
    /// Mean loss over its steps, each before it was made.
    pub loss: f64,
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trained {
    /// Epoch by epoch.
    pub epochs: Vec<EpochReport>,
    /// Images trained on, all epochs together.
    pub images: u64,
    /// Steps made.
    pub steps: u64,
    /// Seconds from the first batch asked for to the last step.
    pub seconds: f64,
    /// Seconds of them that steps waited for images.
    pub waited: f64,
}

impl Training {
    /// Trains on the rows that are drawn for each epoch, telling of every epoch.
    ///
    /// # Errors
    /// `Argument` for what cannot be drawn or computed; `Input` for a checkpoint of another run; what reading and
    /// writing bring.
    pub fn run(
        &self,
        network: &dyn Network,
        images: &dyn Images,
        labels: &dyn Labels,
        (draw, amount): (Draw, Amount),
        tell: &mut dyn FnMut(&EpochReport),
    ) -> Result<Trained> {
        let rows = amount.of(&draw)?;
        let steps = self.epochs * rows.div_ceil(self.batch as u64);
        let mut moving = Steps::new(self.sgd, network.variables().into_iter().map(|(_, variable)| variable));
        let recipe = self.recipe(&draw, rows)?;
        let before = match &self.checkpoint {
            Some(path) => checkpoint::resume(path, &recipe, network, &mut moving)?,
            None => None,
        };
        let (state, mut trained) =
            before.map_or((State::new(self.seed), Trained::default()), |s| (s.state, s.trained()));
        let epochs = Epochs::new(draw, amount, state)?.until(self.epochs);
        let (started, before) = (Instant::now(), (trained.seconds, trained.waited));
        let mut waited = Duration::ZERO;
        let black = black(&self.format);
        std::thread::scope(|scope| {
            let mut loader = Loader::start(scope, images, Some(labels), epochs, self.loader())?;
            loop {
                let asked = Instant::now();
                let Some(batch) = loader.next().transpose()? else { break };
                waited += asked.elapsed();
                let count = batch.rows().len() as u64;
                let rate = self.rate * self.schedule.share(trained.steps, steps);
                let random = &mut generator(self.seed ^ (trained.steps + 1).wrapping_mul(MIX));
                let (images, labels) = tensors(&batch, self.augment.map(|a| (a, random)), &black)?;
                let loss = step(network, &images, &labels, &mut moving, rate).map_err(candle)?;
                match trained.epochs.last_mut().filter(|last| last.epoch == batch.epoch()) {
                    Some(last) => {
                        last.images += count;
                        last.loss += loss * count as f64;
                    }
                    None => {
                        let loss = loss * count as f64;
                        trained.epochs.push(EpochReport { epoch: batch.epoch(), images: count, loss });
                    }
                }
                trained.images += count;
                trained.steps += 1;
                if batch.ends_epoch() {
                    trained.seconds = before.0 + started.elapsed().as_secs_f64();
                    trained.waited = before.1 + waited.as_secs_f64();
                    finish(&mut trained, tell);
                    if let Some(path) = &self.checkpoint {
                        let standing = Standing::new(recipe.clone(), batch.state(), &trained);
                        checkpoint::save(path, &standing, network, &moving)?;
                    }
                }
            }
            Ok::<(), crate::Error>(())
        })?;
        Ok(trained)
    }

    /// What must be the same for a run to go on: all but the threads and where it is kept.
    fn recipe(&self, draw: &Draw, rows: u64) -> Result<String> {
        let of = draw.rows()?;
        let kind = match draw {
            Draw::Uniform(_) => "uniform",
            Draw::Replacement(_) => "replacement",
            Draw::Walk(_) => "walk",
            Draw::Balanced(_) => "balanced",
            Draw::Weighted(_) => "weighted",
            Draw::WeightedOnce(_) => "weighted once",
            Draw::Listed(rows) => &format!("listed {:08x}", fingerprint(rows)),
        };
        let training = Self { threads: 0, checkpoint: None, ..self.clone() };
        Ok(format!("{rows} of {of} rows an epoch, {kind}, {training:?}"))
    }

    /// The share of all images whose highest score is that of their class.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn accuracy(&self, network: &dyn Network, images: &dyn Images, labels: &dyn Labels) -> Result<f64> {
        let rows = images.rows();
        let epochs = Epochs::new(Draw::Uniform(rows), Amount::Count(rows), State::new(0))?.until(1);
        let mut right = 0.0;
        std::thread::scope(|scope| {
            for batch in Loader::start(scope, images, Some(labels), epochs, self.loader())? {
                let (images, labels) = tensors(&batch?, None, &[])?;
                right += found(network, &images, &labels).map_err(candle)?;
            }
            Ok::<(), crate::Error>(())
        })?;
        Ok(right / rows as f64)
    }

    fn loader(&self) -> LoaderOptions {
        let (batch, format, threads) = (self.batch, self.format.clone(), self.threads);
        LoaderOptions { batch, format, threads, ..LoaderOptions::default() }
    }
}

/// CRC-32 of row numbers.
fn fingerprint(rows: &[u64]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    rows.iter().for_each(|row| crc.update(&row.to_le_bytes()));
    crc.finalize()
}

/// Makes the sum of the last epoch's losses their mean, and tells of it.
fn finish(trained: &mut Trained, tell: &mut dyn FnMut(&EpochReport)) {
    if let Some(last) = trained.epochs.last_mut() {
        last.loss /= last.images as f64;
        tell(last);
    }
}

fn step(
    network: &dyn Network,
    images: &Tensor,
    labels: &Tensor,
    moving: &mut Steps,
    rate: f64,
) -> candle_core::Result<f64> {
    let loss = candle_nn::loss::cross_entropy(&network.forward(images, true)?, labels)?;
    moving.step(&loss.backward()?, rate)?;
    Ok(loss.to_scalar::<f32>()?.into())
}

fn found(network: &dyn Network, images: &Tensor, labels: &Tensor) -> candle_core::Result<f64> {
    let best = network.forward(images, false)?.argmax(D::Minus1)?;
    let right = best.eq(labels)?.to_dtype(DType::F32)?.sum_all()?;
    Ok(right.to_scalar::<f32>()?.into())
}
