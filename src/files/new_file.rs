//! A file that appears whole or not at all.

use std::fs::Metadata;
use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::files::file_system::{Disk, FileSystem, Output};
use crate::files::temporary::with_name;

/// Links followed from one name to the next, as many as Linux follows.
const LINKS: usize = 40;

/// A file under a temporary name in its target's folder. `commit` gives it its name; dropped before that, it leaves
/// nothing behind.
///
/// A file that is replaced passes its permissions and its owner to the new one, and stays where links to it lead; other
/// hard links to it keep the old bytes.
pub struct NewFile<'s> {
    file_system: &'s dyn FileSystem,
    /// The name as it was given, for messages.
    named: PathBuf,
    /// The name without links.
    target: PathBuf,
    temporary: PathBuf,
    overwrite: bool,
    /// The file that is replaced.
    replaced: Option<Metadata>,
    out: Box<dyn Output>,
    done: bool,
}

debug_fields!(['s] NewFile { named, temporary, overwrite });

impl NewFile<'static> {
    /// Starts a file that will be `target`, after removing what dead processes have left in its folder.
    ///
    /// # Errors
    /// `Argument` for a file that exists, unless `overwrite`, and for anything but a file; `Io`.
    pub fn create(target: &Path, overwrite: bool) -> Result<Self> {
        Self::create_in(&Disk, target, overwrite)
    }
}

impl<'s> NewFile<'s> {
    /// As `create`, in a file system.
    pub(crate) fn create_in(file_system: &'s dyn FileSystem, named: &Path, overwrite: bool) -> Result<Self> {
        if named.file_name().is_none() {
            return Err(Error::argument(format!("{}: not a file name", named.display())));
        }
        let (target, replaced) = resolve(named, overwrite)?;
        let folder = folder(&target);
        file_system.remove_stale(folder);
        let make = |path: &Path| Ok((file_system.create(path, replaced.is_some())?, path.to_owned()));
        let (out, temporary) = with_name(folder, make).map_err(|e| cannot_write(named, e))?;
        let named = named.to_owned();
        Ok(Self { file_system, named, target, temporary, overwrite, replaced, out, done: false })
    }

    /// The temporary name.
    pub fn path(&self) -> &Path {
        &self.temporary
    }

    /// The name that it was asked for by.
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// The folder that the file will be in.
    pub fn folder(&self) -> &Path {
        folder(&self.target)
    }

    pub(crate) fn file_system(&self) -> &'s dyn FileSystem {
        self.file_system
    }

    /// Makes what was written durable and gives it its name.
    ///
    /// # Errors
    /// `Io`; `Argument` if a file of that name has come into being, unless it may be overwritten.
    pub fn commit(self) -> Result<()> {
        self.commit_checked(|_| Ok(()))
    }

    /// As `commit`, if the written bytes pass a check.
    pub(crate) fn commit_checked(
        mut self,
        check: impl FnOnce(&dyn Fn() -> Result<Box<dyn ByteSource>>) -> Result<()>,
    ) -> Result<()> {
        let failed = |e| cannot_write(&self.named, e);
        self.out.flush().map_err(failed)?;
        check(&|| self.file_system.open(&self.temporary)).map_err(|e| e.at(self.named.display()))?;
        if let Some(replaced) = &self.replaced {
            self.file_system.take_attributes(replaced, &self.temporary).map_err(failed)?;
        }
        self.out.sync().map_err(failed)?;
        let renamed = self.file_system.rename(&self.temporary, &self.target, self.overwrite);
        renamed.map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => exists(&self.named),
            _ => cannot_write(&self.named, e),
        })?;
        self.done = true;
        self.file_system.sync_folder(folder(&self.target)).map_err(failed)
    }
}

impl Write for NewFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if !self.done {
            // Nothing more can be done about a temporary file that cannot be removed.
            let _ = self.file_system.remove(&self.temporary);
        }
    }
}

/// The folder of a file.
pub(crate) fn folder(target: &Path) -> &Path {
    target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(crate) fn cannot_write(target: &Path, error: io::Error) -> Error {
    Error::io(format!("cannot write {}", target.display()), error)
}

fn exists(target: &Path) -> Error {
    Error::argument(format!("{}: exists already; ask to overwrite it to replace it", target.display()))
}

/// The file that a name leads to, and the one that is there. A link is as taken as a file is: only `overwrite` writes
/// to where it leads, and makes that file if it is not there.
fn resolve(named: &Path, overwrite: bool) -> Result<(PathBuf, Option<Metadata>)> {
    let mut target = named.to_owned();
    for _ in 0..LINKS {
        let metadata = match target.symlink_metadata() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((target, None)),
            found => found.map_err(|e| cannot_write(named, e))?,
        };
        if metadata.is_dir() {
            return Err(Error::argument(format!("{}: is a folder; name a file", named.display())));
        }
        if !overwrite {
            return Err(exists(named));
        }
        if metadata.is_file() {
            return Ok((target, Some(metadata)));
        }
        if !metadata.is_symlink() {
            // A rename would take a device or a pipe away from everybody.
            return Err(Error::argument(format!(
                "{}: is no regular file; only such are replaced",
                named.display()
            )));
        }
        let next = target.read_link().map_err(|e| cannot_write(named, e))?;
        target = folder(&target).join(next);
    }
    Err(Error::argument(format!("{}: its links lead in a circle; name a file", named.display())))
}
