//! `gede train logistic`.

use super::missing::{Impute, no_rows, train_rows, without};
use super::outputs;
use super::report::{hint, warnings};
use crate::commands::counted::Counted;
use crate::commands::large::Large;
use crate::commands::{misuse, open};
use crate::output::{Table, bytes, count, json, list, many, print, seconds};
use gede::read::ByteSource;
use gede::sample::CondensedSamples;
use gede::train::{
    ClassData, FileRows, Imputer, LogisticFit, LogisticScores, Newton, PassedOver, RowsNotHandedOut, Spread,
    lost_in_means, peak_memory,
};
use gede::{Reader, Result};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;

/// Logistic regression of the file's target, a class, on its features
#[derive(clap::Args)]
pub struct Logistic {
    /// A gede file converted with --target COLUMN:class
    file: PathBuf,
    /// A gede file of rows to test on
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// What to train on
    #[arg(long, value_enum, default_value_t = Method::Condensed)]
    method: Method,
    /// Take into account how rows scatter within cells, where there are two classes
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    spread: bool,
    /// Exact steps over all rows afterwards, decoded as they are read
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    polish: u64,
    /// Stop when the norm of the gradient is less
    #[arg(long, value_name = "NORM", default_value_t = Newton::default().tolerance)]
    tolerance: f64,
    /// Stop after so many steps
    #[arg(long, value_name = "STEPS", default_value_t = Newton::default().max_steps)]
    max_steps: u64,
    /// Penalty on half the squared weights of standardised features
    #[arg(long, default_value_t = Newton::default().ridge)]
    ridge: f64,
    /// Fill in features that are missing; rows without one are passed over otherwise
    #[arg(long, value_enum)]
    impute: Option<Impute>,
    /// Save the model as safetensors, in the place of any file that is there
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    large: Large,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Method {
    /// The condensed samples, with the rows of each class as weights
    Condensed,
    /// All rows
    Full,
}

/// What was measured.
#[derive(Serialize)]
struct Measured {
    method: Method,
    /// Samples trained on: rows, or condensed samples.
    samples: usize,
    /// Rows they stand for.
    rows: f64,
    features: usize,
    classes: usize,
    left_out: usize,
    #[serde(skip_serializing_if = "is_none")]
    rows_passed_over: PassedOver,
    /// Columns that the file names as features, and that are missing in every row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    empty_features: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    spread: bool,
    steps: u64,
    converged: bool,
    gradient_norm: f64,
    polish_steps: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    test: Option<Tested>,
    selection_seconds: f64,
    train_seconds: f64,
    polish_seconds: f64,
    bytes_read: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory: Option<u64>,
}

fn is_none(passed: &PassedOver) -> bool {
    *passed == PassedOver::default()
}

#[derive(Serialize)]
struct Tested {
    /// Rows tested on: those of classes trained on and of others, with all features.
    test_rows: u64,
    #[serde(skip_serializing_if = "is_none")]
    test_rows_passed_over: PassedOver,
    /// Some classes that were not trained on.
    #[serde(skip)]
    unseen: Vec<String>,
    test_accuracy: f64,
    test_log_loss: f64,
    test_balanced_accuracy: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_auc: Option<f64>,
}

impl Logistic {
    pub fn run(&self, as_json: bool) -> Result<()> {
        if self.impute == Some(Impute::Flag) && self.method != Method::Full {
            return Err(misuse("--impute flag needs rows: take --method full"));
        }
        outputs::check([self.save.as_deref()])?;
        let here = |e: gede::Error| e.at(self.file.display());
        let (source, read) = Counted::open(&self.file)?;
        let reader = Reader::new(source).map_err(here)?;
        let started = Instant::now();
        if self.method == Method::Full || self.polish > 0 {
            self.large.whole(&reader).map_err(here)?;
        }
        let input = self.input(&reader).map_err(here)?;
        let test = self.test.as_ref().map(|path| -> Result<_> { Ok((open(path)?, path)) }).transpose()?;
        if let Some((test, path)) = &test {
            self.large.whole(test).map_err(|e| e.at(path.display()))?;
            let rows = input.rows(test).and_then(|rows| rows.check_classes());
            rows.map_err(|e| e.at(path.display()))?;
        }
        let (fit, mut measured) = self.train(&reader, &input, started).map_err(here)?;
        measured.bytes_read = read.get();
        if let Some(path) = &self.save {
            fit.model.save(path)?;
        }
        if let Some((test, path)) = &test {
            let scores =
                input.rows(test).and_then(|rows| Ok((fit.model.scores_counted(&rows)?, test.rows())));
            let ((scores, RowsNotHandedOut { rows, unseen, .. }), of) =
                scores.map_err(|e| e.at(path.display()))?;
            let LogisticScores { accuracy, log_loss, balanced_accuracy, auc } = scores;
            measured.test = Some(Tested {
                test_rows: of - rows.unused(),
                test_rows_passed_over: rows,
                unseen,
                test_accuracy: accuracy,
                test_log_loss: log_loss,
                test_balanced_accuracy: balanced_accuracy,
                test_auc: auc,
            });
        }
        measured.peak_memory = peak_memory();
        if as_json { json(&measured) } else { print(&measured.report(&fit)) }
    }

