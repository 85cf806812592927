//! `gede train linear`.

use super::report::report;
use crate::commands::counted::Counted;
use crate::commands::{columns_of_target, misuse, open};
use crate::output::{json, print};
use gede::train::{
    Dataset, Descent, Device, Fit, Gram, Metrics, Standardiser, closed_form, gradient_descent, peak_memory,
};
use gede::{Reader, Result};
use std::path::PathBuf;
use std::time::Instant;

/// Linear regression of the file's target on its features
#[derive(clap::Args)]
pub struct Linear {
    /// A gede file converted with --target
    file: PathBuf,
    /// A gede file of rows to test on
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// How to train
    #[arg(long, value_enum, default_value_t = Method::Condensed)]
    method: Method,
    /// Learning rate of gradient descent
    #[arg(long, value_name = "RATE", default_value_t = Descent::default().learning_rate)]
    lr: f64,
    /// Stop when the norm of the gradient is less
    #[arg(long, value_name = "NORM", default_value_t = Descent::default().tolerance)]
    tolerance: f64,
    /// Stop after so many steps
    #[arg(long, value_name = "STEPS", default_value_t = Descent::default().max_steps)]
    max_steps: u64,
    /// Rows a mini-batch
    #[arg(long, value_name = "ROWS", default_value_t = 256)]
    batch_rows: usize,
    /// Penalty on the squared weights of standardised features, for closed-form and moments
    #[arg(long, default_value_t = 0.0)]
    ridge: f64,
    /// Descend in features of mean 0 and deviation 1
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    standardise: bool,
    /// Seed of the order of mini-batches
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Save the model as safetensors, in the place of any file that is there
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Method {
    /// Gradient descent on the condensed samples and their weights
    Condensed,
    /// Gradient descent on all rows
    Full,
    /// Gradient descent on mini-batches of rows
    MiniBatch,
    /// Weighted least squares of the condensed samples
    ClosedForm,
    /// Least squares of all rows from the file's moments, without a row read
    Moments,
}

impl Linear {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let closed = matches!(self.method, Method::ClosedForm | Method::Moments);
        if self.ridge != 0.0 && !closed {
            return Err(misuse("--ridge is for --method closed-form and --method moments"));
        }
        let (source, bytes_read) = Counted::open(&self.file)?;
        let (fit, mut metrics) = self.train(source).map_err(|e| e.at(self.file.display()))?;
        metrics.bytes_read = Some(bytes_read.get());
        if let Some(test) = &self.test {
            let rows = Dataset::of_rows(&open(test)?, &fit.model.features, &fit.model.target);
            metrics.test_mse =
                Some(rows.and_then(|rows| fit.model.mse(&rows)).map_err(|e| e.at(test.display()))?);
        }
        metrics.peak_memory = peak_memory();
        if let Some(path) = &self.save {
            fit.model.save(path)?;
        }
        if as_json { json(&metrics) } else { print(&report(&metrics, &fit)) }
    }

    /// Trains and measures.
    fn train(&self, source: Counted) -> Result<(Fit, Metrics)> {
        let reader = Reader::new(source)?;
        let started = Instant::now();
        let (fit, mut metrics) = if self.method == Method::Moments {
            let moments = reader.moments()?.ok_or_else(|| {
                misuse("has no moments; convert with --target and at most 255 numeric features")
            })?;
            let gram = Gram::of_moments(&moments)?;
            let selection_seconds = started.elapsed().as_secs_f64();
            let fit = gram.solve(self.ridge)?;
            let train_mse = Some(gram.mse(&fit.model)?);
            let (rows, left_out) = (moments.moments.count() as f64, moments.moments.left_out());
            (fit, Metrics { rows, left_out, train_mse, selection_seconds, ..Metrics::default() })
        } else {
            let data = self.data(&reader)?;
            let selection_seconds = started.elapsed().as_secs_f64();
            let fit = self.fit(&data)?;
            let metrics = Metrics {
                samples: data.rows(),
                rows: data.total_weight(),
                left_out: data.left_out() as u64,
                train_mse: Some(fit.model.mse(&data)?),
                selection_seconds,
                ..Metrics::default()
            };
            (fit, metrics)
        };
        metrics.method = self.method.to_string();
        metrics.features = fit.model.features.len();
        metrics.steps = fit.steps;
        metrics.converged = fit.converged;
        metrics.gradient_norm = fit.gradient_norm;
        metrics.train_seconds = fit.seconds;
        Ok((fit, metrics))
    }

    fn data(&self, reader: &Reader<Counted>) -> Result<Dataset> {
        if matches!(self.method, Method::Full | Method::MiniBatch) {
            let (features, target) = columns_of_target(reader)?;
            return Dataset::of_rows(reader, &features, &target);
        }
        let condensed = reader.condensed()?;
        let condensed = condensed.ok_or_else(|| misuse("has no condensed samples; convert with --target"))?;
        Dataset::of_condensed(&condensed)
    }

    fn fit(&self, data: &Dataset) -> Result<Fit> {
        if self.method == Method::ClosedForm {
            return closed_form(data, self.ridge);
        }
        let d = data.features().len();
        let standardiser = match self.standardise {
            true => Standardiser::of(data),
            false => Standardiser::new(vec![0.0; d], vec![1.0; d]),
        };
        let options = Descent {
            learning_rate: self.lr,
            tolerance: self.tolerance,
            max_steps: self.max_steps,
            batch_rows: (self.method == Method::MiniBatch).then_some(self.batch_rows),
            seed: self.seed,
            ..Descent::default()
        };
        gradient_descent(data, &standardiser, &options, &Device::Cpu)
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Condensed => "condensed",
            Self::Full => "full",
            Self::MiniBatch => "mini-batch",
            Self::ClosedForm => "closed-form",
            Self::Moments => "moments",
        })
    }
}
