//! `gede train lenet5` and `gede train resnet18`.

mod measured;
mod model;
mod test_file;

use super::classes::{TestClasses, TrainClasses};
use super::outputs;
use crate::allocator::keep_memory;
use crate::commands::large::Large;
use crate::commands::pictures::{Size, images, is_encoded};
use crate::commands::{misuse, open};
use crate::device::On;
use crate::methods::{self, Outcome};
use crate::output::{complain, json, print};
use crate::progress::Bar;
use gede::read::ByteSource;
use gede::sample::{Images, Labels, PixelFormat};
use gede::train::select::Method;
use gede::train::{
    Augment, EpochReport, EpochsDone, InputMode, PassedOver, Schedule, Sgd, TrainConfig, models,
    peak_gpu_memory,
};
use gede::write::Progress;
use gede::{Reader, Result};
use measured::Measured;
use model::default_format;
use std::path::PathBuf;
use test_file::{accuracy, test_classes};

pub use model::Model;

/// Train on images drawn from the file again in every epoch, or selected by a method
#[derive(clap::Args)]
pub struct Network {
    /// A gede file of images with a column `label`
    file: PathBuf,
    /// A gede file of images to test on
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// Share of the images that an epoch has
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    fraction: f64,
    /// Epochs
    #[arg(long, help = "Epochs [default: 100 for lenet5, 200 for resnet18]", value_parser = clap::value_parser!(u64).range(1..))]
    epochs: Option<u64>,
    /// Method that draws or selects the images of an epoch
    #[arg(long, value_parser = methods::parser(), default_value = "random")]
    method: &'static Method,
    /// Images a step
    #[arg(long, value_name = "IMAGES", default_value_t = TrainConfig::default().batch)]
    batch: usize,
    /// Highest learning rate
    #[arg(long, value_name = "RATE", default_value_t = TrainConfig::default().learning_rate)]
    lr: f64,
    /// Course of the learning rate, step by step over all epochs
    #[arg(long, value_enum, default_value_t = Falling::Cosine)]
    schedule: Falling,
    /// Write this file after every epoch; if it exists, resume from it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Nesterov momentum
    #[arg(long)]
    nesterov: bool,
    /// Seed of the weights and of the images drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Mean to subtract from values between 0 and 1, a number a channel [default: that of MNIST for one channel, of CIFAR-10
    /// for three]
    #[arg(long, value_name = "MEAN", value_delimiter = ',', requires = "deviation")]
    mean: Option<Vec<f32>>,
    /// Standard deviation to divide them by
    #[arg(long, value_name = "DEVIATION", value_delimiter = ',', requires = "mean")]
    deviation: Option<Vec<f32>>,
    /// Shift images by up to 4 pixels and mirror half of them [default: false for lenet5, true for resnet18]
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
    augment: Option<bool>,
    /// Device to train on; cuda needs a gede built with that feature
    #[arg(long, value_enum, default_value_t)]
    device: On,
    /// Size to which pictures kept as files are cut and scaled [default: 28x28x1 for lenet5, 32x32 for resnet18]
    #[arg(long, value_name = "HxW[xC]")]
    size: Option<Size>,
    /// Way of the images to the device [default: loader on cpu, resident on cuda]
    #[arg(long, value_enum)]
    feed: Option<From>,
    /// Draw the loss of every epoch into an SVG file
    #[arg(long, value_name = "FILE")]
    curve: Option<PathBuf>,
    #[command(flatten)]
    large: Large,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum From {
    /// Decoded batch by batch, ahead of the steps
    Loader,
    /// Copied to the GPU as compressed as they are in the file, and decoded there
    Resident,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Falling {
    /// Half a cosine down to 0
    Cosine,
    /// Up for the first 3 of 10 steps, then down to 0
    OneCycle,
    /// The same for all steps
    Constant,
}

impl Network {
    pub fn run(&self, model: Model, as_json: bool) -> Result<()> {
        keep_memory();
        let reader = open(&self.file)?;
        let here = |e: gede::Error| e.at(self.file.display());
        self.large.whole(&reader).map_err(here)?;
        let images = images(&reader, None, self.size, model.size()).map_err(here)?;
        let classes = TrainClasses::new(&reader).map_err(here)?;
        let config = self.config(model, images.shape(), is_encoded(&reader)).map_err(here)?;
        let device = self.device.device().map_err(here)?;
        let network = model.network(images.shape(), classes.count(), self.seed, &device).map_err(here)?;
        // All other files are checked before the first epoch, which may take long.
        outputs::check([self.curve.as_deref(), self.checkpoint.as_deref()])?;
        let test = match &self.test {
            Some(path) => {
                let test = open(path)?;
                self.large.whole(&test).map_err(|e| e.at(path.display()))?;
                let found = test_classes(model, images.shape(), &classes, &test);
                Some((found.map_err(|e| e.at(path.display()))?, test, path))
            }
            None => None,
        };
        let resumed = self.resumed()?;

        let from = (&reader, images.as_ref(), &classes.labels as &dyn Labels);
        let outcome = self.train(&config, network.as_ref(), from, resumed).map_err(here)?;
        let bytes_read = reader.touched_bytes();
        let tested = |(classes, test, path): &(TestClasses, _, &PathBuf)| {
            accuracy(&config, network.as_ref(), images.shape(), test, classes)
                .map_err(|e| e.at(path.display()))
        };
        let test_accuracy = test.as_ref().map(tested).transpose()?;
        let test = test.map(|(classes, ..)| classes);
        let report = outcome.report;
        let loss = |epoch: Option<&EpochReport>| epoch.map_or(f64::NAN, |epoch| epoch.loss);
        let measured = Measured {
            method: self.method.name,
            fraction: self.method.share(self.fraction),
            epochs: config.epochs,
            seed: self.seed,
            images: report.images,
            steps: report.steps,
            test_accuracy,
            test_rows: test.as_ref().map(|test| test.rows.len() as u64),
            test_rows_passed_over: test.as_ref().map(|test| PassedOver {
                null_target: test.unlabelled(),
                unseen_label: test.unseen,
                ..PassedOver::default()
            }),
            first_loss: loss(report.epochs.first()),
            last_loss: loss(report.epochs.last()),
            pictures: is_encoded(&reader).then(|| self.size.unwrap_or(model.size()).to_string()),
            losses: report.epochs.iter().map(|epoch| epoch.loss).collect(),
            selection_seconds: report.selection_seconds,
            train_seconds: report.seconds,
            images_per_second: report.images as f64 / report.seconds,
            loader_share: report.waited / report.seconds,
            bytes_read,
            training_memory: outcome.training_memory,
            selection_memory: outcome.selection_memory,
            gpu_memory: peak_gpu_memory(&device),
        };
        if let Some(path) = &self.curve {
            measured.curve(path)?;
        }
        let unseen = test.map_or_else(Vec::new, |test| test.unseen_names);
        if as_json { json(&measured) } else { print(&measured.report(&unseen)) }
    }

    /// Options of the run, for images of a shape.
    fn config(
        &self,
        model: Model,
        (channels, ..): (usize, usize, usize),
        is_encoded: bool,
    ) -> Result<TrainConfig> {
        let (mean, std) = match (&self.mean, &self.deviation) {
            (Some(mean), Some(std)) => (mean.clone(), std.clone()),
            _ => default_format(channels),
        };
        for (option, numbers) in [("--mean", &mean), ("--deviation", &std)] {
            if numbers.len() != channels {
                let given = numbers.len();
                return Err(misuse(format!(
                    "{option} has {given} numbers, and the images have {channels} channels: give one a channel"
                )));
            }
        }
        let augment = self.augment.unwrap_or(model == Model::ResNet18);
        Ok(TrainConfig {
            epochs: self.epochs.unwrap_or(model.epochs()),
            augment: augment.then_some(Augment { shift: 4, mirror: true }),
            batch: self.batch,
            learning_rate: self.lr,
            schedule: match self.schedule {
                Falling::Cosine => Schedule::Cosine,
                Falling::OneCycle => Schedule::OneCycle,
                Falling::Constant => Schedule::Constant,
            },
            sgd: Sgd { nesterov: self.nesterov, ..Sgd::default() },
            format: PixelFormat::Floats { mean, std },
            seed: self.seed,
            input_mode: match self.feed {
                Some(From::Loader) => InputMode::Loader,
                Some(From::Resident) => InputMode::Resident,
                // Pictures are decoded on the host.
                None if is_encoded => InputMode::Loader,
                None => self.device.input_mode(),
            },
            checkpoint: self.checkpoint.clone(),
            ..TrainConfig::default()
        })
    }

    fn train<S: ByteSource>(
        &self,
        config: &TrainConfig,
        network: &dyn models::Network,
        from: (&Reader<S>, &dyn Images, &dyn Labels),
        mut resumed: Option<String>,
    ) -> Result<Outcome> {
        let bar = Bar::new();
        let mut on_epoch = |epoch: &EpochReport| {
            // The checkpoint is known to be of this run once an epoch is done.
            resumed.take().iter().for_each(|line| complain("gede", line));
            bar.set(Progress { pass: "training", rows: epoch.epoch + 1, of: Some(config.epochs) });
        };
        methods::train(self.method, config, network, from, self.fraction, &mut on_epoch)
    }

    /// A line on a run that is resumed with another number of epochs: the learning rate moves by the new one.
    fn resumed(&self) -> Result<Option<String>> {
        let (Some(path), Some(epochs)) = (&self.checkpoint, self.epochs) else { return Ok(None) };
        let other = EpochsDone::read(path)?.filter(|epochs_done| epochs_done.planned != epochs);
        Ok(other.map(|EpochsDone { done, planned }| {
            let path = path.display();
            format!(
                "{path}: resumed after epoch {done} of {planned}; the schedule is now that of {epochs} epochs"
            )
        }))
    }
}
