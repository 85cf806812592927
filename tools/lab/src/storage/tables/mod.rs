//! Tables.

mod figure;
mod formats;
mod measure;
mod parquet;
mod rows;
#[path = "../../../../../benches/sensor/mod.rs"]
#[allow(dead_code, clippy::expect_used)]
pub mod sensor;
mod set;
mod streams;
mod summary;

use std::path::Path;

use gede::Result;
use indicatif::ProgressBar;

pub use rows::TableRow;
pub use summary::print;

use super::places::Place;
use crate::csv_file;

/// Measures tables, or their first rows, and writes what was found to a folder.
pub fn measure_all(
    places: &[Place],
    first: Option<usize>,
    out: &Path,
    bar: &ProgressBar,
) -> Result<Vec<TableRow>> {
    let mut rows = Vec::new();
    for place in places {
        let set = set::TableSet::load(place, first)?;
        let measured = measure::measure(&set, bar)?;
        figure::save(&measured, &out.join(format!("{}.svg", place.slug())))?;
        rows.extend(measured);
    }
    if !rows.is_empty() {
        csv_file::save(&out.join("tables.csv"), &rows)?;
    }
    Ok(rows)
}
