//! One run: a network trained and tested.

use std::fmt;
use std::path::{Path, PathBuf};

use gede::read::Source;
use gede::sample::{Images, LabelColumn, Labels};
use gede::{Error, ErrorKind, Reader, Result};

use super::rows::NetworkRow;
use super::set::Set;
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

/// A set as gede files.
pub struct Files {
    train: PathBuf,
    test: PathBuf,
    /// Where they are, as long as they are needed.
    _folder: tempfile::TempDir,
}

impl Files {
    /// Converts a set of the folder of data.
    pub fn of(set: &Set, data: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(|e| Error::io("creating a temporary folder", e))?;
        let [train, test] = set.convert(data, folder.path())?;
        Ok(Self { train, test, _folder: folder })
    }

    /// Trains and tests.
    pub fn run(&self, set: &Set, job: &Job) -> Result<NetworkRow> {
        let reader = open(&self.train)?;
        let (images, labels) = (reader.images(None)?, labels(&reader)?);
        let (training, network) = (set.training(job.epochs, job.seed), set.network(job.seed)?);
        let from = (&reader, &images as &dyn Images, &labels as &dyn Labels);
        let share = job.percent / 100.0;
        let outcome = job.method.train(&training, network.as_ref(), from, share, &mut |_| {})?;
        let trained = outcome.trained;
        let test = open(&self.test)?;
        let test_accuracy =
            training.accuracy(network.as_ref(), &test.images(None)?, &self::labels(&test)?)?;
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
