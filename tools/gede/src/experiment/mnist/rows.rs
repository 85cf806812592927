//! The rows of the result table, as they are written to CSV.

use serde::{Deserialize, Serialize};

/// One network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkRow {
    /// `balanced`, `random`, `rs2` or `full`.
    pub method: String,
    /// Of the images, in an epoch.
    pub percent: f64,
    pub seed: u64,
    pub epochs: u64,
    pub steps: u64,
    /// On the test images, after the last epoch.
    pub test_accuracy: f64,
    pub last_loss: f64,
    /// Seconds to train, without testing; images are chosen as they are drawn.
    pub train_seconds: f64,
    pub images_per_second: f64,
    /// Share of the training time that steps waited for images.
    pub loader_share: f64,
    /// Of the pages of the file that were touched, each counted once.
    pub bytes_read: u64,
    /// The most that the process had held so far.
    pub peak_memory: u64,
    pub machine: String,
}
