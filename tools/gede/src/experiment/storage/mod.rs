//! What sets of images take in a file, and how fast they come out of it, beside other formats.

mod ablation;
mod coders;
mod figure;
mod files;
mod images;
mod parquet;
mod peers;
mod rows;
mod sets;
mod speed;
mod summary;

use gede::Result;

use super::{Request, csv, folder, steps};

/// Measures every image set there is, writes a table of them all and a figure of each.
pub fn run(request: &Request) -> Result<()> {
    let found = sets::find(request)?;
    let out = folder(request, "storage")?;
    let bar = steps(0);
    let mut rows = Vec::new();
    for place in &found {
        let set = place.load(request.images)?;
        let measured = images::measure(&set, &bar)?;
        figure::save(&set, &measured, &out.join(format!("{}.svg", place.slug())))?;
        rows.extend(measured);
    }
    csv::save(&out.join("images.csv"), &rows)?;
    bar.finish_and_clear();
    summary::print(&rows, request.json)
}
