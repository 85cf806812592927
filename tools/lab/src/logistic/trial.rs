//! Training rows and test rows, and what can be trained from a file of the former.

use std::path::Path;

use gede::train::{ClassData, FileRows, LogisticFit, LogisticModel, Newton, Spread, permutation};
use gede::write::{CellLimit, Options, Report, TargetKind};
use gede::{Error, ErrorKind, Reader, Result, Writer};

use super::rows::LogisticRow;
use crate::storage::machine;
use crate::table::FloatTable;

/// Rows to train and to test on.
pub struct Trial<'a> {
    pub set: &'static str,
    pub seed: u64,
    pub target: &'a str,
    /// Columns that are no features.
    pub exclude: &'a [&'a str],
    pub parts: (FloatTable, FloatTable),
    /// The commit.
    pub revision: Option<String>,
}

impl Trial<'_> {
    /// Writes the training rows with condensed samples of at most so many percent of them, and trains in every way.
    pub fn measure(&self, percent: f64, path: &Path) -> Result<Vec<LogisticRow>> {
        let (train, test) = &self.parts;
        let options = Options::default()
            .with_target(self.target, TargetKind::Class)
            .with_excluded(self.exclude.iter().copied())
            .with_cells(CellLimit::Share(percent / 100.0))
            .with_overwrite(true);
        let report = Writer::new(options.clone()).write(path, train)?;
        let reader = Reader::open(path)?;
        // The same file and what rows scatter in each cell.
        let scattered = path.with_extension("scattered.gede");
        let with_own = Writer::new(options.with_cell_covariances(true)).write(&scattered, train)?;
        let own = Reader::open(&scattered)?.cell_covariances()?;
        let missing = || Error::new(ErrorKind::Argument, "the file has no condensed samples or moments");
        let samples = reader.condensed()?.ok_or_else(missing)?;
        let condensed = ClassData::from_condensed(&samples)?;
        let moments = reader.moments()?.ok_or_else(missing)?;
        let spread = Spread::new(&condensed, &moments)?;
        let own = Spread::from_cells(&condensed, &samples, &own.ok_or_else(missing)?, Some(&moments))?;
        let (features, labels) = (condensed.features(), condensed.labels());
        let rows = FileRows::new(&reader, features, self.target, labels)?;
        let all = ClassData::from_rows(&reader, features, self.target, labels)?;
        let test = self.classes(test, &condensed)?;

        let newton = Newton::default();
        let some: Vec<usize> =
            permutation(all.rows(), self.seed).into_iter().take(condensed.rows()).collect();
        let full = newton.fit(&all, None)?;
        let start = newton.fit(&condensed, spread.as_ref())?;
        let polished = |steps| -> Result<LogisticFit> {
            let fit = newton.polish(&start.model, &rows, steps, &condensed, spread.as_ref())?;
            Ok(LogisticFit { seconds: fit.seconds + start.seconds, ..fit })
        };
        let random = all.subset(&some);
        let fits = [
            ("condensed", newton.fit(&condensed, None)?, condensed.rows(), &report),
            ("condensed, spread", start.clone(), condensed.rows(), &report),
            ("condensed, own spreads", newton.fit(&condensed, Some(&own))?, condensed.rows(), &with_own),
            ("polish 1", polished(1)?, condensed.rows(), &report),
            ("polish 2", polished(2)?, condensed.rows(), &report),
            ("random rows", newton.fit(&random, None)?, random.rows(), &report),
            ("all rows", full.clone(), all.rows(), &report),
        ];
        let scores = |model: &LogisticModel| model.scores(&test);
        let best = scores(&full.model)?;
        let row = |(method, fit, samples, report): (&'static str, LogisticFit, usize, &Report)| {
            let scores = scores(&fit.model)?;
            Ok(LogisticRow {
                set: self.set.to_owned(),
                seed: self.seed,
                percent_asked: percent,
                method: method.to_owned(),
                samples,
                log_loss: scores.log_loss,
                accuracy: scores.accuracy,
                balanced_accuracy: scores.balanced_accuracy,
                auc: scores.auc.unwrap_or(f64::NAN),
                log_loss_ratio: scores.log_loss / best.log_loss,
                accuracy_points: 100.0 * (scores.accuracy - best.accuracy),
                train_seconds: fit.seconds,
                percent_of_float64: 100.0 * report.file_length as f64 / train.bytes() as f64,
                machine: machine(),
                revision: self.revision.clone(),
            })
        };
        fits.into_iter().map(row).collect()
    }

    /// Rows of a table as they are classified by a file of others.
    fn classes(&self, table: &FloatTable, like: &ClassData) -> Result<ClassData> {
        let data = table.dataset(self.target)?;
        let names: Vec<&str> = like.features().iter().map(String::as_str).collect();
        let data = data.with_features(&names)?;
        let counts = data.y().iter().flat_map(|y| {
            let own = y.to_string();
            like.labels().iter().map(move |label| f64::from(u8::from(*label == own)))
        });
        let (labels, counts) = (like.labels().to_vec(), counts.collect::<Vec<f64>>());
        ClassData::new(like.features().to_vec(), self.target.to_owned(), labels, data.x(), &counts)
    }
}
