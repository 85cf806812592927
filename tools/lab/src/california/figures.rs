//! The figures.

use std::path::Path;

use gede::Result;
use gede::train::{Dataset, Gram, Standardiser};

use super::measure::{LIMITS, PAIR};
use super::rows::{BaseRow, ControlRow, CurveRow, PathRow, SizeRow};
use super::trial::{TARGET, Trial};
use gede_cli::plot::{
    Axis, BLUE, Figure, GREEN, GREY, Line, Marks, ORANGE, PURPLE, Panel, SKY, Series, VERMILION,
};

const RATIO: &str = "Test MSE / least squares on all rows";
const FRACTION: &str = "Condensed samples, % of the training rows";
const STORAGE: &str = "Storage, % of 8 bytes a value";
/// Rows drawn as a backdrop, of all there are.
const BACKDROP: usize = 1200;

/// Where a band is, and from what to what it goes.
type Band = (f64, f64, f64);

/// Means over the splits at each limit, with the least and the greatest.
fn over_splits<T>(
    rows: &[T],
    limit: impl Fn(&T) -> u64,
    x: impl Fn(&T) -> f64,
    y: impl Fn(&T) -> f64,
) -> (Vec<(f64, f64)>, Vec<Band>) {
    let (mut points, mut band) = (Vec::new(), Vec::new());
    for wanted in LIMITS {
        let here: Vec<&T> = rows.iter().filter(|row| limit(row) == wanted).collect();
        if here.is_empty() {
            continue;
        }
        let mean =
            |value: &dyn Fn(&T) -> f64| here.iter().map(|row| value(row)).sum::<f64>() / here.len() as f64;
        let values = here.iter().map(|row| y(row));
        let (lo, hi) = values.fold((f64::MAX, f64::MIN), |(lo, hi), v| (lo.min(v), hi.max(v)));
        points.push((mean(&x), mean(&y)));
        band.push((mean(&x), lo, hi));
    }
    (points, band)
}

/// Figure 5a: error and storage over the number of condensed samples.
pub fn fractions(sizes: &[SizeRow], path: &Path) -> Result<()> {
    let high: Vec<SizeRow> = sizes.iter().filter(|row| row.cell_bits == "high").cloned().collect();
    let (error, error_band) = over_splits(&high, |r| r.max_condensed, |r| r.percent_of_rows, |r| r.mse_ratio);
    let (share, share_band) =
        over_splits(&high, |r| r.max_condensed, |r| r.percent_of_rows, |r| r.percent_of_float64);
    let ends = |y: f64| vec![(0.1, y), (22.0, y)];
    let x = || Axis::log(FRACTION).within(0.1..22.0);
    Figure {
        title: "California Housing: a few percent of condensed samples are enough",
        subtitle: "Weighted least squares on the condensed samples; mean and range of 10 splits (figure 5a)",
        size: (960, 780),
        panels: vec![
            Panel {
                x: x(),
                y: Axis::linear(RATIO).within(0.96..1.26),
                series: vec![
                    Series::guide(GREY, Line::Dashed, ends(1.0)),
                    Series::new("condensed samples", BLUE, error).band(error_band),
                    Series::new("paper, m = 92", VERMILION, vec![(100.0 * 92.0 / 16512.0, 1.04)])
                        .line(Line::None),
                ],
            },
            Panel {
                x: x(),
                y: Axis::linear(STORAGE).within(38.0..52.0),
                series: vec![
                    Series::new("whole .gede file", GREEN, share).band(share_band),
                    Series::new("paper, m = 92", VERMILION, vec![(100.0 * 92.0 / 16512.0, 44.0)])
                        .line(Line::None),
                ],
            },
        ],
    }
    .save(path)
}

/// Figure 5b: error over time.
pub fn time(curves: &[CurveRow], path: &Path) -> Result<()> {
    let styles = [
        ("moments, descent", "moments, descent", PURPLE),
        ("condensed, m <= 100", "condensed, m ≤ 100", BLUE),
        ("condensed, m <= 5 %", "condensed, m ≤ 5 %", SKY),
        ("mini-batches of 32", "mini-batches of 32", ORANGE),
        ("full batch", "full batch", VERMILION),
    ];
    let of = |method: &str| -> Vec<(f64, f64)> {
        let rows = curves.iter().filter(|row| row.method == method);
        rows.map(|row| (row.seconds, row.mse_ratio)).collect()
    };
    let mut series: Vec<Series> = styles
        .iter()
        .map(|(method, name, colour)| Series::new(*name, *colour, of(method)).marks(Marks::End))
        .collect();
    let solved = |method: &str, name: &str, colour| Series::new(name, colour, of(method)).line(Line::None);
    series.push(solved("moments, closed form", "moments, closed form\n(exact, reads no row)", GREEN));
    series.push(solved("all rows, closed form", "all rows, closed form", GREY));
    Figure {
        title: "California Housing: error against time",
        subtitle: "Reading the samples from the file, then gradient descent at rate 0.001 until |gradient| < 1e-4; split 0 (figure 5b)",
        size: (960, 540),
        panels: vec![Panel {
            x: Axis::log("Seconds, reading included"),
            y: Axis::linear(RATIO).within(0.97..1.5),
            series,
        }],
    }
    .save(path)
}