    /// What is trained on, and how rows are read for it.
    fn input(&self, reader: &Reader<Counted>) -> Result<Input> {
        let condensed = reader.condensed()?;
        let condensed = condensed
            .ok_or_else(|| misuse("has no condensed samples; convert with --target COLUMN:class"))?;
        let impute = self.impute.is_some();
        let samples = ClassData::from_condensed_imputed(&condensed, impute)?;
        let read = samples.features().to_vec();
        let (read, imputer) = match self.method {
            Method::Full if impute => train_rows(reader, read, self.impute)?,
            _ => (read, self.impute.map(|_| Imputer::from_samples(&condensed))),
        };
        let empty = without(condensed.features.clone(), &read);
        Ok(Input { condensed, samples, read, empty, imputer })
    }

    fn train(
        &self,
        reader: &Reader<Counted>,
        input: &Input,
        started: Instant,
    ) -> Result<(LogisticFit, Measured)> {
        let Input { condensed, samples, .. } = input;
        let (target, labels) = (samples.target(), samples.labels());
        let mut warnings = Vec::new();
        let (data, spread) = match self.method {
            Method::Full => (ClassData::from_file_rows(&input.rows(reader)?, target, labels)?, None),
            Method::Condensed => {
                let moments = reader.moments()?;
                warnings = lost_in_means(condensed, moments.as_ref());
                // A spread is of the samples as they are stored.
                let whole = input.empty.is_empty() && self.impute.is_none();
                let wanted = self.spread && labels.len() == 2 && whole && warnings.is_empty();
                let own = if wanted { reader.cell_covariances()? } else { None };
                let spread = match (own, moments.filter(|_| wanted)) {
                    (Some(own), moments) => {
                        Some(Spread::from_cells(samples, condensed, &own, moments.as_ref())?)
                    }
                    (None, Some(moments)) => Spread::new(samples, &moments)?,
                    (None, None) => None,
                };
                (samples.clone(), spread)
            }
        };
        if data.rows() == 0 {
            return Err(no_rows(&data.passed_over()));
        }
        let selection_seconds = started.elapsed().as_secs_f64();
        let newton = Newton { tolerance: self.tolerance, max_steps: self.max_steps, ridge: self.ridge };
        let mut fit = newton.fit(&data, spread.as_ref())?;
        let mut measured = Measured {
            method: self.method,
            samples: data.rows(),
            rows: data.total(),
            features: data.features().len(),
            classes: labels.len(),
            left_out: data.left_out(),
            rows_passed_over: data.passed_over(),
            empty_features: input.empty.clone(),
            spread: spread.is_some(),
            steps: fit.steps,
            // The least loss of numbers that are rounding is nothing to have converged to.
            converged: fit.converged && warnings.is_empty(),
            warnings,
            gradient_norm: fit.gradient_norm,
            polish_steps: self.polish,
            test: None,
            selection_seconds,
            train_seconds: fit.seconds,
            polish_seconds: 0.0,
            bytes_read: 0,
            peak_memory: None,
        };
        if self.polish > 0 {
            fit = newton.polish(&fit.model, &input.rows(reader)?, self.polish, &data, spread.as_ref())?;
            (measured.polish_seconds, measured.gradient_norm) = (fit.seconds, fit.gradient_norm);
        }
        Ok((fit, measured))
    }
}

/// What is trained on.
struct Input {
    condensed: CondensedSamples,
    samples: ClassData,
    /// The features as a file has them.
    read: Vec<String>,
    /// Those that are missing in every row.
    empty: Vec<String>,
    /// What fills them in.
    imputer: Option<Imputer>,
}

impl Input {
    /// The rows of a file.
    fn rows<'a, S: ByteSource>(&self, reader: &'a Reader<S>) -> Result<FileRows<'a, S>> {
        let rows = FileRows::new(reader, &self.read, self.samples.target(), self.samples.labels())?;
        Ok(rows.imputed(self.imputer.clone()))
    }
}

