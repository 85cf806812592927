//! The option `--method` of the registry's methods, and runs by a method with the memory that each takes.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use gede::read::ByteSource;
use gede::sample::{Amount, FileClasses, Images, Labels};
use gede::train::models::Network;
use gede::train::select::{
    Choice, METHODS, Method, RowSource, Select, SelectionContext, StepInfo, find_method,
};
use gede::train::{EpochReport, TrainConfig, TrainReport, peak_memory};
use gede::{Reader, Result};

use crate::allocator::forget_peak;

/// The values of `--method`, with their help.
pub fn parser() -> impl TypedValueParser<Value = &'static Method> {
    let values = METHODS.iter().map(|method| PossibleValue::new(method.name).help(method.help()));
    PossibleValuesParser::new(values)
        .try_map(|name| find_method(&name).ok_or_else(|| format!("no method {name}")))
}

/// A run's result, besides the network.
pub struct Outcome {
    pub report: TrainReport,
    /// The most memory that the process held while it trained, and while it selected.
    pub training_memory: Option<u64>,
    pub selection_memory: Option<u64>,
}

/// Trains a network on the rows that a method yields of a file's images.
pub fn train<S: ByteSource>(
    method: &Method,
    config: &TrainConfig,
    network: &dyn Network,
    (reader, images, labels): (&Reader<S>, &dyn Images, &dyn Labels),
    fraction: f64,
    on_epoch: &mut dyn FnMut(&EpochReport),
) -> Result<Outcome> {
    let amount = Amount::Fraction(method.share(fraction));
    forget_peak();
    let classes;
    let draw = match method.source {
        RowSource::Selected(select) => {
            let mut watched = Watched { select: select(amount), training: None, selection: None };
            let report = config.run_selected(network, images, labels, &mut watched, on_epoch)?;
            let training_memory = watched.training.max(peak_memory());
            return Ok(Outcome { report, training_memory, selection_memory: watched.selection });
        }
        RowSource::Drawn(draw) => draw(reader.rows()),
        RowSource::DrawnByClass(draw) => {
            classes = FileClasses::new(reader)?;
            draw(&classes)
        }
    };
    let report = config.run(network, images, labels, (draw, amount), on_epoch)?;
    Ok(Outcome { report, training_memory: peak_memory(), selection_memory: None })
}

/// A selection whose memory is measured apart from that of training.
struct Watched {
    select: Box<dyn Select>,
    training: Option<u64>,
    selection: Option<u64>,
}

impl Select for Watched {
    fn choose(&mut self, context: &SelectionContext) -> Result<Choice> {
        if context.epoch > 0 {
            self.training = self.training.max(peak_memory());
        }
        forget_peak();
        let choice = self.select.choose(context);
        self.selection = self.selection.max(peak_memory());
        forget_peak();
        choice
    }

    fn on_step(&mut self, step: &StepInfo) -> Result<()> {
        self.select.on_step(step)
    }
}
