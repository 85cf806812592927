//! Files and folders under temporary names: chosen at random, locked by the process that writes them, removed with it.
//! The one place that makes such names.

use std::fs::{DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};

const PREFIX: &str = ".gede-";
const SUFFIX: &str = ".tmp";

/// Digits of a random number of 64 bits.
const DIGITS: usize = 16;

/// Names tried before a folder is given up. One is enough unless somebody makes such names on purpose.
const TRIES: usize = 16;

/// The first digits of the number that Linux draws when it starts: processes that share it share file locks as well,
/// containers included. Machines that share a folder over a network may not, and their files are left alone.
static SYSTEM: LazyLock<Option<String>> = LazyLock::new(|| {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).take(DIGITS).collect();
    (digits.len() == DIGITS).then_some(digits)
});

/// The temporary files and folders that this process has made and not yet renamed or removed.
static LIVE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn live() -> MutexGuard<'static, Vec<PathBuf>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name that no other process has: process ids repeat in containers, random numbers do not.
fn name() -> String {
    // The standard library keys every hasher with random bits of the system.
    let random = RandomState::new().hash_one(std::process::id());
    format!("{PREFIX}{}-{random:016x}{SUFFIX}", SYSTEM.as_deref().unwrap_or("0"))
}

/// Makes something under a fresh name in a folder. `make` answers `AlreadyExists` for a name that is taken.
pub(crate) fn with_name<T>(folder: &Path, mut make: impl FnMut(&Path) -> io::Result<T>) -> io::Result<T> {
    let mut tries = 0;
    loop {
        tries += 1;
        match make(&folder.join(name())) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {}
            made => return made,
        }
    }
}

/// Creates and locks a file that must not exist yet. A `private` one is for its owner only.
pub(crate) fn create(path: &Path, private: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let path = std::path::absolute(path)?;
    // Held until the name is noted, so that a process about to end sees every file.
    let mut live = live();
    let file = options.open(&path)?;
    lock(&file, &path)?;
    live.push(path);
    Ok(file)
}

/// Takes a name off the list of those that this process must remove.
pub(crate) fn forget(path: &Path) {
    if let Ok(path) = std::path::absolute(path) {
        live().retain(|live| *live != path);
    }
}

/// Removes all temporary files and folders of this process, and lets it make no more: for a program that a signal is
/// about to end. A thread that makes one afterwards waits for ever.
pub fn remove_temporaries() {
    let live = live();
    for path in live.iter() {
        // Other threads may still be writing into a folder.
        for _ in 0..TRIES {
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            if removed.is_ok() || path.symlink_metadata().is_err() {
                break;
            }
        }
    }
    std::mem::forget(live);
}

/// A folder for what is written in several files, removed with all that is in it when this is dropped.
#[derive(Debug)]
pub struct TemporaryFolder {
    path: PathBuf,
    /// Holds the lock.
    _open: Option<File>,
}

impl TemporaryFolder {
    /// Makes a folder for its owner only, after removing what dead processes have left in `parent`.
    ///
    /// # Errors
    /// `Io`, naming `parent`.
    pub fn new(parent: &Path) -> Result<Self> {
        remove_stale(parent);
        with_name(parent, Self::create)
            .map_err(|e| Error::io(format!("making a temporary folder in {}", parent.display()), e))
    }

    fn create(path: &Path) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let path = std::path::absolute(path)?;
        let mut live = live();
        builder.create(&path)?;
        let open = if cfg!(target_os = "linux") { Some(File::open(&path)?) } else { None };
        if let Some(open) = &open {
            lock(open, &path)?;
        }
        live.push(path.clone());
        Ok(Self { path, _open: open })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // Nothing more can be done about a folder that cannot be removed.
        let _ = std::fs::remove_dir_all(&self.path);
        forget(&self.path);
    }
}

/// Locks what was just made, so that others see that its writer lives. `AlreadyExists` if another process took the
/// moment before for a dead writer's file: it is removing it.
#[cfg(target_os = "linux")]
fn lock(file: &File, path: &Path) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) if is_at(file, path) => Ok(()),
        Ok(()) | Err(std::fs::TryLockError::WouldBlock) => Err(io::ErrorKind::AlreadyExists.into()),
        // A file system without locks: nobody can lock the file and take it for stale.
        Err(std::fs::TryLockError::Error(_)) => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn lock(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes the temporary files and folders of dead processes from a folder: those with names as this process gives them
/// that nobody has locked. The kernel takes a lock away only when its process has ended. Whatever cannot be removed
/// stays: it is in nobody's way.
#[cfg(target_os = "linux")]
pub(crate) fn remove_stale(folder: &Path) {
    let Some(system) = SYSTEM.as_deref() else { return };
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(|name| is_of(name, system)) {
            remove_if_stale(&entry.path());
        }
    }
}

/// Elsewhere they stay.
#[cfg(not(target_os = "linux"))]
pub(crate) fn remove_stale(_: &Path) {}

/// True if a name is one that a process of this system gives.
#[cfg(target_os = "linux")]
fn is_of(name: &str, system: &str) -> bool {
    let random = name.strip_prefix(PREFIX).and_then(|name| name.strip_prefix(system));
    let random = random.and_then(|name| name.strip_prefix('-')).and_then(|name| name.strip_suffix(SUFFIX));
    random.is_some_and(|digits| digits.len() == DIGITS && digits.chars().all(|c| c.is_ascii_hexdigit()))
}

#[cfg(target_os = "linux")]
fn remove_if_stale(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    // Neither a link is followed nor a pipe waited for. NFS locks only what is open for writing, and folders are not
    // opened so.
    let open = |write| {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
        OpenOptions::new().read(true).write(write).custom_flags(flags).open(path)
    };
    let Ok(file) = open(true).or_else(|_| open(false)) else { return };
    let Ok(metadata) = file.metadata() else { return };
    if file.try_lock().is_err() || !is_at(&file, path) {
        return;
    }
    // The lock is held until the name is gone.
    if metadata.is_dir() {
        let _ = std::fs::remove_dir_all(path);
    } else if metadata.is_file() {
        let _ = std::fs::remove_file(path);
    }
}

/// True if a path still names an open file.
#[cfg(target_os = "linux")]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}
