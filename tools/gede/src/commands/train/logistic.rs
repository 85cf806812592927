//! `gede train logistic`.

use crate::commands::counted::Counted;
use crate::commands::{misuse, open};
use crate::output::{Table, bytes, count, json, many, print, seconds};
use gede::train::{ClassData, FileRows, LogisticFit, LogisticScores, Newton, Spread, peak_memory};
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
    /// Save the model as safetensors, in the place of any file that is there
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
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

#[derive(Serialize)]
struct Tested {
    test_accuracy: f64,
    test_log_loss: f64,
    test_balanced_accuracy: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_auc: Option<f64>,
}

impl Logistic {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let (source, read) = Counted::open(&self.file)?;
        let (fit, mut measured) = self.train(source).map_err(|e| e.at(self.file.display()))?;
        measured.bytes_read = read.get();
        if let Some(test) = &self.test {
            let scores = open(test).and_then(|reader| {
                let model = &fit.model;
                model.scores(&FileRows::new(&reader, &model.features, &model.target, &model.labels)?)
            });
            let LogisticScores { accuracy, log_loss, balanced_accuracy, auc } =
                scores.map_err(|e| e.at(test.display()))?;
            measured.test = Some(Tested {
                test_accuracy: accuracy,
                test_log_loss: log_loss,
                test_balanced_accuracy: balanced_accuracy,
                test_auc: auc,
            });
        }
        measured.peak_memory = peak_memory();
        if let Some(path) = &self.save {
            fit.model.save(path)?;
        }
        if as_json { json(&measured) } else { print(&measured.report(&fit)) }
    }

    fn train(&self, source: Counted) -> Result<(LogisticFit, Measured)> {
        let started = Instant::now();
        let reader = Reader::new(source)?;
        let condensed = reader.condensed()?;
        let condensed = condensed
            .ok_or_else(|| misuse("has no condensed samples; convert with --target COLUMN:class"))?;
        let (samples, condensed) = (&condensed, ClassData::of_condensed(&condensed)?);
        let (features, target, labels) = (condensed.features(), condensed.target(), condensed.labels());
        let (data, spread) = match self.method {
            Method::Full => (ClassData::of_rows(&reader, features, target, labels)?, None),
            Method::Condensed => {
                let wanted = self.spread && labels.len() == 2;
                let moments = if wanted { reader.moments()? } else { None };
                let own = if wanted { reader.cell_covariances()? } else { None };
                let spread = match (own, &moments) {
                    (Some(own), moments) => {
                        Some(Spread::of_cells(&condensed, samples, &own, moments.as_ref())?)
                    }
                    (None, Some(moments)) => Spread::of(&condensed, moments)?,
                    (None, None) => None,
                };
                (condensed.clone(), spread)
            }
        };
        let selection_seconds = started.elapsed().as_secs_f64();
        let newton = Newton { tolerance: self.tolerance, max_steps: self.max_steps, ridge: self.ridge };
        let mut fit = newton.fit(&data, spread.as_ref())?;
        let mut measured = Measured {
            method: self.method,
            samples: data.rows(),
            rows: data.total(),
            features: features.len(),
            classes: labels.len(),
            left_out: data.left_out(),
            spread: spread.is_some(),
            steps: fit.steps,
            converged: fit.converged,
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
            let rows = FileRows::new(&reader, features, target, labels)?;
            fit = newton.polish(&fit.model, &rows, self.polish, &data, spread.as_ref())?;
            (measured.polish_seconds, measured.gradient_norm) = (fit.seconds, fit.gradient_norm);
        }
        Ok((fit, measured))
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
        if self.left_out > 0 {
            fact("left out", format!("{} with a value missing or not finite", count(self.left_out as u64)));
        }
        let end = if self.converged { "converged" } else { "not converged: raise --max-steps or --ridge" };
        fact("Newton", format!("{} steps, {end}", self.steps));
        if self.polish_steps > 0 {
            fact(
                "polished",
                format!("{} over all rows", many(self.polish_steps, "exact step", "exact steps")),
            );
        }
        if let Some(test) = &self.test {
            fact("test accuracy", format!("{:.2} %", 100.0 * test.test_accuracy));
            fact("test log-loss", format!("{:.5}", test.test_log_loss));
            fact("balanced", format!("{:.2} %", 100.0 * test.test_balanced_accuracy));
            test.test_auc.into_iter().for_each(|auc| fact("AUC", format!("{auc:.4}")));
        }
        let times = [self.selection_seconds, self.train_seconds, self.polish_seconds].map(seconds);
        fact("time", format!("{} to read, {} to train, {} to polish", times[0], times[1], times[2]));
        fact("read", format!("{} of the file", bytes(self.bytes_read)));
        self.peak_memory.into_iter().for_each(|n| fact("peak memory", bytes(n)));
        table.render(0)
    }
}
