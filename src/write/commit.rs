//! A file that appears whole or not at all.

use std::ffi::OsString;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::storage::{Output, Storage};
use crate::error::{Error, Result};
use crate::format::{ALIGN, PageSums, align};
use crate::read::Source;

/// Writes under a temporary name in the target's folder; `commit` gives the file its name. Dropped
/// before that, it leaves nothing behind.
pub(super) struct Pending<'s> {
    storage: &'s dyn Storage,
    target: PathBuf,
    temporary: PathBuf,
    overwrite: bool,
    out: BufWriter<Box<dyn Output>>,
    sums: PageSums,
    at: u64,
    done: bool,
}

impl<'s> Pending<'s> {
    /// Starts a file that will be `target`.
    pub fn create(storage: &'s dyn Storage, target: &Path, overwrite: bool) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = target
            .file_name()
            .ok_or_else(|| Error::argument(format!("{}: not a file name", target.display())))?;
        refuse_existing(target, overwrite)?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{}.tmp", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)));
        let temporary = target.with_file_name(hidden);
        let out = storage.create(&temporary).map_err(|e| Error::io(target.display(), e))?;
        let out = BufWriter::with_capacity(1 << 20, out);
        let target = target.to_owned();
        Ok(Self { storage, target, temporary, overwrite, out, sums: PageSums::default(), at: 0, done: false })
    }

    /// The folder that the file will be in.
    pub fn folder(&self) -> &Path {
        self.target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Where the next byte goes.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|e| Error::io(self.target.display(), e))?;
        self.sums.update(bytes);
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Appends zeros up to the next piece's place and returns it.
    pub fn align(&mut self) -> Result<u64> {
        let padding = align(self.at) - self.at;
        self.write(&[0; ALIGN as usize][..padding as usize])?;
        Ok(self.at)
    }

    /// Appends a piece and returns its offset: 0 for an empty one.
    pub fn piece(&mut self, bytes: &[u8]) -> Result<u64> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let offset = self.align()?;
        self.write(bytes)?;
        Ok(offset)
    }

    /// The list of the checksums of all pages so far; what follows is not in it.
    pub fn take_sums(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sums).finish()
    }

    /// Makes the bytes durable, checks them, then makes the name durable.
    pub fn commit(mut self, check: impl FnOnce(Box<dyn Source>) -> Result<()>) -> Result<()> {
        let failed = |e| Error::io(self.target.display(), e);
        self.out.flush().map_err(failed)?;
        self.storage.open(&self.temporary).and_then(check).map_err(|e| e.at(self.target.display()))?;
        self.out.get_mut().sync().map_err(failed)?;
        refuse_existing(&self.target, self.overwrite)?;
        self.storage.rename(&self.temporary, &self.target).map_err(failed)?;
        self.done = true;
        self.storage.sync_folder(self.folder()).map_err(failed)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.done {
            // Nothing more can be done about a temporary file that cannot be removed.
            let _ = self.storage.remove(&self.temporary);
        }
    }
}

fn refuse_existing(target: &Path, overwrite: bool) -> Result<()> {
    if !overwrite && target.exists() {
        return Err(Error::argument(format!(
            "{}: exists already; ask to overwrite it to replace it",
            target.display()
        )));
    }
    Ok(())
}
