//! One run: a network trained and tested.

use std::fmt;
use std::path::{Path, PathBuf};

use gede::internal::TemporaryFolder;
use gede::read::ByteSource;
use gede::sample::{Images, LabelColumn, Labels};
use gede::train::{TrainConfig, device_name, peak_gpu_memory};
use gede::{Error, ErrorKind, Reader, Result};

use super::rows::NetworkRow;
use super::set::Set;
use crate::open;
use crate::storage::machine;
use gede::train::select::Method;
use gede_cli::device::On;
use gede_cli::methods;

/// One run to make.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub method: &'static Method,
    pub percent: f64,
    pub seed: u64,
    pub epochs: u64,
}

impl Job {
    /// True if a row is of this run.
    pub fn is(&self, row: &NetworkRow) -> bool {
        row.method == self.method.name
            && (row.percent, row.seed, row.epochs) == (self.percent, self.seed, self.epochs)
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} %, seed {}", self.method.name, self.percent, self.seed)
    }
}

/// A set as gede files.
pub struct Files {
    train: PathBuf,
    test: PathBuf,
    device: On,
    /// Where they are, as long as they are needed.
    _folder: TemporaryFolder,
}

impl Files {
    /// Converts a set of the folder of data.
    pub fn new(set: &Set, data: &Path, device: On) -> Result<Self> {
        let folder = TemporaryFolder::new(&std::env::temp_dir())?;
        let [train, test] = set.convert(data, folder.path())?;
        Ok(Self { train, test, device, _folder: folder })
    }

    /// The size of the training images' file, percent of their pixels and labels.
    pub fn storage(&self) -> Result<f64> {
        let length = std::fs::metadata(&self.train).map_err(|e| Error::io("looking at a file", e))?.len();
        let reader = open(&self.train)?;
        let image = reader.images(None)?.image_shape().values() as u64 + 1;
        Ok(100.0 * length as f64 / (reader.rows() * image) as f64)
    }

    /// Trains and tests, at a commit.
    pub fn run(&self, set: &Set, job: &Job, revision: &Option<String>) -> Result<NetworkRow> {
        let reader = open(&self.train)?;
        let (images, labels) = (reader.images(None)?, labels(&reader)?);
        let device = self.device.device()?;
        let config = TrainConfig { input_mode: self.device.input_mode(), ..set.config(job.epochs, job.seed) };
        let network = set.network(job.seed, &device)?;
        let from = (&reader, &images as &dyn Images, &labels as &dyn Labels);
        let share = job.percent / 100.0;
        let outcome = methods::train(job.method, &config, network.as_ref(), from, share, &mut |_| {})?;
        let report = outcome.report;
        let test = open(&self.test)?;
        let test_accuracy = config.accuracy(network.as_ref(), &test.images(None)?, &self::labels(&test)?)?;
        Ok(NetworkRow {
            method: job.method.name.to_owned(),
            percent: job.percent,
            seed: job.seed,
            epochs: job.epochs,
            steps: report.steps,
            test_accuracy,
            last_loss: report.epochs.last().map_or(f64::NAN, |epoch| epoch.loss),
            train_seconds: report.seconds,
            images_per_second: report.images as f64 / report.seconds,
            loader_share: report.waited / report.seconds,
            bytes_read: reader.touched_bytes(),
            training_memory: outcome.training_memory,
            gpu_memory: peak_gpu_memory(&device),
            selection_seconds: report.selection_seconds,
            selection_memory: outcome.selection_memory,
            machine: match device_name(&device) {
                Some(gpu) => format!("{gpu}, {}", machine()),
                None => machine(),
            },
            revision: revision.clone(),
        })
    }
}

fn labels<S: ByteSource>(reader: &Reader<S>) -> Result<LabelColumn<'_, S>> {
    let missing = || Error::new(ErrorKind::Input, "the file is not stored by class");
    LabelColumn::from_classes(reader)?.ok_or_else(missing)
}
