//! A folder that appears whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::files::file_system::Disk;
use crate::files::file_system::FileSystem;
use crate::files::new_file::cannot_write;
use crate::files::new_file::folder as parent;
use crate::files::temporary::TemporaryFolder;

/// An export that is written next to the target first, and removed if it is dropped.
pub struct Folder {
    /// The name as it was given, for messages.
    target: PathBuf,
    /// The name without links.
    place: PathBuf,
    /// Only its owner can read it, so the future target is a folder within it.
    temporary: TemporaryFolder,
    path: PathBuf,
}

impl Folder {
    /// Starts a folder that will be `target`.
    pub fn create(target: &Path) -> Result<Self> {
        refuse_existing(target)?;
        // A link to an empty folder stays, and its folder is replaced.
        let place = target.canonicalize().unwrap_or_else(|_| target.to_owned());
        let temporary = TemporaryFolder::new(parent(&place)).map_err(|e| e.at(target.display()))?;
        let path = temporary.path().join("images");
        std::fs::create_dir(&path).map_err(|e| cannot_write(target, e))?;
        Ok(Self { target: target.to_owned(), place, temporary, path })
    }

    /// Final path of the export.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Where it is until then.
    #[cfg(feature = "images")]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error of writing it.
    pub fn cannot_write(&self, error: io::Error) -> Error {
        cannot_write(&self.target, error)
    }

    /// Starts a file in it.
    pub fn file(&self, name: &str) -> io::Result<BufWriter<File>> {
        Ok(BufWriter::with_capacity(1 << 18, File::create_new(self.path.join(name))?))
    }

    /// Writes a file of text into it.
    pub fn text(&self, name: &str, text: &str) -> Result<()> {
        let write = || {
            let mut file = self.file(name)?;
            file.write_all(text.as_bytes()).and_then(|()| file.flush())
        };
        write().map_err(|e| self.cannot_write(e))
    }

    /// Makes what is in it durable, then its name. All that was written must have been flushed.
    pub fn finish(self) -> Result<()> {
        let failed = |e| cannot_write(&self.target, e);
        sync(&self.path).map_err(failed)?;
        refuse_existing(&self.target)?;
        // A rename replaces a folder that is empty; where it does not, nothing is lost by removing that first.
        if cfg!(not(unix)) && self.place.exists() {
            std::fs::remove_dir(&self.place).map_err(failed)?;
        }
        // The system replaces no folder that has something in it.
        Disk.rename(&self.path, &self.place, true).map_err(failed)?;
        drop(self.temporary);
        Disk.sync_folder(parent(&self.place)).map_err(failed)
    }
}

/// Makes a folder and all in it durable.
fn sync(folder: &Path) -> io::Result<()> {
    let entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.par_iter().try_for_each(|entry| match entry.file_type()?.is_dir() {
        true => sync(&entry.path()),
        false => OpenOptions::new().write(true).open(entry.path())?.sync_all(),
    })?;
    Disk.sync_folder(folder)
}

fn refuse_existing(target: &Path) -> Result<()> {
    let is_free = match std::fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        // A link that leads nowhere is taken.
        Err(e) => e.kind() == io::ErrorKind::NotFound && target.symlink_metadata().is_err(),
    };
    match is_free {
        true => Ok(()),
        false => Err(Error::argument(format!(
            "{}: exists already and is no empty folder; folders are never replaced, so name another",
            target.display()
        ))),
    }
}
