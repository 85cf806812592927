//! The figures: log-loss, and accuracy and size, over the share of the rows.

use std::path::Path;

use gede::Result;
use plotters::style::RGBColor;

use super::rows::LogisticRow;
use super::summary;
use crate::plot::{Axis, BLUE, Figure, GREEN, GREY, Line, ORANGE, PURPLE, Panel, SKY, Series, VERMILION};

const METHODS: [(&str, &str, RGBColor); 6] = [
    ("random rows", "random rows", VERMILION),
    ("condensed", "condensed samples, soft labels", SKY),
    ("condensed, spread", "with the scatter in cells", BLUE),
    ("condensed, own spreads", "with each cell's own scatter", ORANGE),
    ("polish 1", "and one exact step", GREEN),
    ("polish 2", "and two exact steps", PURPLE),
];

/// Draws the log-loss, a panel a set.
pub fn log_loss(rows: &[LogisticRow], path: &Path) -> Result<()> {
    let means = summary::of(rows);
    let panel = |of_set: &[summary::Summary]| {
        let series = METHODS.iter().map(|&(method, name, colour)| {
            let points = of_set.iter().filter(|row| row.method == method);
            Series::new(name, colour, points.map(|row| (row.percent_asked, row.log_loss_ratio)).collect())
        });
        let all_rows = Series::guide(GREY, Line::Dashed, vec![(0.4, 1.0), (60.0, 1.0)]);
        Panel {
            x: Axis::log(match of_set.first().map(|row| row.set) {
                Some("ijcnn1") => "ijcnn1: condensed samples, at most % of the training rows",
                _ => "credit default: condensed samples, at most % of the training rows",
            })
            .within(0.4..60.0),
            y: Axis::linear("Test log-loss / all rows' model").within(0.98..1.3),
            series: [all_rows].into_iter().chain(series).collect(),
        }
    };
    let panels: Vec<Panel> = means.chunk_by(|a, b| a.set == b.set).map(panel).collect();
    Figure {
        title: "Logistic regression: condensed samples, then exact steps over the compressed rows",
        subtitle: "Test log-loss over that of the model of all rows; credit default: mean of 5 splits",
        size: (960, 400 * panels.len() as u32),
        panels,
    }
    .save(path)
}

/// Draws the paper's figure 11, a panel a set: accuracy and the file's size, of what all rows have.
pub fn accuracy(rows: &[LogisticRow], path: &Path) -> Result<()> {
    let means = summary::of(rows);
    let panel = |of_set: &[summary::Summary]| {
        let series = |method: &str, name: &str, colour, value: fn(&summary::Summary) -> f64| {
            let points = of_set.iter().filter(|row| row.method == method);
            Series::new(name, colour, points.map(|row| (row.percent_asked, value(row))).collect())
        };
        let accuracy = |row: &summary::Summary| row.accuracy / (row.accuracy - row.accuracy_points / 100.0);
        let size = |row: &summary::Summary| row.percent_of_float64 / 100.0;
        let all_rows = Series::guide(GREY, Line::Dashed, vec![(0.4, 1.0), (60.0, 1.0)]);
        Panel {
            x: Axis::log(match of_set.first().map(|row| row.set) {
                Some("ijcnn1") => "ijcnn1: condensed samples, at most % of the training rows",
                _ => "credit default: condensed samples, at most % of the training rows",
            })
            .within(0.4..60.0),
            y: Axis::linear("Of all rows'").within(0.0..1.1),
            series: vec![
                all_rows,
                series("random rows", "accuracy, random rows", VERMILION, accuracy),
                series("condensed", "accuracy, condensed samples", SKY, accuracy),
                series("condensed, own spreads", "with each cell's own scatter", ORANGE, accuracy),
                series("condensed", "the file, of 8 bytes a value", PURPLE, size).line(Line::Dashed),
            ],
        }
    };
    let panels: Vec<Panel> = means.chunk_by(|a, b| a.set == b.set).map(panel).collect();
    Figure {
        title: "Logistic regression: accuracy and size over the share of the rows",
        subtitle: "Test accuracy over that of the model of all rows; credit default: mean of 5 splits",
        size: (960, 400 * panels.len() as u32),
        panels,
    }
    .save(path)
}
