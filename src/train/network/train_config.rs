//! Options of a training run.

use std::path::PathBuf;

use super::augment::Augment;
use super::schedule::Schedule;
use super::sgd::Sgd;
use crate::sample::PixelFormat;

/// Options of a network's training.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainConfig {
    /// Epochs, each of the rows that a draw gives.
    pub epochs: u64,
    /// Images a step at most: an epoch is cut into steps of equal size, except that the last may have fewer.
    pub batch: usize,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Course of the learning rate, step by step over all epochs.
    pub schedule: Schedule,
    /// Options of a step.
    pub sgd: Sgd,
    /// Form of the images' values.
    pub format: PixelFormat,
    /// Random changes to images during training.
    pub augment: Option<Augment>,
    /// Seed of the rows.
    pub seed: u64,
    /// The way of the images to the network.
    pub input_mode: InputMode,
    /// Threads that decode; 0 for as many as there are processors.
    pub threads: usize,
    /// A safetensors file written after every epoch. If it is there when a run begins, the run goes on from it,
    /// to the same weights as without a stop.
    pub checkpoint: Option<PathBuf>,
}

impl Default for TrainConfig {
    /// The paper's recipe for LeNet5.
    fn default() -> Self {
        Self {
            epochs: 100,
            batch: 128,
            learning_rate: 0.05,
            schedule: Schedule::Cosine,
            sgd: Sgd::default(),
            format: PixelFormat::unit(),
            augment: None,
            seed: 1,
            input_mode: InputMode::default(),
            threads: 1,
            checkpoint: None,
        }
    }
}

/// The way of images to a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputMode {
    /// A loader decodes them batch by batch, ahead of the steps.
    #[default]
    Loader,
    /// They are copied to a GPU as compressed as they are in the file, and decoded there.
    Resident,
}
