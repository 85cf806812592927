//! One run: a network trained and tested.

use std::fmt;
use std::path::{Path, PathBuf};

use gede::arrow::ArrowTable;
use gede::read::Source;
use gede::sample::{Images, LabelColumn, Labels, PixelFormat};
use gede::train::models::LeNet5;
use gede::train::{Device, Training};
use gede::write::{Options, write};
use gede::{Error, ErrorKind, Reader, Result};

use super::rows::NetworkRow;
use crate::commands::open;
use crate::experiment::storage::machine;
use crate::methods::Method;

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub method: Method,
    pub percent: f64,
    pub seed: u64,
    pub epochs: u64,
}

impl Job {
    /// Whether a row is of this run.
    pub fn is(&self, row: &NetworkRow) -> bool {
        row.method == self.method.name()
            && (row.percent, row.seed, row.epochs) == (self.percent, self.seed, self.epochs)
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} %, seed {}", self.method.name(), self.percent, self.seed)
    }
}

/// The training images and the test images as gede files.
pub struct Sets {
    train: PathBuf,
    test: PathBuf,
    /// Where they are, as long as they are needed.
    _folder: tempfile::TempDir,
}

impl Sets {
    /// Converts the IDX files of a folder.
    pub fn convert(data: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(|e| Error::io("creating a temporary folder", e))?;
        let file = |from: &str, name: &str| -> Result<PathBuf> {
            let (table, to) = (ArrowTable::open(data.join(from))?, folder.path().join(name));
            write(&to, &table, &Options { class: Some("label".to_owned()), ..Options::default() })?;
            Ok(to)
        };
        let train = file("train-images-idx3-ubyte", "train.gede")?;
        let test = file("t10k-images-idx3-ubyte", "test.gede")?;
        Ok(Self { train, test, _folder: folder })
    }

    /// Trains and tests.
    pub fn run(&self, job: &Job) -> Result<NetworkRow> {
        let reader = open(&self.train)?;
        let (images, labels) = (reader.images(None)?, labels(&reader)?);
        let training = Training {
            epochs: job.epochs,
            format: PixelFormat::Floats { mean: vec![0.1307], std: vec![0.3081] },
            seed: job.seed,
            ..Training::default()
        };
        let failed = |e: &dyn fmt::Display| Error::new(ErrorKind::Argument, e.to_string());
        let network = LeNet5::new([28, 28, 1], 10, job.seed, &Device::Cpu).map_err(|e| failed(&e))?;
        let from = (&reader, &images as &dyn Images, &labels as &dyn Labels);
        let outcome = job.method.train(&training, &network, from, job.percent / 100.0, &mut |_| {})?;
        let trained = outcome.trained;
        let test = open(&self.test)?;
        let test_accuracy = training.accuracy(&network, &test.images(None)?, &self::labels(&test)?)?;
        Ok(NetworkRow {
            method: job.method.name(),
            percent: job.percent,
            seed: job.seed,
            epochs: job.epochs,
            steps: trained.steps,
            test_accuracy,
            last_loss: trained.epochs.last().map_or(f64::NAN, |epoch| epoch.loss),
            train_seconds: trained.seconds,
            images_per_second: trained.images as f64 / trained.seconds,
            loader_share: trained.waited / trained.seconds,
            bytes_read: reader.touched_bytes(),
            training_memory: outcome.training_memory,
            selection_seconds: trained.selection_seconds,
            selection_memory: outcome.selection_memory,
            machine: machine(),
        })
    }
}

fn labels<S: Source>(reader: &Reader<S>) -> Result<LabelColumn<'_, S>> {
    let missing = || Error::new(ErrorKind::Input, "the file is not stored by class");
    LabelColumn::of_classes(reader)?.ok_or_else(missing)
}
