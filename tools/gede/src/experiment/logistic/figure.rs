//! The figure: log-loss over the share of the rows.

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

/// Draws a panel a set.
pub fn save(rows: &[LogisticRow], path: &Path) -> Result<()> {
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
