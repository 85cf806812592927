//! The file that a table is written to before it gets its name.

use crate::error::{Error, Result};
use crate::write::{Disk, Storage};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use tempfile::NamedTempFile;

/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 18;

/// A file in the folder of its target, gone if it is dropped.
pub(super) struct Temporary(NamedTempFile);

impl Temporary {
    pub fn new(target: &Path) -> Result<Self> {
        let made = tempfile::Builder::new()
            .prefix(".gede-")
            .suffix(".tmp")
            .make_in(folder(target), |path| File::create_new(path));
        made.map(Self).map_err(|e| cannot_write(target, e))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The file, to be written.
    pub fn file(&self, target: &Path) -> Result<BufWriter<File>> {
        let file = self.0.as_file().try_clone().map_err(|e| cannot_write(target, e))?;
        Ok(BufWriter::with_capacity(BUFFER, file))
    }

    /// Makes what was written durable and gives it its name.
    pub fn persist(self, file: File, target: &Path, overwrite: bool) -> Result<()> {
        file.sync_all().map_err(|e| cannot_write(target, e))?;
        drop(file);
        let kept = match overwrite {
            true => self.0.persist(target),
            false => self.0.persist_noclobber(target),
        };
        kept.map_err(|e| match e.error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(target),
            _ => cannot_write(target, e.error),
        })?;
        Disk.sync_folder(folder(target)).map_err(|e| cannot_write(target, e))
    }
}

pub(super) fn folder(target: &Path) -> &Path {
    target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn exists(target: &Path) -> Error {
    Error::argument(format!("{}: exists already; ask to overwrite it to replace it", target.display()))
}

pub(super) fn cannot_write(target: &Path, error: std::io::Error) -> Error {
    Error::io(format!("cannot write {}", target.display()), error)
}
