//! The figure of a table: sizes as bars, random rows as dots.

use std::path::Path;

use gede::Result;
use plotters::style::{Color, RGBAColor};

use super::rows::TableRow;
use crate::bars::{Bar, BarFigure, Group};
use gede_cli::output::count;
use gede_cli::plot::{Axis, BLUE, GREY, SKY};

/// Draws the rows of a table, at least one.
pub fn save(rows: &[TableRow], path: &Path) -> Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let title = format!("{}: {} rows of {} columns", first.set, count(first.rows), first.columns);
    let of = |gede: bool, ablation: bool| {
        let wanted = rows.iter().filter(|row| (row.format == "gede") == gede && row.ablation == ablation);
        wanted.map(bar).collect::<Vec<_>>()
    };
    let groups = [
        ("gede, by layout", of(true, false)),
        ("other formats", of(false, false)),
        ("gede, compact, with a part left out", of(true, true)),
    ];
    let rates = || rows.iter().filter_map(rate);
    let fastest = rates().fold(0.0, f64::max);
    let slowest = rates().fold(fastest, f64::min);
    BarFigure {
        title: &title,
        subtitle: "Whole files, checksums included; random rows 1,000 at a time to an Arrow batch, checksums on; one core",
        axes: [
            Axis::linear("Size, % of 8 bytes a number"),
            Axis::log("Random rows a second (log)").within(slowest / 2.0..fastest * 1.5),
        ],
        mark: "",
        groups: groups.into_iter().map(|(name, bars)| Group { name, bars }).collect(),
    }
    .save(path)
}

fn rate(row: &TableRow) -> Option<f64> {
    row.random_row_us.map(|us| 1e6 / us)
}

fn bar(row: &TableRow) -> Bar {
    let label = match (row.format, row.what.split_once(", a column")) {
        ("gede", _) => row.what.clone(),
        (format, Some((what, _))) => format!("{format}, {what}"),
        (format, None) => format!("{format}, {}", row.what),
    };
    Bar {
        label,
        colour: colour(row),
        value: row.share,
        text: format!("{:.1} %", row.share),
        mark: None,
        dot: rate(row),
    }
}

fn colour(row: &TableRow) -> RGBAColor {
    match (row.format, row.what.as_str()) {
        ("gede", "compact") => BLUE.mix(1.0),
        ("gede", _) if row.ablation => BLUE.mix(0.5),
        ("gede", _) => SKY.mix(1.0),
        _ => GREY.mix(1.0),
    }
}
