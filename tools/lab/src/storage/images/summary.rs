//! The summary for people and machines.

use gede::Result;

use super::rows::ImageRow;
use gede_cli::output::{self, Table, count};

/// Prints the rows to standard output.
pub fn print(rows: &[ImageRow]) -> Result<()> {
    let mut text = String::new();
    for of_set in rows.chunk_by(|a, b| a.set == b.set) {
        let images = of_set.iter().map(|row| row.images).max().unwrap_or(0);
        let name = of_set.first().map_or("", |row| row.set.as_str());
        text += &format!("{name}: {} images; sizes in % of the pixels, speeds of one core\n", count(images));
        text += &table(of_set, images).render(2);
        text.push('\n');
    }
    output::print(&text)
}

/// The rows of a set of so many images.
fn table(rows: &[ImageRow], images: u64) -> Table {
    let mut table = Table::new(2);
    let heads = ["", "", "bytes", "size", "bit-packed", "gain", "PSNR", "encode", "decode"];
    table.row(heads);
    let speed = |rate: f64| if rate < 10.0 { format!("{rate:.1} MB/s") } else { format!("{rate:.0} MB/s") };
    let optional = |value: Option<f64>, unit: &str| value.map_or(String::new(), |v| format!("{v:.1}{unit}"));
    for row in rows {
        let by_class = if row.by_class { ", class-wise" } else { "" };
        let some = if row.images < images { format!(", of {}", count(row.images)) } else { String::new() };
        let rate = |rate: f64| format!("{} images/s", count(rate.round() as u64));
        table.push(vec![
            row.format.to_owned(),
            format!("{}{by_class}{some}", short(&row.what)),
            count(row.bytes),
            format!("{:.2} %", row.share),
            optional(row.share_plain, " %"),
            optional(row.gain_points, ""),
            optional(row.psnr_db, " dB"),
            speed(row.encode_mb_s),
            row.decode_images_s.map_or(String::new(), rate),
        ]);
    }
    table
}

/// The short description of a row.
pub fn short(what: &str) -> &str {
    what.split_once(" (").map_or(what, |(short, _)| short)
}
