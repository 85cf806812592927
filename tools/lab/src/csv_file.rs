//! Results as CSV: the fields of a struct are the columns.

use std::path::Path;

use gede::{Error, ErrorKind, Result};
use serde::Serialize;

use gede_cli::output::write_file;

/// Writes rows under the names of their fields.
///
/// # Errors
/// `Io` if the file cannot be written.
pub fn save<T: Serialize>(path: &Path, rows: &[T]) -> Result<()> {
    let wrong = |e: csv::Error| Error::new(ErrorKind::Argument, format!("{}: {e}", path.display()));
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().try_for_each(|row| writer.serialize(row)).map_err(wrong)?;
    let text = writer.into_inner().map_err(|e| wrong(e.into_error().into()))?;
    write_file(path, &text)
}

/// The rows of earlier runs; none if there is no such file.
pub fn load<R: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<R>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let wrong = |e: csv::Error| Error::new(ErrorKind::Input, format!("{}: {e}", path.display()));
    let mut reader = csv::Reader::from_path(path).map_err(wrong)?;
    reader.deserialize().collect::<std::result::Result<_, _>>().map_err(wrong)
}
