//! `gede train lenet5` and `gede train resnet18`.

use super::classes::{TestClasses, TrainClasses};
use super::outputs;
use crate::allocator::keep_memory;
use crate::commands::large::Large;
use crate::commands::pictures::{Size, images, is_encoded};
use crate::commands::{misuse, open};
use crate::device::On;
use crate::methods::{Method, Outcome};
use crate::output::{Table, bytes, complain, count, json, many, print, seconds};
use crate::plot::{Axis, BLUE, Figure, Marks, Panel, Series};
use crate::progress::Bar;
use gede::read::Source;
use gede::sample::{Images, Labels, PixelFormat};
use gede::train::models::{self, LeNet5, ResNet18};
use gede::train::{
    Augment, EpochReport, EpochsDone, Feed, PassedOver, Schedule, Sgd, Training, peak_gpu_memory,
};
use gede::write::Progress;
use gede::{Reader, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    LeNet5,
    ResNet18,
}

/// Images drawn from the file, anew in every epoch or as a method selects them
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
    /// How the images of an epoch are drawn or selected
    #[arg(long, value_enum, default_value_t = Method::Random)]
    method: Method,
    /// Images a step
    #[arg(long, value_name = "IMAGES", default_value_t = Training::default().batch)]
    batch: usize,
    /// Highest learning rate
    #[arg(long, value_name = "RATE", default_value_t = Training::default().rate)]
    lr: f64,
    /// How the learning rate moves, step by step over all epochs
    #[arg(long, value_enum, default_value_t = Falling::Cosine)]
    schedule: Falling,
    /// Keep this file, epoch by epoch; if it is there, go on from it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Look at gradients from where momentum leads
    #[arg(long)]
    nesterov: bool,
    /// Seed of the weights and of the images drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What is taken off values between 0 and 1, a number a channel [default: that of MNIST for one channel, of CIFAR-10
    /// for three]
    #[arg(long, value_name = "MEAN", value_delimiter = ',', requires = "deviation")]
    mean: Option<Vec<f32>>,
    /// What they are divided by
    #[arg(long, value_name = "DEVIATION", value_delimiter = ',', requires = "mean")]
    deviation: Option<Vec<f32>>,
    /// Shift images by up to 4 pixels and mirror half of them [default: false for lenet5, true for resnet18]
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
    augment: Option<bool>,
    /// Where it is trained; cuda takes a gede that was built with the feature
    #[arg(long, value_enum, default_value_t)]
    device: On,
    /// The size that pictures kept as files are cut and scaled to [default: 28x28x1 for lenet5, 32x32 for resnet18]
    #[arg(long, value_name = "HxW[xC]")]
    size: Option<Size>,
    /// How images come there [default: loader on cpu, resident on cuda]
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

#[derive(Serialize)]
struct Measured {
    method: Method,
    fraction: f64,
    epochs: u64,
    seed: u64,
    images: u64,
    steps: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_accuracy: Option<f64>,
    /// Rows tested on: those that have a label.
    #[serde(skip_serializing_if = "Option::is_none")]
    test_rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_rows_passed_over: Option<PassedOver>,
    first_loss: f64,
    last_loss: f64,
    /// What pictures that are kept as files were cut and scaled to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pictures: Option<String>,
    /// Loss of every epoch.
    losses: Vec<f64>,
    selection_seconds: f64,
    train_seconds: f64,
    images_per_second: f64,
    /// Share of the training time that steps waited for images.
    loader_share: f64,
    /// Of the pages of the file that were touched, each counted once.
    bytes_read: u64,
    /// The most that the process held while it trained, and while it selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    training_memory: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selection_memory: Option<u64>,
    /// The most of a GPU's memory that was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    gpu_memory: Option<u64>,
}

