//! How the rows of a network's epochs come about, and what a run of each measures.

use gede::read::Source;
use gede::sample::{Amount, Draw, FileClasses, Images, Labels};
use gede::train::models::Network;
use gede::train::select::{Ccs, Choice, Craig, Dq, Glister, GradMatch, InfoBatch, Seen, Select, Stage, Tdds};
use gede::train::{EpochReport, Trained, Training, peak_memory};
use gede::{Reader, Result};
use serde::Serialize;

use crate::allocator::forget_peak;

/// How rows are drawn or selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A fresh random subset in every epoch
    Random,
    /// As many of every class in every epoch; the file must be stored by class
    Balanced,
    /// One random order walked through, epoch after epoch (RS2)
    Rs2,
    /// Every image drawn independently (RS2 with replacement)
    Replacement,
    /// All images in every epoch, whatever --fraction says
    Full,
    /// Few images whose weighted gradients add up to that of all, anew every 20 epochs
    GradMatch,
    /// Images that lower the loss on held-out ones, anew every 20 epochs
    Glister,
    /// Images near to whose gradients all others' are, anew every 20 epochs
    Craig,
    /// Images of ten bins of a class, once (Dataset Quantization, without its step on pixels)
    Dq,
    /// Images whose probabilities move unevenly while a network learns, once
    Tdds,
    /// All images but half of those with a small loss, anew every epoch, whatever --fraction says
    InfoBatch,
    /// Images spread over how hard they are, once
    Ccs,
}

/// What a run came to, beside the network.
pub struct Outcome {
    pub trained: Trained,
    /// The most memory that the process held while it trained, and while it selected.
    pub training_memory: Option<u64>,
    pub selection_memory: Option<u64>,
}

impl Method {
    /// What the command line and the results call it.
    pub fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map_or(String::new(), |value| value.get_name().to_owned())
    }

    /// The share of the images that an epoch has, if so much is asked for.
    pub fn share(self, fraction: f64) -> f64 {
        if matches!(self, Self::Full | Self::InfoBatch) { 1.0 } else { fraction }
    }

    fn select(self, amount: Amount) -> Option<Box<dyn Select>> {
        Some(match self {
            Self::GradMatch => Box::new(GradMatch { amount }),
            Self::Glister => Box::new(Glister { amount }),
            Self::Craig => Box::new(Craig { amount }),
            Self::Dq => Box::new(Dq { amount }),
            Self::Tdds => Box::new(Tdds::new(amount)),
            Self::InfoBatch => Box::new(InfoBatch::new()),
            Self::Ccs => Box::new(Ccs::new(amount)),
            Self::Random | Self::Balanced | Self::Rs2 | Self::Replacement | Self::Full => return None,
        })
    }

    /// Trains a network on a share of a file's images.
    pub fn train<S: Source>(
        self,
        training: &Training,
        network: &dyn Network,
        (reader, images, labels): (&Reader<S>, &dyn Images, &dyn Labels),
        fraction: f64,
        tell: &mut dyn FnMut(&EpochReport),
    ) -> Result<Outcome> {
        let amount = Amount::Fraction(self.share(fraction));
        forget_peak();
        if let Some(select) = self.select(amount) {
            let mut watched = Watched { select, training: None, selection: None };
            let trained = training.run_selected(network, images, labels, &mut watched, tell)?;
            let training_memory = watched.training.max(peak_memory());
            return Ok(Outcome { trained, training_memory, selection_memory: watched.selection });
        }
        let by_class = if self == Self::Balanced { Some(FileClasses::new(reader)?) } else { None };
        let draw = match (self, &by_class) {
            (Self::Balanced, Some(classes)) => Draw::Balanced(classes),
            (Self::Rs2, _) => Draw::Walk(reader.rows()),
            (Self::Replacement, _) => Draw::Replacement(reader.rows()),
            _ => Draw::Uniform(reader.rows()),
        };
        let trained = training.run(network, images, labels, (draw, amount), tell)?;
        Ok(Outcome { trained, training_memory: peak_memory(), selection_memory: None })
    }
}

/// A selection whose memory is measured apart from that of training.
struct Watched {
    select: Box<dyn Select>,
    training: Option<u64>,
    selection: Option<u64>,
}

impl Select for Watched {
    fn choose(&mut self, stage: &Stage) -> Result<Choice> {
        if stage.epoch > 0 {
            self.training = self.training.max(peak_memory());
        }
        forget_peak();
        let choice = self.select.choose(stage);
        self.selection = self.selection.max(peak_memory());
        forget_peak();
        choice
    }

    fn saw(&mut self, seen: &Seen) -> Result<()> {
        self.select.saw(seen)
    }
}