/// Figure 3a: the ways of three descents over the contours of the full loss.
pub fn contours(trial: &Trial, paths: &[PathRow], path: &Path) -> Result<()> {
    let data = trial.train.with_features(&PAIR)?;
    let gram = Gram::from_dataset(&data)?;
    let best = gram.solve(0.0)?.model;
    let scale = Standardiser::from_dataset(&data);
    let best: Vec<f64> = best.weights.iter().zip(scale.scale()).map(|(w, s)| w * s).collect();
    let correlation = (0..data.rows()).map(|i| scale.apply(data.row(i)).product::<f64>()).sum::<f64>();
    let correlation = correlation / data.rows() as f64;

    let shown = |weight: &dyn Fn(&PathRow) -> f64, best: f64| {
        let values = paths.iter().map(weight).chain([best, 0.0]);
        let (lo, hi) = values.fold((f64::MAX, f64::MIN), |(lo, hi), v| (lo.min(v), hi.max(v)));
        lo - 0.08 * (hi - lo)..hi + 0.08 * (hi - lo)
    };
    let (x, y) = (shown(&|row| row.weight_1, best[0]), shown(&|row| row.weight_2, best[1]));

    // The loss is its least plus half of e' R e, with R = [[1, r], [r, 1]]: along (1, 1) and (1, -1)
    // it grows by 1 + r and 1 - r.
    let mut series: Vec<Series> = (0..11)
        .map(|level| {
            let excess = 0.0004 * 2f64.powi(level);
            let (long, short) = (
                (2.0 * excess / (1.0 - correlation.abs())).sqrt(),
                (2.0 * excess / (1.0 + correlation.abs())).sqrt(),
            );
            let turn = |i: i32| {
                let angle = f64::from(i) * std::f64::consts::TAU / 720.0;
                let (along, across) = (long * angle.cos(), short * angle.sin());
                let sign = -correlation.signum();
                let root = std::f64::consts::FRAC_1_SQRT_2;
                (best[0] + root * (along + across), best[1] + root * (sign * along - sign * across))
            };
            Series::guide(GREY, Line::Thin, (0..=720).map(turn).collect())
        })
        .collect();
    for (method, name, colour, line) in [
        ("mini-batches of 32", "mini-batches of 32", ORANGE, Line::Thin),
        ("condensed samples", "condensed samples", BLUE, Line::Solid),
        ("full batch", "full batch", VERMILION, Line::Solid),
    ] {
        let rows = paths.iter().filter(|row| row.method == method);
        let points = rows.map(|row| (row.weight_1, row.weight_2)).collect();
        series.push(Series::new(name, colour, points).line(line).marks(Marks::End));
    }
    let optimum = Series::new("least squares", GREEN, vec![(best[0], best[1])]).line(Line::None);
    series.push(optimum.marks(Marks::Discs(3.0)));
    Figure {
        title: "Gradient descent in two weights",
        subtitle: "Contours of the loss of all rows; each descent may look at a row 30 x 16,512 times, rate 0.05 (figure 3a)",
        size: (960, 640),
        panels: vec![Panel {
            x: Axis::linear("Weight of MedInc, standardised").within(x),
            y: Axis::linear("Weight of AveRooms, standardised").within(y),
            series,
        }],
    }
    .save(path)
}

