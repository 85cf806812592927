//! The loop over the steps of epochs.

use std::time::{Duration, Instant};

use candle_core::{Result as CandleResult, Tensor};

use super::input_pipeline::InputPipeline;
use super::loss_weights::LossWeights;
use super::models::{Backward, Network};
use super::optimizer::Optimizer;
use super::select::{Choice, OnStep, StepInfo};
use super::train_config::TrainConfig;
use super::train_report::{EpochReport, TrainReport};
use crate::error::Result;
use crate::sample::{Epochs, Images, Labels, State};
use crate::train::candle_error::candle;
use crate::train::split::generator;

/// Keeps the random numbers of steps apart (2^64 over the golden ratio).
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// A network in training, and its state between epochs.
pub(super) struct TrainingRun<'a> {
    pub config: &'a TrainConfig,
    pub network: &'a dyn Network,
    pub images: &'a dyn Images,
    pub labels: &'a dyn Labels,
    pipeline: InputPipeline,
    pub optimizer: Optimizer,
    pub report: TrainReport,
}

/// Callbacks of a run.
pub(super) struct Callbacks<'a> {
    pub step: Option<OnStep<'a>>,
    /// Called after every epoch, with the state from which the draws go on.
    pub epoch: &'a mut dyn FnMut(&TrainingRun, State) -> Result<()>,
}

impl<'a> TrainingRun<'a> {
    /// A run before its first step.
    ///
    /// # Errors
    /// As [`InputPipeline::new`].
    pub fn new(
        config: &'a TrainConfig,
        network: &'a dyn Network,
        images: &'a dyn Images,
        labels: &'a dyn Labels,
    ) -> Result<Self> {
        let parameters = network.parameters().into_iter().map(|(_, variable)| variable);
        let optimizer = Optimizer::new(config.sgd, parameters);
        let pipeline = InputPipeline::new(config, images, &network.device())?;
        Ok(Self { config, network, images, labels, pipeline, optimizer, report: TrainReport::default() })
    }

    /// Trains on epochs; the draws stand at the start of one.
    ///
    /// # Errors
    /// Errors of reading, computing and the callbacks.
    pub fn over(&mut self, epochs: Epochs, choice: Option<&Choice>, callbacks: &mut Callbacks) -> Result<()> {
        let (config, steps) = (self.config, epochs.rows().div_ceil(self.config.batch.max(1) as u64));
        let (started, before) = (Instant::now(), (self.report.seconds, self.report.waited));
        // Losses of this epoch stay on the device: reading one would wait for its step, and the GPU would idle meanwhile.
        let (mut waited, mut losses) = (Duration::ZERO, Vec::new());
        std::thread::scope(|scope| {
            let mut draws = self.pipeline.draws(scope, config, (self.images, self.labels), epochs)?;
            loop {
                let asked = Instant::now();
                let Some(sampled) = draws.next()? else { break };
                waited += asked.elapsed();
                let (epoch, rows) = (sampled.epoch, &sampled.rows[..]);
                // A selection may change the length of epochs: each epoch has an equal part of the schedule.
                let factor =
                    config.schedule.factor(epoch * steps + losses.len() as u64, config.epochs * steps);
                let random = &mut generator(config.seed ^ (self.report.steps + 1).wrapping_mul(MIX));
                let crop_flips = config.augment.map_or_else(Vec::new, |a| a.crop_flips(rows.len(), random));
                let (images, labels) = self.pipeline.tensors(&sampled, &crop_flips)?;
                let weights = choice.map_or(Ok(LossWeights::Equal), |choice| choice.weights(rows))?;
                let (loss, logits) =
                    self.step(&images, &labels, weights, config.learning_rate * factor).map_err(candle)?;
                if let Some(on_step) = &mut callbacks.step {
                    on_step(&StepInfo { epoch, rows, labels: &sampled.labels, logits: &logits })?;
                }
                losses.push((loss, rows.len() as u64));
                self.report.images += rows.len() as u64;
                self.report.steps += 1;
                if sampled.ends_epoch() {
                    self.pipeline.check()?;
                    self.report.epochs.push(epoch_report(epoch, &losses).map_err(candle)?);
                    losses.clear();
                    self.report.seconds = before.0 + started.elapsed().as_secs_f64();
                    self.report.waited = before.1 + waited.as_secs_f64();
                    (callbacks.epoch)(self, sampled.state)?;
                }
            }
            Ok(())
        })
    }

    /// Makes a step, and returns the loss and the logits from before it.
    fn step(
        &mut self,
        images: &Tensor,
        labels: &Tensor,
        weights: LossWeights,
        learning_rate: f64,
    ) -> CandleResult<(Tensor, Tensor)> {
        let Backward { logits, loss, gradients } =
            self.network.backward(images, &|logits| weights.loss(logits, labels))?;
        self.optimizer.step(&gradients, learning_rate)?;
        Ok((loss.detach(), logits.detach()))
    }
}

/// Report of an epoch, from the loss of each step and its number of images.
fn epoch_report(epoch: u64, losses: &[(Tensor, u64)]) -> CandleResult<EpochReport> {
    let (mut images, mut loss) = (0, 0.0);
    for (own, count) in losses {
        images += count;
        loss += f64::from(own.to_scalar::<f32>()?) * *count as f64;
    }
    Ok(EpochReport { epoch, images, loss: loss / images as f64 })
}
