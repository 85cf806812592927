//! Where a file is written: the few operations of a file system that a commit is made of. With `temporary` the only
//! file with calls that differ between operating systems.

use std::fs::{File, Metadata};
use std::io;
use std::io::Write;
use std::path::Path;

use crate::error::Result;
use crate::files::byte_source::{ByteSource, FileSource};
use crate::files::positioned::{InPlace, PositionedFile};
use crate::files::scratch::{Scratch, ScratchFile};
use crate::files::temporary;

/// A file system, as far as a writer needs one. A test puts one that fails in its place.
pub trait FileSystem: Sync {
    /// Creates a file that must not exist yet, to be renamed or removed here. A `private` one is for its owner only.
    ///
    /// # Errors
    /// The operating system's; `AlreadyExists` asks for another name.
    fn create(&self, path: &Path, private: bool) -> io::Result<Box<dyn Output>>;

    /// Opens a file that was created here, to read it.
    ///
    /// # Errors
    /// The operating system's.
    fn open(&self, path: &Path) -> Result<Box<dyn ByteSource>>;

    /// Gives a file that was created here the permissions and the owner of another, as far as the process may.
    ///
    /// # Errors
    /// The operating system's.
    fn take_attributes(&self, of: &Metadata, to: &Path) -> io::Result<()>;

    /// Puts `from` in the place of `to` at once; a `to` that exists is replaced only if `overwrite`.
    ///
    /// # Errors
    /// The operating system's; `AlreadyExists` for a `to` that is not to be replaced.
    fn rename(&self, from: &Path, to: &Path, overwrite: bool) -> io::Result<()>;

    /// Makes the folder's entries durable.
    ///
    /// # Errors
    /// The operating system's.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// The operating system's.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Opens a file that is there to append to it. While it is open, no other process and no other writer opens it so.
    ///
    /// # Errors
    /// The operating system's; `WouldBlock` for one that is open.
    fn open_in_place(&self, path: &Path) -> io::Result<Box<dyn InPlace>>;

    /// A file without a name, on the disk of `folder`, for what does not fit into memory. It is gone when it is dropped,
    /// or when the process ends.
    ///
    /// # Errors
    /// The operating system's.
    fn scratch(&self, folder: &Path) -> io::Result<Box<dyn Scratch>>;

    /// Removes from a folder the temporary files whose writers have certainly ended.
    fn remove_stale(&self, folder: &Path);
}

/// A file being written.
pub trait Output: Write + Send {
    /// Makes what was written durable.
    ///
    /// # Errors
    /// The operating system's.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn create(&self, path: &Path, private: bool) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(temporary::create(path, private)?))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn ByteSource>> {
        Ok(Box::new(FileSource::open(path)?))
    }

    #[cfg(unix)]
    fn take_attributes(&self, of: &Metadata, to: &Path) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
        let own = std::fs::metadata(to)?;
        let mut mode = of.mode() & 0o777;
        // Only root gives files away, and others only to groups that they are in.
        let is_given = (own.uid(), own.gid()) == (of.uid(), of.gid())
            || chown(to, Some(of.uid()), Some(of.gid())).is_ok()
            || chown(to, None, Some(of.gid())).is_ok();
        if !is_given {
            // Another group must not see more than everybody does.
            mode = mode & !0o070 | (mode & 0o007) << 3;
        }
        match std::fs::metadata(to)?.mode() & 0o777 == mode {
            true => Ok(()), // where files have no modes of their own, none can be set
            false => std::fs::set_permissions(to, std::fs::Permissions::from_mode(mode)),
        }
    }

    /// Elsewhere files take them from their folder.
    #[cfg(not(unix))]
    fn take_attributes(&self, _: &Metadata, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path, overwrite: bool) -> io::Result<()> {
        if overwrite { std::fs::rename(from, to) } else { rename_new(from, to) }?;
        temporary::forget(from);
        Ok(())
    }

    #[cfg(unix)]
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    /// Elsewhere a rename is durable by itself, or cannot be made so.
    #[cfg(not(unix))]
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = std::fs::remove_file(path);
        temporary::forget(path);
        removed
    }

    fn open_in_place(&self, path: &Path) -> io::Result<Box<dyn InPlace>> {
        let file = File::options().read(true).write(true).open(path)?;
        file.try_lock()?;
        Ok(Box::new(PositionedFile::new(file)))
    }

    fn scratch(&self, folder: &Path) -> io::Result<Box<dyn Scratch>> {
        Ok(Box::new(ScratchFile::new(folder)?))
    }

    fn remove_stale(&self, folder: &Path) {
        temporary::remove_stale(folder);
    }
}

impl Output for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// Renames, unless there is such a name.
#[cfg(target_os = "linux")]
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A kernel, a file system or a sandbox without that call.
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP | Errno::PERM) => link_new(from, to),
        renamed => renamed.map_err(io::Error::from),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    link_new(from, to)
}

/// Renames in two steps: a second name is given only if it is free, then the first is removed. Where files have but one
/// name (FAT), nothing better is left than to look, then to rename: of two writers at that moment the last one wins.
fn link_new(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        // The second name is good, and a first one that stays is removed as a stale one.
        Ok(()) => std::fs::remove_file(from).or(Ok(())),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(e),
        Err(_) if to.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(from, to),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn neither_way_of_renaming_replaces_a_file() {
        for rename in [rename_new, link_new] {
            let folder = tempfile::tempdir().unwrap();
            let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
            std::fs::write(&from, "new").unwrap();
            rename(&from, &to).unwrap();
            assert!(!from.exists());
            std::fs::write(&from, "newer").unwrap();
            assert_eq!(rename(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(std::fs::read_to_string(&to).unwrap(), "new");
            assert_eq!(std::fs::read_to_string(&from).unwrap(), "newer");
        }
    }
}