impl Network {
    pub fn run(&self, model: Model, as_json: bool) -> Result<()> {
        keep_memory();
        let reader = open(&self.file)?;
        let here = |e: gede::Error| e.at(self.file.display());
        self.large.whole(&reader).map_err(here)?;
        let images = images(&reader, None, self.size, usual(model)).map_err(here)?;
        let classes = TrainClasses::new(&reader).map_err(here)?;
        let training = self.training(model, images.shape(), is_encoded(&reader)).map_err(here)?;
        let network = self.network(model, images.shape(), classes.count()).map_err(here)?;
        // Whatever may be wrong with the other files shows before the first epoch.
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
        let outcome = self.train(&training, network.as_ref(), from, resumed).map_err(here)?;
        let bytes_read = reader.touched_bytes();
        let tested = |(classes, test, path): &(TestClasses, _, &PathBuf)| {
            accuracy(&training, network.as_ref(), images.shape(), test, classes)
                .map_err(|e| e.at(path.display()))
        };
        let test_accuracy = test.as_ref().map(tested).transpose()?;
        let test = test.map(|(classes, ..)| classes);
        let trained = outcome.trained;
        let loss = |epoch: Option<&EpochReport>| epoch.map_or(f64::NAN, |epoch| epoch.loss);
        let measured = Measured {
            method: self.method,
            fraction: self.method.share(self.fraction),
            epochs: self.epochs(model),
            seed: self.seed,
            images: trained.images,
            steps: trained.steps,
            test_accuracy,
            test_rows: test.as_ref().map(|test| test.rows.len() as u64),
            test_rows_passed_over: test.as_ref().map(|test| PassedOver {
                null_target: test.unlabelled(),
                unseen_label: test.unseen,
                ..PassedOver::default()
            }),
            first_loss: loss(trained.epochs.first()),
            last_loss: loss(trained.epochs.last()),
            pictures: is_encoded(&reader).then(|| self.size.unwrap_or(usual(model)).to_string()),
            losses: trained.epochs.iter().map(|epoch| epoch.loss).collect(),
            selection_seconds: trained.selection_seconds,
            train_seconds: trained.seconds,
            images_per_second: trained.images as f64 / trained.seconds,
            loader_share: trained.waited / trained.seconds,
            bytes_read,
            training_memory: outcome.training_memory,
            selection_memory: outcome.selection_memory,
            gpu_memory: peak_gpu_memory(&network.device()),
        };
        if let Some(path) = &self.curve {
            measured.curve(path)?;
        }
        let unseen = test.map_or_else(Vec::new, |test| test.unseen_names);
        if as_json { json(&measured) } else { print(&measured.report(&unseen)) }
    }

    fn epochs(&self, model: Model) -> u64 {
        self.epochs.unwrap_or(if model == Model::LeNet5 { 100 } else { 200 })
    }

    /// The recipe for images of so many channels.
    fn training(
        &self,
        model: Model,
        (channels, ..): (usize, usize, usize),
        is_encoded: bool,
    ) -> Result<Training> {
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
        Ok(Training {
            epochs: self.epochs(model),
            augment: augment.then_some(Augment { shift: 4, mirror: true }),
            batch: self.batch,
            rate: self.lr,
            schedule: match self.schedule {
                Falling::Cosine => Schedule::Cosine,
                Falling::OneCycle => Schedule::OneCycle,
                Falling::Constant => Schedule::Constant,
            },
            sgd: Sgd { nesterov: self.nesterov, ..Sgd::default() },
            format: PixelFormat::Floats { mean, std },
            seed: self.seed,
            feed: match self.feed {
                Some(From::Loader) => Feed::Loader,
                Some(From::Resident) => Feed::Resident,
                // Pictures are decoded on the host.
                None if is_encoded => Feed::Loader,
                None => self.device.feed(),
            },
            checkpoint: self.checkpoint.clone(),
            ..Training::default()
        })
    }

    /// A network of random weights for images of a shape.
    fn network(
        &self,
        model: Model,
        (channels, height, width): (usize, usize, usize),
        classes: usize,
    ) -> Result<Box<dyn models::Network>> {
        let device = self.device.device()?;
        let network = match model {
            Model::LeNet5 => LeNet5::new([height, width, channels], classes, self.seed, &device)
                .map(|n| Box::new(n) as Box<dyn models::Network>),
            Model::ResNet18 => ResNet18::new(channels, classes, self.seed, &device).map(|n| Box::new(n) as _),
        };
        network.map_err(|e| misuse(e.to_string()))
    }

    fn train<S: Source>(
        &self,
        training: &Training,
        network: &dyn models::Network,
        from: (&Reader<S>, &dyn Images, &dyn Labels),
        mut resumed: Option<String>,
    ) -> Result<Outcome> {
        let bar = Bar::new();
        let mut tell = |epoch: &EpochReport| {
            // Only now is it known that the checkpoint is of this run.
            resumed.take().iter().for_each(|line| complain("gede", line));
            bar.set(Progress { pass: "training", rows: epoch.epoch + 1, of: Some(training.epochs) });
        };
        self.method.train(training, network, from, self.fraction, &mut tell)
    }

    /// A line on a run that is resumed with another number of epochs: the learning rate moves by the new one.
    fn resumed(&self) -> Result<Option<String>> {
        let (Some(path), Some(epochs)) = (&self.checkpoint, self.epochs) else { return Ok(None) };
        let other = EpochsDone::read(path)?.filter(|epochs_done| epochs_done.of != epochs);
        Ok(other.map(|EpochsDone { done, of }| {
            let path = path.display();
            format!("{path}: resumed after epoch {done} of {of}; the schedule is now that of {epochs} epochs")
        }))
    }
}

