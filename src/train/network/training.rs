//! How a network is trained, and what that came to.

use std::path::PathBuf;

use super::augment::Augment;
use super::sgd::{Schedule, Sgd};
use crate::sample::PixelFormat;

/// How a network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Epochs, each of the rows that a draw gives.
    pub epochs: u64,
    /// Images a step at most: the steps of an epoch are alike, but the last, which may have fewer.
    pub batch: usize,
    /// Highest learning rate.
    pub rate: f64,
    /// How it falls, step by step over all epochs.
    pub schedule: Schedule,
    /// How a step is made.
    pub sgd: Sgd,
    /// Form of the images' values.
    pub format: PixelFormat,
    /// Random changes to images during training.
    pub augment: Option<Augment>,
    /// Seed of the rows.
    pub seed: u64,
    /// How images come to the network.
    pub feed: Feed,
    /// Threads that decode; 0 for as many as there are processors.
    pub threads: usize,
    /// A safetensors file written after every epoch. If it is there when a run begins, the run goes on from it,
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
            feed: Feed::default(),
            threads: 1,
            checkpoint: None,
        }
    }
}

/// How images come to a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Feed {
    /// A loader decodes them batch by batch, ahead of who uses them.
    #[default]
    Loader,
    /// They are copied to a GPU as compressed as they are in the file, and decoded there.
    Resident,
}

/// Result of an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochReport {
    /// Its number; the first is 0.
    pub epoch: u64,
    /// Images of it.
    pub images: u64,
    /// Mean loss over its steps, each before it was made.
    pub loss: f64,
}

/// Result of a run.
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
    /// Seconds in which rows were selected, beside those; 0 where rows are drawn.
    pub selection_seconds: f64,
}
