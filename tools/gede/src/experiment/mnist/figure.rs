//! The figure: accuracy over the share of the images.

use std::path::Path;

use gede::Result;

use super::rows::NetworkRow;
use super::summary::runs;
use crate::plot::{Axis, BLUE, Figure, GREEN, GREY, Line, Panel, SKY, Series, VERMILION};

/// The paper's accuracy, percent, over the percentage of the images.
const PAPER: [(f64, f64); 4] = [(1.0, 98.3), (5.0, 99.1), (10.0, 99.1), (20.0, 99.2)];

/// Draws the means of all methods, with the range of their seeds.
pub fn save(rows: &[NetworkRow], path: &Path) -> Result<()> {
    let all = runs(rows);
    let of = |method: &str, name: &str, colour| {
        let own = || all.iter().filter(|runs| runs.method == method && runs.epochs == 100);
        let accuracy = |row: &NetworkRow| 100.0 * row.test_accuracy;
        let points = own().map(|runs| (runs.percent, runs.mean(accuracy))).collect();
        let band = own().map(|runs| {
            let range = runs.rows.iter().map(|row| accuracy(row));
            let range = range.fold((f64::MAX, f64::MIN), |(lo, hi), v| (lo.min(v), hi.max(v)));
            (runs.percent, range.0, range.1)
        });
        Series::new(name, colour, points).band(band.collect())
    };
    Figure {
        title: "LeNet5 on MNIST: a fresh tenth of the images in every epoch is enough",
        subtitle: "Test accuracy after 100 epochs; mean and range of seeds",
        size: (960, 480),
        panels: vec![Panel {
            x: Axis::log("Images an epoch, % of 60,000").within(0.8..130.0),
            y: Axis::linear("Test accuracy, %").within(95.8..99.6),
            series: vec![
                of("balanced", "as many of every class", BLUE),
                of("random", "random", SKY),
                of("rs2", "along one order (RS2)", GREEN),
                of("full", "all images", GREY),
                Series::new("paper", VERMILION, PAPER.to_vec()).line(Line::Dashed),
            ],
        }],
    }
    .save(path)
}
