//! The rows of the result table, as they are written to CSV.

use serde::{Deserialize, Serialize};

/// One network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkRow {
    /// As `gede train` calls it.
    pub method: String,
    /// Share of the images in an epoch.
    pub percent: f64,
    pub seed: u64,
    pub epochs: u64,
    pub steps: u64,
    /// On the test images, after the last epoch.
    pub test_accuracy: f64,
    pub last_loss: f64,
    /// Seconds to train, without testing or selecting.
    pub train_seconds: f64,
    pub images_per_second: f64,
    /// Share of the training time that steps waited for images.
    pub loader_share: f64,
    /// Bytes of the pages of the file that were touched, each counted once.
    pub bytes_read: u64,
    /// The most memory that the process held while it trained, mapped pages of the file among it; of newer runs.
    pub training_memory: Option<u64>,
    /// The most memory of the GPU that was taken so far by the process, where there is one.
    #[serde(default)]
    pub gpu_memory: Option<u64>,
    /// Seconds in which rows were selected; 0 where they are drawn.
    pub selection_seconds: f64,
    /// The most memory while rows were selected.
    pub selection_memory: Option<u64>,
    pub machine: String,
    /// The commit, of newer runs; with a plus if files had changed since.
    #[serde(default)]
    pub revision: Option<String>,
}