/// Figure 3b: condensed samples over the rows they stand for.
pub fn points(train: &Dataset, condensed: &Dataset, path: &Path) -> Result<()> {
    let every = (train.rows() / BACKDROP).max(1);
    let column = |data: &Dataset, name: &str| data.features().iter().position(|f| f == name).unwrap_or(0);
    let pick = |data: &Dataset, x: &str, y: &str, i: usize| {
        let value = |name: &str| if name == TARGET { data.y()[i] } else { data.row(i)[column(data, name)] };
        (value(x), value(y))
    };
    // The lightest are drawn last, over the others.
    let mut order: Vec<usize> = (0..condensed.rows()).collect();
    order.sort_by(|&a, &b| condensed.weights()[b].total_cmp(&condensed.weights()[a]));
    let condensed = condensed.subset(&order)?;
    let heaviest = condensed.weights().iter().copied().fold(1.0, f64::max);
    let radii: Vec<f64> = condensed.weights().iter().map(|w| 2.0 + 14.0 * (w / heaviest).sqrt()).collect();
    let panel = |x: &'static str, x_label: &'static str, y: &'static str, y_label: &'static str| {
        let rows = (0..train.rows()).step_by(every).map(|i| pick(train, x, y, i)).collect();
        let samples = (0..condensed.rows()).map(|i| pick(&condensed, x, y, i)).collect();
        Panel {
            x: Axis::linear(x_label),
            y: Axis::linear(y_label),
            series: vec![
                Series::new("rows (some)", GREY, rows).line(Line::None).marks(Marks::Dots(1.6)),
                Series::new("condensed samples,\narea by weight", BLUE, samples)
                    .line(Line::None)
                    .marks(Marks::Bubbles(radii.clone())),
            ],
        }
    };
    let title = format!("{} condensed samples for {} rows", condensed.rows(), train.rows());
    Figure {
        title: &title,
        subtitle: "Cells are cut by the features' high-entropy bits alone; a sample is the mean of its cell (figure 3b)",
        size: (960, 1000),
        panels: vec![
            panel("MedInc", "Median income, 10,000 $", TARGET, "Median house value, 100,000 $"),
            panel("Longitude", "Longitude, degrees", "Latitude", "Latitude, degrees"),
        ],
    }
    .save(path)
}

/// Figure 9: high- against low-entropy cell bits.
pub fn cell_bits(sizes: &[SizeRow], path: &Path) -> Result<()> {
    let series = |bits: &str, name: &str, colour| {
        let rows: Vec<SizeRow> = sizes.iter().filter(|row| row.cell_bits == bits).cloned().collect();
        let (points, band) = over_splits(&rows, |r| r.max_condensed, |r| r.percent_of_rows, |r| r.mse_ratio);
        Series::new(name, colour, points).band(band)
    };
    Figure {
        title: "Cells need the high-entropy bits",
        subtitle: "Weighted least squares on condensed samples of cells cut by either; mean and range of 10 splits (figure 9)",
        size: (960, 540),
        panels: vec![Panel {
            x: Axis::log(FRACTION),
            y: Axis::linear(RATIO).within(0.95..1.9),
            series: vec![
                Series::guide(GREY, Line::Dashed, vec![(0.1, 1.0), (22.0, 1.0)]),
                series("high", "high-entropy cell bits", BLUE),
                series("low", "low-entropy cell bits", VERMILION),
            ],
        }],
    }
    .save(path)
}

/// Figure 10: high- against low-entropy base bits.
pub fn bases(rows: &[BaseRow], path: &Path) -> Result<()> {
    let series = |bits: &str, name: &str, colour| {
        let rows = rows.iter().filter(|row| row.base_bits == bits);
        Series::new(name, colour, rows.map(|row| (row.percent_of_rows, row.percent_of_float64)).collect())
            .marks(Marks::Discs(2.5))
    };
    Figure {
        title: "Bases need the low-entropy bits",
        subtitle: "Size by equation 1 as one bit after another is taken into the base; split 0 (figure 10)",
        size: (960, 540),
        panels: vec![Panel {
            x: Axis::log("Distinct bases, % of the training rows"),
            y: Axis::linear(STORAGE),
            series: vec![
                series("low", "low-entropy base bits", BLUE),
                series("high", "high-entropy base bits", VERMILION),
            ],
        }],
    }
    .save(path)
}

/// The controls: as many k-means centroids and random rows.
pub fn controls(rows: &[ControlRow], path: &Path) -> Result<()> {
    let series = |method: &str, name: &str, colour| {
        let rows: Vec<ControlRow> = rows.iter().filter(|row| row.method == method).cloned().collect();
        let (points, band) = over_splits(&rows, |r| r.max_condensed, |r| r.percent_of_rows, |r| r.mse_ratio);
        Series::new(name, colour, points).band(band)
    };
    let level = || Series::guide(GREY, Line::Dashed, vec![(0.1, 1.0), (6.0, 1.0)]);
    let x = || Axis::log(FRACTION).within(0.1..6.0);
    let (cells, centroids) = (("cells", "cells", BLUE), ("k-means", "k-means centroids", ORANGE));
    let of = |(method, name, colour)| series(method, name, colour);
    Figure {
        title: "Cells against k-means centroids and random rows",
        subtitle: "Weighted least squares on as many samples; mean and range of 10 splits",
        size: (960, 820),
        panels: vec![
            Panel {
                x: x(),
                y: Axis::log(RATIO).within(0.8..500.0),
                series: vec![
                    level(),
                    series("random rows", "random rows", VERMILION),
                    of(cells),
                    of(centroids),
                ],
            },
            Panel {
                x: x(),
                y: Axis::linear(RATIO).within(0.96..1.26),
                series: vec![level(), of(cells), of(centroids)],
            },
        ],
    }
    .save(path)
}
