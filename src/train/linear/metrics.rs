//! Measurements of a training run.

use serde::Serialize;

use super::Fit;
use crate::train::memory::peak_memory;
use crate::train::passed_over::PassedOver;

/// The measurements of one run, as `gede train --json` prints them. Missing ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Metrics {
    /// How the model was trained: `condensed`, `full`, `mini-batch`, `closed-form` or `moments`.
    pub method: String,
    /// Samples trained on: rows, or condensed samples.
    pub samples: usize,
    /// Rows they stand for: the sum of their weights.
    pub rows: f64,
    /// Features.
    pub features: usize,
    /// Columns that the file names as features, and that are missing in every row: they are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub empty_features: Vec<String>,
    /// Rows or samples left out for a missing or non-finite value.
    pub left_out: u64,
    /// Rows that were not trained on, by reason.
    #[serde(skip_serializing_if = "is_none")]
    pub rows_passed_over: PassedOver,
    /// Rows that were not tested on, by reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_rows_passed_over: Option<PassedOver>,
    /// Columns on which the model is not to be trusted, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Mean squared error on the samples trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_mse: Option<f64>,
    /// Mean squared error on the test rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_mse: Option<f64>,
    /// Gradient descent steps; 0 for a closed form.
    pub steps: u64,
    /// The gradient fell below the tolerance; true of a closed form.
    pub converged: bool,
    /// Norm of the gradient at the end, in standardised features.
    pub gradient_norm: f64,
    /// Seconds spent to get the samples: reading condensed samples, moments or rows.
    pub selection_seconds: f64,
    /// Seconds spent to train.
    pub train_seconds: f64,
    /// Bytes read from the file trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_read: Option<u64>,
    /// Most memory the process has held, in bytes, where the system says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
}

fn is_none(passed: &PassedOver) -> bool {
    *passed == PassedOver::default()
}

impl Metrics {
    /// Metrics of a fit and the process's memory; the caller fills in the rest.
    pub fn new(method: &str, fit: &Fit) -> Self {
        Self {
            method: method.to_owned(),
            features: fit.model.features.len(),
            steps: fit.steps,
            converged: fit.converged,
            gradient_norm: fit.gradient_norm,
            train_seconds: fit.seconds,
            peak_memory: peak_memory(),
            ..Self::default()
        }
    }
}
