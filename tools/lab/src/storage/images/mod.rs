//! Sets of images.

mod ablation;
mod coders;
mod figure;
mod files;
mod measure;
mod parquet;
mod peers;
mod rows;
mod sets;
mod summary;

use std::path::Path;

use gede::Result;
use indicatif::ProgressBar;

pub use rows::ImageRow;
pub use summary::print;

use super::places::Place;
use crate::csv_file;

/// Measures sets, or their first images, and writes what was found to a folder.
pub fn measure_all(
    places: &[Place],
    first: Option<usize>,
    out: &Path,
    bar: &ProgressBar,
) -> Result<Vec<ImageRow>> {
    let mut rows = Vec::new();
    for place in places {
        let set = sets::ImageSet::load(place, first)?;
        let measured = measure::measure(&set, bar)?;
        figure::save(&set, &measured, &out.join(format!("{}.svg", place.slug())))?;
        rows.extend(measured);
    }
    if !rows.is_empty() {
        csv_file::save(&out.join("images.csv"), &rows)?;
    }
    Ok(rows)
}
