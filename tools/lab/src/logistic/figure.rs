//! The figures: log-loss, and accuracy and size, over the share of the rows.

use std::path::Path;

use gede::Result;
use plotters::style::RGBColor;

use super::rows::LogisticRow;
use super::summary::{self, Summary};
use gede_cli::plot::{Axis, BLUE, Figure, GREEN, GREY, Line, ORANGE, PURPLE, Panel, SKY, Series, VERMILION};

const METHODS: [(&str, &str, RGBColor); 6] = [
    ("random rows", "random rows", VERMILION),
    ("condensed", "condensed samples, soft labels", SKY),
    ("condensed, spread", "with the scatter in cells", BLUE),
    ("condensed, own spreads", "with each cell's own scatter", ORANGE),
    ("polish 1", "and one exact step", GREEN),
    ("polish 2", "and two exact steps", PURPLE),
];

/// Draws the log-loss.
pub fn log_loss(rows: &[LogisticRow], path: &Path) -> Result<()> {
    let series = |of_set: &[Summary]| {
        let of = |&(method, name, colour): &(&str, &str, RGBColor)| {
            let points = of_set.iter().filter(|row| row.method == method);
            Series::new(name, colour, points.map(|row| (row.percent_asked, row.log_loss_ratio)).collect())
        };
        METHODS.iter().map(of).collect()
    };
    let y = || Axis::linear("Test log-loss / all rows' model").within(0.98..1.3);
    save(
        "Logistic regression: condensed samples, then exact steps over the compressed rows",
        rows,
        y,
        series,
        path,
    )
}

/// Draws the paper's figure 11: accuracy and the file's size, of what all rows have.
pub fn accuracy(rows: &[LogisticRow], path: &Path) -> Result<()> {
    let accuracy = |row: &Summary| row.accuracy / (row.accuracy - row.accuracy_points / 100.0);
    let size = |row: &Summary| row.percent_of_float64 / 100.0;
    let series = |of_set: &[Summary]| {
        let of = |method: &str, name: &str, colour, value: fn(&Summary) -> f64| {
            let points = of_set.iter().filter(|row| row.method == method);
            let points = points.map(|row| (row.percent_asked, value(row)));
            // Files with each cell's scatter grow beyond the table.
            Series::new(name, colour, points.filter(|point| point.1 < 1.1).collect())
        };
        vec![
            of("random rows", "accuracy, random rows", VERMILION, accuracy),
            of("condensed", "accuracy, condensed samples", SKY, accuracy),
            of("condensed, own spreads", "accuracy, each cell's scatter", ORANGE, accuracy),
            of("condensed", "the file, of 8 bytes a value", PURPLE, size).line(Line::Dashed),
            of("condensed, own spreads", "the file with the scatter", GREEN, size).line(Line::Dashed),
        ]
    };
    let y = || Axis::linear("Of all rows'").within(0.0..1.1);
    save("Logistic regression: accuracy and size over the share of the rows", rows, y, series, path)
}

/// Draws a panel a set, with a line at that of all rows.
fn save(
    title: &str,
    rows: &[LogisticRow],
    y: impl Fn() -> Axis<'static>,
    series: impl Fn(&[Summary]) -> Vec<Series>,
    path: &Path,
) -> Result<()> {
    let means = summary::of(rows);
    let panel = |of_set: &[Summary]| Panel {
        x: Axis::log(match of_set.first().map(|row| row.set) {
            Some("ijcnn1") => "ijcnn1: condensed samples, at most % of the training rows",
            _ => "credit default: condensed samples, at most % of the training rows",
        })
        .within(0.4..60.0),
        y: y(),
        series: [Series::guide(GREY, Line::Dashed, vec![(0.4, 1.0), (60.0, 1.0)])]
            .into_iter()
            .chain(series(of_set))
            .collect(),
    };
    let panels: Vec<Panel> = means.chunk_by(|a, b| a.set == b.set).map(panel).collect();
    Figure {
        title,
        subtitle: "On the test rows, over the model of all rows; credit default: mean of 5 splits",
        size: (960, 400 * panels.len() as u32),
        panels,
    }
    .save(path)
}
