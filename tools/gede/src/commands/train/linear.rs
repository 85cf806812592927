//! `gede train linear`.

use super::missing::{Impute, no_rows, train_rows, without};
use super::outputs;
use super::report::report;
use crate::commands::counted::Counted;
use crate::commands::large::Large;
use crate::commands::{columns_of_target, misuse, open};
use crate::output::{json, print};
use gede::train::{
    Dataset, Descent, Device, Fit, Gram, Imputer, Metrics, PassedOver, Standardiser, closed_form,
    gradient_descent, lost_in_means, lost_in_moments, peak_memory,
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
    /// Fill in features that are missing; rows without one are passed over otherwise
    #[arg(long, value_enum)]
    impute: Option<Impute>,
    /// Save the model as safetensors, in the place of any file that is there
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    large: Large,
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

/// What is trained on.
struct Samples {
    data: Dataset,
    /// The features as a file has them.
    read: Vec<String>,
    /// Those that are missing in every row.
    empty: Vec<String>,
    /// What fills them in.
    imputer: Option<Imputer>,
    warnings: Vec<String>,
}

/// A model, and how test rows are read for it.
struct Trained {
    fit: Fit,
    metrics: Metrics,
    read: Vec<String>,
    imputer: Option<Imputer>,
}

impl Linear {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let closed = matches!(self.method, Method::ClosedForm | Method::Moments);
        if self.ridge != 0.0 && !closed {
            return Err(misuse("--ridge is for --method closed-form and --method moments"));
        }
        let rows = matches!(self.method, Method::Full | Method::MiniBatch);
        if let Some(impute) =
            self.impute.filter(|impute| !rows && (*impute == Impute::Flag || !self.condensed()))
        {
            return Err(misuse(format!(
                "--impute {} needs rows: take --method full or mini-batch",
                if impute == Impute::Flag { "flag" } else { "mean" }
            )));
        }
        outputs::check([self.save.as_deref()])?;
        let (source, bytes_read) = Counted::open(&self.file)?;
        let reader = Reader::new(source).map_err(|e| e.at(self.file.display()))?;
        let test = self.test.as_ref().map(|path| -> Result<_> { Ok((open(path)?, path)) }).transpose()?;
        if let Some((test, path)) = &test
            && let Ok((features, target)) = columns_of_target(&reader)
        {
            Dataset::check(test, &features, &target).map_err(|e| e.at(path.display()))?;
        }
        if let Some((test, path)) = &test {
            self.large.whole(test).map_err(|e| e.at(path.display()))?;
        }
        let Trained { fit, mut metrics, read, imputer } =
            self.train(&reader).map_err(|e| e.at(self.file.display()))?;
        metrics.bytes_read = Some(bytes_read.get());
        if let Some(path) = &self.save {
            fit.model.save(path)?;
        }
        if let Some((test, path)) = &test {
            let rows = Dataset::from_rows_imputed(test, &read, &fit.model.target, imputer.as_ref());
            let (mse, passed) = rows
                .and_then(|rows| Ok((fit.model.mse(&rows)?, rows.passed_over())))
                .map_err(|e| e.at(path.display()))?;
            metrics.test_mse = Some(mse);
            metrics.test_rows_passed_over = Some(passed).filter(|passed| *passed != PassedOver::default());
        }
        metrics.peak_memory = peak_memory();
        if as_json { json(&metrics) } else { print(&report(&metrics, &fit)) }
    }

    /// Whether the condensed samples are trained on.
    fn condensed(&self) -> bool {
        matches!(self.method, Method::Condensed | Method::ClosedForm)
    }

    /// Trains and measures.
    fn train(&self, reader: &Reader<Counted>) -> Result<Trained> {
        let started = Instant::now();
        let mut trained = if self.method == Method::Moments {
            self.by_moments(reader, started)?
        } else {
            let Samples { data, read, empty, imputer, warnings } = self.data(reader)?;
            let selection_seconds = started.elapsed().as_secs_f64();
            if data.rows() == 0 {
                return Err(no_rows(&data.passed_over()));
            }
            let fit = self.fit(&data)?;
            let metrics = Metrics {
                samples: data.rows(),
                rows: data.total_weight(),
                left_out: data.left_out() as u64,
                rows_passed_over: data.passed_over(),
                empty_features: empty,
                train_mse: Some(fit.model.mse(&data)?),
                selection_seconds,
                warnings,
                ..Metrics::default()
            };
            Trained { fit, metrics, read, imputer }
        };
        let (fit, metrics) = (&trained.fit, &mut trained.metrics);
        metrics.method = self.method.to_string();
        metrics.features = fit.model.features.len();
        metrics.steps = fit.steps;
        // The least loss of numbers that are rounding is nothing to have converged to.
        metrics.converged = fit.converged && metrics.warnings.is_empty();
        metrics.gradient_norm = fit.gradient_norm;
        metrics.train_seconds = fit.seconds;
        Ok(trained)
    }

    fn by_moments(&self, reader: &Reader<Counted>, started: Instant) -> Result<Trained> {
        let moments = reader.moments()?.ok_or_else(|| {
            misuse("has no moments; convert with --target and at most 255 numeric features")
        })?;
        let (rows, left_out) = (moments.moments.count(), moments.moments.left_out());
        if rows == 0 && left_out > 0 {
            return Err(misuse(format!(
                "a feature or the target is null or not finite in each of its {left_out} rows: leave the column out \
                 with --exclude as it is converted, or train with --method full --impute mean"
            )));
        }
        let gram = Gram::from_moments(&moments)?;
        let selection_seconds = started.elapsed().as_secs_f64();
        let fit = gram.solve(self.ridge)?;
        let warnings = if moments.moments.is_exact() {
            Vec::new()
        } else {
            lost_in_moments(&moments, reader.condensed()?.as_ref())
        };
        let metrics = Metrics {
            rows: rows as f64,
            left_out,
            rows_passed_over: PassedOver { unusable_value: left_out, ..PassedOver::default() },
            train_mse: Some(gram.mse(&fit.model)?),
            selection_seconds,
            warnings,
            ..Metrics::default()
        };
        Ok(Trained { read: fit.model.features.clone(), fit, metrics, imputer: None })
    }

    fn data(&self, reader: &Reader<Counted>) -> Result<Samples> {
        if !self.condensed() {
            self.large.whole(reader)?;
            let (features, target) = columns_of_target(reader)?;
            let (read, imputer) = train_rows(reader, features.clone(), self.impute)?;
            let data = Dataset::from_rows_imputed(reader, &read, &target, imputer.as_ref())?;
            let empty = without(features, &read);
            return Ok(Samples { data, read, empty, imputer, warnings: Vec::new() });
        }
        let condensed = reader.condensed()?;
        let condensed = condensed.ok_or_else(|| misuse("has no condensed samples; convert with --target"))?;
        let data = Dataset::from_condensed_imputed(&condensed, self.impute.is_some())?;
        let read = data.features().to_vec();
        let warnings = lost_in_means(&condensed, reader.moments()?.as_ref());
        let imputer = self.impute.map(|_| Imputer::from_samples(&condensed));
        let empty = without(condensed.features, &read);
        Ok(Samples { data, read, empty, imputer, warnings })
    }

    fn fit(&self, data: &Dataset) -> Result<Fit> {
        if self.method == Method::ClosedForm {
            return closed_form(data, self.ridge);
        }
        let d = data.features().len();
        let standardiser = match self.standardise {
            true => Standardiser::from_dataset(data),
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
