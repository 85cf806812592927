//! A network's way through epochs, step by step.

use std::time::{Duration, Instant};

use candle_core::{Result as CandleResult, Tensor};

use super::intake::Intake;
use super::models::{Backward, Network};
use super::select::{Choice, Seen};
use super::sgd::Steps;
use super::training::{EpochReport, Trained, Training};
use super::weights::Weights;
use crate::error::Result;
use crate::sample::{Epochs, Images, Labels, State};
use crate::train::candle_error::candle;
use crate::train::split::generator;

/// Keeps the random numbers of steps apart (2^64 over the golden ratio).
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// A network under way.
pub(crate) struct Run<'a> {
    pub training: &'a Training,
    pub network: &'a dyn Network,
    pub images: &'a dyn Images,
    pub labels: &'a dyn Labels,
    intake: Intake,
    pub moving: Steps,
    pub trained: Trained,
}

/// Callback with the rows of a step and the scores that they had before it.
pub(crate) type StepTold<'a> = &'a mut dyn FnMut(&Seen) -> Result<()>;

/// Callbacks of a run.
pub(crate) struct Told<'a> {
    pub step: Option<StepTold<'a>>,
    /// Called after every epoch, with the state from which the draws go on.
    pub epoch: &'a mut dyn FnMut(&Run, State) -> Result<()>,
}

impl<'a> Run<'a> {
    /// At rest.
    ///
    /// # Errors
    /// As [`Intake::new`].
    pub fn new(
        training: &'a Training,
        network: &'a dyn Network,
        images: &'a dyn Images,
        labels: &'a dyn Labels,
    ) -> Result<Self> {
        let variables = network.variables().into_iter().map(|(_, variable)| variable);
        let moving = Steps::new(training.sgd, variables);
        let intake = Intake::new(training, images, &network.device())?;
        Ok(Self { training, network, images, labels, intake, moving, trained: Trained::default() })
    }

    /// Trains on epochs, which begin where one begins.
    ///
    /// # Errors
    /// Errors of reading, computing and the callbacks.
    pub fn over(&mut self, epochs: Epochs, choice: Option<&Choice>, told: &mut Told) -> Result<()> {
        let (training, steps) = (self.training, epochs.rows().div_ceil(self.training.batch.max(1) as u64));
        let (started, before) = (Instant::now(), (self.trained.seconds, self.trained.waited));
        // Losses of the epoch under way, on the device: to read one waits for its step.
        let (mut waited, mut losses) = (Duration::ZERO, Vec::new());
        std::thread::scope(|scope| {
            let mut draws = self.intake.draws(scope, training, (self.images, self.labels), epochs)?;
            loop {
                let asked = Instant::now();
                let Some(drawn) = draws.next()? else { break };
                waited += asked.elapsed();
                let (epoch, rows) = (drawn.epoch, &drawn.rows[..]);
                // Epochs may be of different lengths: each has an equal part of the schedule.
                let rate =
                    training.schedule.share(epoch * steps + losses.len() as u64, training.epochs * steps);
                let random = &mut generator(training.seed ^ (self.trained.steps + 1).wrapping_mul(MIX));
                let poses = training.augment.map_or_else(Vec::new, |a| a.poses(rows.len(), random));
                let (images, labels) = self.intake.tensors(&drawn, &poses)?;
                let weights = choice.map_or(Weights::Equal, |choice| choice.weights(rows));
                let (loss, scores) =
                    self.step(&images, &labels, weights, training.rate * rate).map_err(candle)?;
                if let Some(tell) = &mut told.step {
                    tell(&Seen { epoch, rows, labels: &drawn.labels, scores: &scores })?;
                }
                losses.push((loss, rows.len() as u64));
                self.trained.images += rows.len() as u64;
                self.trained.steps += 1;
                if drawn.ends_epoch() {
                    self.intake.check()?;
                    self.trained.epochs.push(report(epoch, &losses).map_err(candle)?);
                    losses.clear();
                    self.trained.seconds = before.0 + started.elapsed().as_secs_f64();
                    self.trained.waited = before.1 + waited.as_secs_f64();
                    (told.epoch)(self, drawn.state)?;
                }
            }
            Ok(())
        })
    }

    /// Makes a step of a learning rate; the loss and the scores are those before it.
    fn step(
        &mut self,
        images: &Tensor,
        labels: &Tensor,
        weights: Weights,
        rate: f64,
    ) -> CandleResult<(Tensor, Tensor)> {
        let Backward { scores, loss, gradients } =
            self.network.backward(images, &|scores| weights.loss(scores, labels))?;
        self.moving.step(&gradients, rate)?;
        Ok((loss.detach(), scores.detach()))
    }
}

/// Report of an epoch, from the loss of each step and its number of images.
fn report(epoch: u64, losses: &[(Tensor, u64)]) -> CandleResult<EpochReport> {
    let (mut images, mut loss) = (0, 0.0);
    for (own, count) in losses {
        images += count;
        loss += f64::from(own.to_scalar::<f32>()?) * *count as f64;
    }
    Ok(EpochReport { epoch, images, loss: loss / images as f64 })
}
