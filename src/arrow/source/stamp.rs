//! Detection of changes to a file that is read more than once.

use crate::error::{Error, ErrorKind, Result};
use std::fs::{Metadata, metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file's length and time of change when it was first opened.
#[derive(Clone)]
pub(crate) struct Stamp {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub fn new(path: &Path) -> Result<Self> {
        let (length, modified) = Self::read(path)?;
        Ok(Self { path: path.to_owned(), length, modified })
    }

    /// Bytes of the file.
    pub fn length(&self) -> u64 {
        self.length
    }

    fn read(path: &Path) -> Result<(u64, Option<SystemTime>)> {
        let of = |metadata: Metadata| (metadata.len(), metadata.modified().ok());
        metadata(path).map(of).map_err(|e| Error::io(format!("cannot read {}", path.display()), e))
    }

    /// Fails if the file has changed since.
    pub fn check(&self) -> Result<()> {
        let (length, modified) = Self::read(&self.path)?;
        if length != self.length {
            return Err(self.changed(format!("from {} to {length} bytes", self.length)));
        }
        if modified != self.modified {
            return Err(self.changed("by its time of change"));
        }
        Ok(())
    }

    /// Fails if a pass gave another number of rows than the first, or the file has changed.
    pub fn check_rows(&self, rows: u64, first: u64) -> Result<()> {
        self.check()?;
        if rows == first { Ok(()) } else { Err(self.changed(format!("from {first} to {rows} rows"))) }
    }

    /// An error of a pass, or rather that the file changed, which explains it.
    pub fn explain(&self, error: Error) -> Error {
        self.check().err().unwrap_or(error)
    }

    fn changed(&self, how: impl std::fmt::Display) -> Error {
        let path = self.path.display();
        let what =
            format!("{path}: the file changed while it was read, {how}; convert it when it is complete");
        Error::new(ErrorKind::Input, what)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grows_or_is_written_again_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t");
        std::fs::write(&path, "one").unwrap();
        let stamp = Stamp::new(&path).unwrap();
        stamp.check_rows(3, 3).unwrap();
        assert!(stamp.check_rows(2, 3).unwrap_err().to_string().contains("from 3 to 2 rows"));
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(stamp.check().unwrap_err().to_string().contains("time of change"));
        std::fs::write(&path, "longer").unwrap();
        let error = stamp.explain(Error::argument("a consequence"));
        assert!(error.to_string().contains("from 3 to 6 bytes"), "{error}");
    }
}