impl Measured {
    /// For people.
    fn report(&self, fit: &LogisticFit) -> String {
        let mut table = Table::new(2);
        let mut fact = |what: &str, value: String| table.row([what, &value]);
        let (d, target) = (self.features, &fit.model.target);
        fact("model", format!("logistic, {target} ({} classes) on {d} features", self.classes));
        let rows = count(self.rows.round() as u64);
        let spread = if self.spread { ", and what rows scatter within cells" } else { "" };
        fact(
            "trained on",
            match self.method {
                Method::Full => format!("{rows} rows"),
                Method::Condensed => {
                    format!("{} condensed samples of {rows} rows{spread}", count(self.samples as u64))
                }
            },
        );
        if !self.empty_features.is_empty() {
            fact("no features", format!("{}: missing in every row", list(&self.empty_features)));
        }
        if !is_none(&self.rows_passed_over) {
            fact("rows", self.rows_passed_over.text(&[]) + hint(&self.rows_passed_over));
        }
        let end = match (self.warnings.is_empty(), self.converged) {
            (false, _) => "on rounding: see the warnings",
            (true, true) => "converged",
            (true, false) => "not converged: raise --max-steps or --ridge",
        };
        fact("Newton", format!("{} steps, {end}", self.steps));
        if self.polish_steps > 0 {
            fact(
                "polished",
                format!("{} over all rows", many(self.polish_steps, "exact step", "exact steps")),
            );
        }
        if let Some(test) = &self.test {
            if !is_none(&test.test_rows_passed_over) {
                let passed = test.test_rows_passed_over;
                fact("test rows", passed.text(&test.unseen) + hint(&passed));
            }
            fact("test accuracy", format!("{:.2} %", 100.0 * test.test_accuracy));
            fact("test log-loss", format!("{:.5}", test.test_log_loss));
            fact("balanced", format!("{:.2} %", 100.0 * test.test_balanced_accuracy));
            test.test_auc.into_iter().for_each(|auc| fact("AUC", format!("{auc:.4}")));
        }
        let times = [self.selection_seconds, self.train_seconds, self.polish_seconds].map(seconds);
        fact("time", format!("{} to read, {} to train, {} to polish", times[0], times[1], times[2]));
        fact("read", format!("{} of the file", bytes(self.bytes_read)));
        self.peak_memory.into_iter().for_each(|n| fact("peak memory", bytes(n)));
        table.render(0) + &warnings(&self.warnings)
    }
}
