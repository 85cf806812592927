//! Measurements of a run, for people, for machines and as a figure.

use std::path::Path;

use gede::Result;
use gede::train::PassedOver;
use serde::Serialize;

use crate::output::{Table, bytes, count, seconds};
use crate::plot::{Axis, BLUE, Figure, Marks, Panel, Series};

/// Measurements of a run, with the field names of `--json`.
#[derive(Serialize)]
pub struct Measured {
    pub method: &'static str,
    pub fraction: f64,
    pub epochs: u64,
    pub seed: u64,
    pub images: u64,
    pub steps: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// Rows tested on: those that have a label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_rows_passed_over: Option<PassedOver>,
    pub first_loss: f64,
    pub last_loss: f64,
    /// The size that pictures kept as files were cut and scaled to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pictures: Option<String>,
    /// Loss of every epoch.
    pub losses: Vec<f64>,
    pub selection_seconds: f64,
    pub train_seconds: f64,
    pub images_per_second: f64,
    /// Share of the training time that steps waited for images.
    pub loader_share: f64,
    /// Of the pages of the file that were touched, each counted once.
    pub bytes_read: u64,
    /// The most that the process held while it trained, and while it selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_memory: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection_memory: Option<u64>,
    /// The most of a GPU's memory that was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_memory: Option<u64>,
}

impl Measured {
    /// A table for people. `unseen` are names of classes that were not trained on.
    pub fn report(&self, unseen: &[String]) -> String {
        let mut table = Table::new(2);
        let mut fact = |what: &str, value: String| table.row([what, &value]);
        let (images, steps) = (count(self.images), count(self.steps));
        fact("trained on", format!("{images} images in {} epochs, {steps} steps", self.epochs));
        if let Some(size) = &self.pictures {
            fact("pictures", format!("cut and scaled to {size} (--size)"));
        }
        fact("loss", format!("{:.4} in the first epoch, {:.4} in the last", self.first_loss, self.last_loss));
        self.test_accuracy.into_iter().for_each(|v| fact("test accuracy", format!("{:.2} %", 100.0 * v)));
        if let Some(passed) = self.test_rows_passed_over.filter(|passed| *passed != PassedOver::default()) {
            fact("of the test", passed.text(unseen));
        }
        let rate = count(self.images_per_second.round() as u64);
        fact("time", format!("{}, {rate} images/s", seconds(self.train_seconds)));
        fact("waited", format!("{:.1} % of it for images", 100.0 * self.loader_share));
        fact("read", bytes(self.bytes_read));
        if self.selection_seconds > 0.0 {
            fact("selected", format!("in {}, apart from the training", seconds(self.selection_seconds)));
        }
        self.training_memory.into_iter().for_each(|n| fact("memory to train", bytes(n)));
        self.selection_memory.into_iter().for_each(|n| fact("memory to select", bytes(n)));
        self.gpu_memory.into_iter().for_each(|n| fact("memory of the GPU", bytes(n)));
        table.render(0)
    }

    /// The loss, epoch by epoch.
    pub fn curve(&self, path: &Path) -> Result<()> {
        let points = (1..).map(f64::from).zip(self.losses.iter().copied()).collect();
        let subtitle = format!("{}, {} images in all, seed {}", self.method, count(self.images), self.seed);
        Figure {
            title: "Loss over epochs",
            subtitle: &subtitle,
            size: (760, 420),
            panels: vec![Panel {
                x: Axis::linear("Epoch"),
                y: Axis::log("Mean loss of an epoch's steps"),
                series: vec![Series::new("training", BLUE, points).marks(Marks::End)],
            }],
        }
        .save(path)
    }
}
