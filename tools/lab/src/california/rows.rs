//! The rows of the result tables, as they are written to CSV.

use serde::Serialize;

/// One file: its size, and the test error of the weighted closed form on its condensed samples.
#[derive(Clone, Debug, Serialize)]
pub struct SizeRow {
    pub split: u64,
    /// `high`- or `low`-entropy cell bits.
    pub cell_bits: &'static str,
    pub max_condensed: u64,
    pub samples: usize,
    pub beta: usize,
    pub percent_of_rows: f64,
    pub file_bytes: u64,
    pub percent_of_float64: f64,
    pub mse_ratio: f64,
}

/// One way to choose samples, at the number that the cells led to.
#[derive(Clone, Debug, Serialize)]
pub struct ControlRow {
    pub split: u64,
    /// `cells`, `k-means` or `random rows`.
    pub method: &'static str,
    pub max_condensed: u64,
    pub samples: usize,
    pub percent_of_rows: f64,
    pub selection_seconds: f64,
    pub mse_ratio: f64,
}

/// One training run.
#[derive(Clone, Debug, Serialize)]
pub struct TrainingRow {
    pub split: u64,
    pub method: String,
    pub samples: usize,
    pub read_seconds: f64,
    pub train_seconds: f64,
    pub steps: u64,
    pub microseconds_per_step: f64,
    pub gradient_norm: f64,
    pub test_mse: f64,
    pub mse_ratio: f64,
}

/// A moment of a training run.
#[derive(Clone, Debug, Serialize)]
pub struct CurveRow {
    pub method: String,
    pub step: u64,
    /// Reading the samples included.
    pub seconds: f64,
    pub mse_ratio: f64,
}

/// A moment of a descent in two weights (figure 3a), in standardised features.
#[derive(Clone, Debug, Serialize)]
pub struct PathRow {
    pub method: String,
    pub step: u64,
    pub row_visits: u64,
    pub weight_1: f64,
    pub weight_2: f64,
    pub loss: f64,
}

/// A size by equation 1 with some bits as base bits (figure 10).
#[derive(Clone, Debug, Serialize)]
pub struct BaseRow {
    /// `high`- or `low`-entropy base bits.
    pub base_bits: &'static str,
    pub bits: usize,
    pub bases: usize,
    pub percent_of_rows: f64,
    pub percent_of_float64: f64,
}

/// One line of the summary: means over the splits.
#[derive(Clone, Debug, Serialize)]
pub struct SummaryRow {
    pub what: String,
    pub samples: f64,
    pub percent_of_float64: Option<f64>,
    pub closed_form_mse_ratio: f64,
    pub descent_mse_ratio: f64,
    pub descent_seconds: f64,
}
