//! The rows of the result table, as they are written to CSV.

use serde::{Deserialize, Serialize};

/// One model on one split.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogisticRow {
    pub set: String,
    pub seed: u64,
    /// Most condensed samples, in percent of the training rows.
    pub percent_asked: f64,
    /// `condensed` (soft labels), `condensed, spread`, that with `polish 1` or `polish 2`, `random rows`, `all rows`.
    pub method: String,
    pub samples: usize,
    /// On the test rows.
    pub log_loss: f64,
    pub accuracy: f64,
    pub balanced_accuracy: f64,
    pub auc: f64,
    /// The log-loss over that of all rows' model.
    pub log_loss_ratio: f64,
    /// The accuracy less that of all rows' model, in points.
    pub accuracy_points: f64,
    /// Seconds to train, polish included.
    pub train_seconds: f64,
    /// The file, in percent of 8 bytes a value.
    pub percent_of_float64: f64,
    pub machine: String,
    /// The commit, with a plus if files had changed since.
    pub revision: Option<String>,
}
