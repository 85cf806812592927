//! Sizes and reading speeds of tables and sets of images in gede files and in other formats.

mod images;
mod places;
mod speed;
mod tables;

pub use speed::machine;

use gede::Result;

use self::places::Place;
use super::{Request, folder, steps};

/// Measures every set there is, writes a table of those of images and one of tables, and a figure of each.
pub fn run(request: &Request) -> Result<()> {
    let (pictures, plain): (Vec<Place>, Vec<Place>) =
        places::find(request)?.into_iter().partition(Place::has_images);
    let out = folder(request, "storage")?;
    let bar = steps(0);
    let pictures = images::measure_all(&pictures, request.first, &out, &bar)?;
    let plain = tables::measure_all(&plain, request.first, &out, &bar)?;
    bar.finish_and_clear();
    if request.json {
        return gede_cli::output::json(
            &pictures.iter().map(Row::Images).chain(plain.iter().map(Row::Table)).collect::<Vec<_>>(),
        );
    }
    images::print(&pictures)?;
    tables::print(&plain)
}

/// A row of either table of results.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Row<'a> {
    Images(&'a images::ImageRow),
    Table(&'a tables::TableRow),
}
