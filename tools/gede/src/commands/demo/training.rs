//! A linear regression, trained on all rows, on condensed samples, and from moments.

use super::{Stage, TARGET};
use crate::commands::open;
use crate::output::{Table, count, percent, seconds};
use gede::arrow::ArrowTable;
use gede::train::{Dataset, Descent, Device, Gram, LinearModel, Split, Standardiser, gradient_descent};
use gede::{Error, ErrorKind, Result};
use serde::Serialize;
use std::time::Instant;

const LEARNING_RATE: f64 = 0.1;

#[derive(Serialize)]
pub struct Training {
    train_rows: usize,
    test_rows: usize,
    learning_rate: f64,
    tolerance: f64,
    models: Vec<Trained>,
}

#[derive(Serialize)]
struct Trained {
    on: &'static str,
    samples: usize,
    steps: u64,
    read_seconds: f64,
    train_seconds: f64,
    test_mse: f64,
    /// Test MSE over that of the model trained on all rows.
    ratio: f64,
}

impl Training {
    pub fn measure(stage: &Stage) -> Result<Self> {
        let split = Split::new(stage.rows.num_rows(), 0);
        let whole = open(&stage.gede)?;
        let path = stage.folder.path().join("train.gede");
        let train: Vec<u64> = split.train.iter().map(|&row| row as u64).collect();
        let train = stage.some(&train)?;
        Stage::convert(&ArrowTable::from_batches(train.schema(), vec![train])?, &path)?;
        let reader = open(&path)?;
        let options = Descent { learning_rate: LEARNING_RATE, ..Descent::default() };
        let descend = |data: &Dataset| {
            gradient_descent(data, &Standardiser::from_dataset(data), &options, &Device::Cpu)
        };
        let missing = || Error::new(ErrorKind::Input, "the converted file lacks what it was converted for");

        let started = Instant::now();
        let condensed = reader.condensed()?.ok_or_else(missing)?;
        let samples = Dataset::from_condensed(&condensed)?;
        let samples_read = started.elapsed().as_secs_f64();

        let started = Instant::now();
        let rows = Dataset::from_rows(&reader, &condensed.features, TARGET)?;
        let rows_read = started.elapsed().as_secs_f64();

        let started = Instant::now();
        let gram = Gram::from_moments(&reader.moments()?.ok_or_else(missing)?)?;
        let moments_read = started.elapsed().as_secs_f64();

        let test = Dataset::from_rows(&whole, &condensed.features, TARGET)?.subset(&split.test)?;
        let mse = |model: &LinearModel| model.mse(&test);
        let mut models = Vec::new();
        let (all, some, exact) = (descend(&rows)?, descend(&samples)?, gram.solve(0.0)?);
        let full = mse(&all.model)?;
        for (on, samples, read_seconds, fit) in [
            ("all rows", rows.rows(), rows_read, &all),
            ("condensed samples", samples.rows(), samples_read, &some),
            ("moments, solved exactly", 0, moments_read, &exact),
        ] {
            let (steps, train_seconds, test_mse) = (fit.steps, fit.seconds, mse(&fit.model)?);
            let ratio = test_mse / full;
            models.push(Trained { on, samples, steps, read_seconds, train_seconds, test_mse, ratio });
        }
        let (train_rows, test_rows) = (split.train.len(), split.test.len());
        let tolerance = options.tolerance;
        Ok(Self { train_rows, test_rows, learning_rate: LEARNING_RATE, tolerance, models })
    }

    pub fn text(&self) -> String {
        let mut table = Table::new(1);
        table.row(["on", "samples", "of rows", "steps", "read", "train", "test MSE", "ratio"]);
        for model in &self.models {
            let part = match model.samples {
                0 => "none".to_owned(),
                samples => percent(samples as f64, self.train_rows as f64),
            };
            table.row([
                model.on,
                &count(model.samples as u64),
                &part,
                &count(model.steps),
                &seconds(model.read_seconds),
                &seconds(model.train_seconds),
                &format!("{:.4}", model.test_mse),
                &format!("{:.4}", model.ratio),
            ]);
        }
        format!(
            "\nLinear regression on {} rows, tested on the other {}\n{}  \
             gradient descent at rate {} on standardised features until the gradient is below {:e}\n",
            count(self.train_rows as u64),
            count(self.test_rows as u64),
            table.render(2),
            self.learning_rate,
            self.tolerance,
        )
    }
}
