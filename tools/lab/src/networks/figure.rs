//! The figures: accuracy over the share of the images, and over the time.

use std::path::Path;

use gede::Result;
use gede::train::select::find_method;

use super::rows::NetworkRow;
use super::set::Set;
use super::summary::runs;
use gede_cli::output::count;
use gede_cli::plot::{Axis, BLUE, Figure, GREEN, GREY, Line, ORANGE, PURPLE, Panel, SKY, Series, VERMILION};

/// Draws the means of methods that draw images again in every epoch, with the range of the seeds.
pub fn drawn(set: &Set, rows: &[NetworkRow], path: &Path) -> Result<()> {
    let paper = set.paper.iter().filter(|paper| paper.0 < 100.0).map(|paper| (paper.0, paper.1)).collect();
    let all = runs(rows);
    let of = |method: &str, name: &str, colour| {
        let own = || all.iter().filter(|runs| runs.method == method && runs.epochs == set.epochs);
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
        title: &format!("{}: a fresh tenth of the images in every epoch", set.title),
        subtitle: &format!("Test accuracy after {} epochs; mean and range of seeds", set.epochs),
        size: (960, 480),
        panels: vec![Panel {
            x: Axis::log(&format!("Images an epoch, % of {}", count(set.images))).within(0.8..130.0),
            y: Axis::linear("Test accuracy, %").within(set.shown.clone()),
            series: vec![
                of("balanced", "as many of every class", BLUE),
                of("random", "random", SKY),
                of("rs2", "along one order (RS2)", GREEN),
                of("full", "all images", GREY),
                Series::new("paper", VERMILION, paper).line(Line::Dashed),
            ],
        }],
    }
    .save(path)
}

/// Draws the paper's figures 6 to 8: methods that select images, and random ones, accuracy over share and over time.
pub fn methods(set: &Set, rows: &[NetworkRow], path: &Path) -> Result<()> {
    let all = runs(rows);
    let panel = |x: Axis<'static>, value: fn(&NetworkRow) -> f64| {
        let of = |method: &str, name: &str, colour| {
            let own = all.iter().filter(|runs| runs.method == method && runs.epochs == set.epochs);
            let points = own.map(|runs| (runs.mean(value), runs.mean(|row| 100.0 * row.test_accuracy)));
            Series::new(name, colour, points.collect())
        };
        let mut series = vec![
            of("random", "random, again in every epoch", SKY),
            of("balanced", "as many of every class", BLUE),
        ];
        for (selected, colour) in set.selected.iter().zip([VERMILION, ORANGE, GREEN, PURPLE]) {
            let title = find_method(selected.method).map_or(selected.method, |method| method.title);
            series.push(of(selected.method, title, colour));
        }
        series.push(of("full", "all images", GREY));
        Panel { x, y: Axis::linear("Test accuracy, %"), series }
    };
    Figure {
        title: &format!("{}: images that a method selects, and random ones", set.title),
        subtitle: &format!(
            "Test accuracy after {} epochs; means over seeds where there are several",
            set.epochs
        ),
        size: (960, 820),
        panels: vec![
            panel(Axis::log("Images an epoch, %").within(0.8..130.0), |row| row.percent),
            panel(Axis::log("Seconds to select and to train"), |row| {
                row.train_seconds + row.selection_seconds
            }),
        ],
    }
    .save(path)
}
