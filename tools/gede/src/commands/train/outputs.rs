//! Files that a run is to write, looked at before it begins: a run of hours must not end with a missing folder.

use crate::commands::misuse;
use gede::{Error, ErrorKind, Result};
use std::path::Path;

/// Checks that a file can be written at each of the paths.
pub fn check<'a>(paths: impl IntoIterator<Item = Option<&'a Path>>) -> Result<()> {
    paths.into_iter().flatten().try_for_each(check_one)
}

fn check_one(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |e: std::io::Error| {
        // Without the name of a file that nobody asked for.
        let why = e
            .raw_os_error()
            .map_or(e.to_string(), |code| std::io::Error::from_raw_os_error(code).to_string());
        let (path, folder) = (path.display(), folder.display());
        Error::new(ErrorKind::Io, format!("{path}: nothing can be written to the folder {folder}: {why}"))
    };
    if path.is_dir() {
        return Err(misuse(format!("{}: is a folder; name a file", path.display())));
    }
    if !folder.is_dir() {
        let (path, folder) = (path.display(), folder.display());
        return Err(misuse(format!("{path}: there is no folder {folder}; make it first")));
    }
    // A file without a name shows that the folder lets files in.
    tempfile::tempfile_in(folder).map(drop).map_err(failed)
}
