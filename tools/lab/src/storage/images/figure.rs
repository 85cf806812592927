//! The figure of a set: sizes as bars, speeds as dots.

use std::path::Path;

use gede::Result;
use plotters::style::{Color, RGBAColor, RGBColor};

use super::rows::ImageRow;
use super::sets::ImageSet;
use super::summary::short;
use crate::bars::{Bar, BarFigure, Group};
use gede_cli::output::count;
use gede_cli::plot::{Axis, BLUE, GREEN, GREY, SKY};

/// Draws the rows of a set.
pub fn save(set: &ImageSet, rows: &[ImageRow], path: &Path) -> Result<()> {
    let title = format!("{}: {} images on disk and out of it", set.name, count(set.len() as u64));
    let of = |gede: bool, ablation: bool| {
        let wanted = rows.iter().filter(|row| (row.format == "gede") == gede && row.ablation == ablation);
        wanted.map(bar).collect::<Vec<_>>()
    };
    let groups = [
        ("gede, by transform", of(true, false)),
        ("gede with a part left out", of(true, true)),
        ("other formats", of(false, false)),
    ];
    let groups = groups.into_iter().filter(|(_, bars)| !bars.is_empty());
    let fastest = rows.iter().filter_map(|row| row.decode_images_s).fold(0.0, f64::max);
    let slowest = rows.iter().filter_map(|row| row.decode_images_s).fold(fastest, f64::min);
    BarFigure {
        title: &title,
        subtitle: "Whole gede files, labels and checksums included; random images decoded into batches, checksums on; one core",
        axes: [
            Axis::linear("Size, % of the pixels at 8 bits a value"),
            Axis::log("Images decoded a second (log)").within(slowest / 2.0..fastest * 1.5),
        ],
        mark: "bit packing only, without bases",
        groups: groups.map(|(name, bars)| Group { name, bars }).collect(),
    }
    .save(path)
}

fn bar(row: &ImageRow) -> Bar {
    let colour = match (row.format, row.what.split(',').next()) {
        ("gede", Some("none")) => SKY,
        ("gede", Some("dct")) => GREEN,
        ("gede", _) => BLUE,
        _ => GREY,
    };
    let what = match row.format {
        "gede" => short(&row.what).to_owned(),
        format => format!("{format}, {}", short(&row.what)),
    };
    Bar {
        label: if row.by_class { format!("{what}, class-wise") } else { what },
        colour: shade(colour, row.ablation),
        value: row.share,
        text: format!("{:.1} %", row.share),
        mark: row.share_plain.filter(|plain| (plain - row.share).abs() > 1.0),
        dot: row.decode_images_s,
    }
}

fn shade(colour: RGBColor, pale: bool) -> RGBAColor {
    colour.mix(if pale { 0.5 } else { 1.0 })
}
