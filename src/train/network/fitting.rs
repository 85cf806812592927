//! Training networks on images straight from a file.

use std::time::{Duration, Instant};

use candle_core::{D, DType, Tensor};

use super::checkpoint::{self, Checkpoint};
use super::input_pipeline::each_batch;
use super::models::Network;
use super::recipe::Recipe;
use super::run::{Callbacks, TrainingRun};
use super::select::{Select, SelectionContext, StepInfo};
use super::train_config::TrainConfig;
use super::train_report::{EpochReport, TrainReport};
use crate::error::{Error, Result};
use crate::sample::{Amount, Draw, Epochs, Images, Labels, State};
use crate::train::candle_error::candle;

impl TrainConfig {
    /// Trains on the rows that are drawn for each epoch, reporting every epoch.
    ///
    /// # Errors
    /// `Argument` for what cannot be drawn or computed; `Input` for a checkpoint of another run; errors of reading
    /// and writing.
    pub fn run(
        &self,
        network: &dyn Network,
        images: &dyn Images,
        labels: &dyn Labels,
        (draw, amount): (Draw, Amount),
        on_epoch: &mut dyn FnMut(&EpochReport),
    ) -> Result<TrainReport> {
        let recipe = Recipe::new(self, images, &draw, amount.of(&draw)?)?;
        let mut run = TrainingRun::new(self, network, images, labels)?;
        let before = match &self.checkpoint {
            Some(path) => checkpoint::resume(path, (&recipe, self.epochs), network, &mut run.optimizer)?,
            None => None,
        };
        let state = before.as_ref().map_or(State::new(self.seed), |checkpoint| checkpoint.state);
        run.report = before.map_or_else(TrainReport::default, |checkpoint| checkpoint.report());
        let epochs = Epochs::new(draw, amount, state)?.until(self.epochs);
        let mut epoch = |run: &TrainingRun, state| {
            if let Some(epoch) = run.report.epochs.last() {
                on_epoch(epoch);
            }
            match &self.checkpoint {
                Some(path) => {
                    let checkpoint = Checkpoint::new((&recipe, self.epochs), state, &run.report);
                    checkpoint::save(path, &checkpoint, network, &run.optimizer)
                }
                None => Ok(()),
            }
        };
        run.over(epochs, None, &mut Callbacks { step: None, epoch: &mut epoch })?;
        Ok(run.report)
    }

    /// Trains on the rows that a method chooses, reporting every epoch.
    ///
    /// # Errors
    /// As [`run`](Self::run) and the method's; `Argument` for a row that does not exist, and for a checkpoint, which
    /// does not hold the method's state.
    pub fn run_selected(
        &self,
        network: &dyn Network,
        images: &dyn Images,
        labels: &dyn Labels,
        select: &mut dyn Select,
        on_epoch: &mut dyn FnMut(&EpochReport),
    ) -> Result<TrainReport> {
        if self.checkpoint.is_some() {
            return Err(Error::argument(
                "a run on rows that a method selects cannot be kept as a checkpoint",
            ));
        }
        let mut run = TrainingRun::new(self, network, images, labels)?;
        let (mut at, mut selected) = (0, Duration::ZERO);
        while at < self.epochs {
            let started = Instant::now();
            let choice =
                select.choose(&SelectionContext { epoch: at, config: self, network, images, labels })?;
            selected += started.elapsed();
            if let Some(row) = choice.rows().last().filter(|&&row| row >= images.rows()) {
                let rows = images.rows();
                return Err(Error::argument(format!("row {row} was selected, and there are {rows}")));
            }
            let end = at.saturating_add(choice.epochs()).min(self.epochs);
            let state = State { epoch: at, ..State::new(self.seed) };
            let epochs = Epochs::new(Draw::Listed(choice.rows()), Amount::Fraction(1.0), state)?.until(end);
            let mut step = |step: &StepInfo| select.on_step(step);
            let mut epoch = |run: &TrainingRun, _| {
                if let Some(epoch) = run.report.epochs.last() {
                    on_epoch(epoch);
                }
                Ok(())
            };
            run.over(epochs, Some(&choice), &mut Callbacks { step: Some(&mut step), epoch: &mut epoch })?;
            at = end;
        }
        run.report.selection_seconds = selected.as_secs_f64();
        Ok(run.report)
    }

    /// The share of all images whose highest score is that of their class.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn accuracy(&self, network: &dyn Network, images: &dyn Images, labels: &dyn Labels) -> Result<f64> {
        self.accuracy_over(network, (images, labels), Draw::Uniform(images.rows()))
    }

    /// The share of the images of some rows whose highest score is that of their class. A label that is no class of the
    /// network counts as wrong.
    ///
    /// # Errors
    /// As [`run`](Self::run); `Argument` for no rows.
    pub fn accuracy_of(
        &self,
        network: &dyn Network,
        images: &dyn Images,
        labels: &dyn Labels,
        rows: &[u64],
    ) -> Result<f64> {
        self.accuracy_over(network, (images, labels), Draw::Listed(rows))
    }

    fn accuracy_over(
        &self,
        network: &dyn Network,
        (images, labels): (&dyn Images, &dyn Labels),
        draw: Draw,
    ) -> Result<f64> {
        let rows = draw.rows()?;
        let epochs = Epochs::new(draw, Amount::Count(rows), State::new(0))?.until(1);
        let mut right = 0.0;
        each_batch(self, network, (images, labels), epochs, |_, images, labels| {
            right += found(network, images, labels).map_err(candle)?;
            Ok(())
        })?;
        Ok(right / rows as f64)
    }
}

fn found(network: &dyn Network, images: &Tensor, labels: &Tensor) -> candle_core::Result<f64> {
    let best = network.forward(images, false)?.argmax(D::Minus1)?;
    let right = best.eq(labels)?.to_dtype(DType::F32)?.sum_all()?;
    Ok(right.to_scalar::<f32>()?.into())
}