/// Mean and deviation of values between 0 and 1, channel by channel: those of MNIST for one channel, of CIFAR-10 for
/// three, else a half and a quarter.
fn default_format(channels: usize) -> (Vec<f32>, Vec<f32>) {
    match channels {
        1 => (vec![0.1307], vec![0.3081]),
        3 => (vec![0.4914, 0.4822, 0.4465], vec![0.2470, 0.2435, 0.2616]),
        _ => (vec![0.5; channels], vec![0.25; channels]),
    }
}

/// The classes of a file to test on, if its images suit a network.
fn test_classes<S: Source, T: Source>(
    model: Model,
    trained: (usize, usize, usize),
    classes: &TrainClasses<S>,
    test: &Reader<T>,
) -> Result<TestClasses> {
    let shape = test_images(test, trained)?.shape();
    // ResNet18 takes the mean over the image, so that any size suits it.
    let suits = if model == Model::LeNet5 { shape == trained } else { shape.0 == trained.0 };
    if !suits {
        let text = |(channels, height, width): (usize, usize, usize)| {
            format!("{height} x {width} pixels in {}", many(channels as u64, "channel", "channels"))
        };
        return Err(misuse(format!(
            "its images are of {}, and those trained on of {}",
            text(shape),
            text(trained)
        )));
    }
    classes.of_test(test)
}

/// The images of a file to test on: pictures that are kept as files in the size of the images trained on.
fn test_images<S: Source>(
    test: &Reader<S>,
    (channels, height, width): (usize, usize, usize),
) -> Result<Box<dyn Images + '_>> {
    let trained = Size { height, width, channels };
    images(test, None, is_encoded(test).then_some(trained), trained)
}

fn accuracy<S: Source>(
    training: &Training,
    network: &dyn models::Network,
    trained: (usize, usize, usize),
    test: &Reader<S>,
    classes: &TestClasses,
) -> Result<f64> {
    training.accuracy_of(network, test_images(test, trained)?.as_ref(), classes, &classes.rows)
}

/// The size that a model is made for.
fn usual(model: Model) -> Size {
    match model {
        Model::LeNet5 => Size { height: 28, width: 28, channels: 1 },
        Model::ResNet18 => Size { height: 32, width: 32, channels: 3 },
    }
}

impl Measured {
    /// For people. `unseen` are names of classes that were not trained on.
    fn report(&self, unseen: &[String]) -> String {
        let mut table = Table::new(2);
        let mut fact = |what: &str, value: String| table.row([what, &value]);
        let (images, steps) = (count(self.images), count(self.steps));
        fact("trained on", format!("{images} images in {} epochs, {steps} steps", self.epochs));
        if let Some(size) = &self.pictures {
            fact("pictures", format!("cut and scaled to {size} (--size)"));
        }
        fact("loss", format!("{:.4} in the first epoch, {:.4} in the last", self.first_loss, self.last_loss));
        self.test_accuracy.into_iter().for_each(|v| fact("test accuracy", format!("{:.2} %", 100.0 * v)));
        if let Some(passed) = self.test_rows_passed_over.filter(|passed| *passed != PassedOver::default()) {
            fact("of the test", passed.text(unseen));
        }
        let rate = count(self.images_per_second.round() as u64);
        fact("time", format!("{}, {rate} images/s", seconds(self.train_seconds)));
        fact("waited", format!("{:.1} % of it for images", 100.0 * self.loader_share));
        fact("read", bytes(self.bytes_read));
        if self.selection_seconds > 0.0 {
            fact("selected", format!("in {}, beside the training", seconds(self.selection_seconds)));
        }
        self.training_memory.into_iter().for_each(|n| fact("memory to train", bytes(n)));
        self.selection_memory.into_iter().for_each(|n| fact("memory to select", bytes(n)));
        self.gpu_memory.into_iter().for_each(|n| fact("memory of the GPU", bytes(n)));
        table.render(0)
    }

    /// The loss, epoch by epoch.
    fn curve(&self, path: &Path) -> Result<()> {
        let points = (1..).map(f64::from).zip(self.losses.iter().copied()).collect();
        let subtitle =
            format!("{}, {} images in all, seed {}", self.method.name(), count(self.images), self.seed);
        Figure {
            title: "Loss over epochs",
            subtitle: &subtitle,
            size: (760, 420),
            panels: vec![Panel {
                x: Axis::linear("Epoch"),
                y: Axis::log("Mean loss of an epoch's steps"),
                series: vec![Series::new("training", BLUE, points).marks(Marks::End)],
            }],
        }
        .save(path)
    }
}
