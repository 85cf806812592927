//! A file that bytes are appended to in place: until it names their end, its readers see it as it was.

use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::files::byte_source::ByteSource;
use crate::files::file_system::FileSystem;
use crate::files::new_file::{cannot_write, folder};
use crate::files::positioned::InPlace;

/// A file that no other writer has open. `commit` makes what was appended part of it; dropped before that, it leaves the file
/// as it was.
pub(crate) struct AppendedFile<'s> {
    file_system: &'s dyn FileSystem,
    /// The name as it was given.
    named: PathBuf,
    /// The name without links, whose folder has room for the file.
    target: PathBuf,
    file: Box<dyn InPlace>,
    /// The end of the file as it was, and of what was appended.
    start: u64,
    at: u64,
    done: bool,
}

impl<'s> AppendedFile<'s> {
    /// Opens a file for this writer alone.
    ///
    /// # Errors
    /// `Io` for a file that is not there or that another writer appends to; `Argument` for what is no file.
    pub fn open(file_system: &'s dyn FileSystem, named: &Path) -> Result<Self> {
        let failed = |e| cannot_write(named, e);
        let target = named.canonicalize().map_err(failed)?;
        if !target.is_file() {
            return Err(Error::argument(format!("{}: not a file", named.display())));
        }
        let file = file_system.open_in_place(&target).map_err(|e| match e.kind() {
            io::ErrorKind::WouldBlock => Error::new(
                ErrorKind::Io,
                format!(
                    "cannot write {}: another process appends to it; wait for it to end",
                    named.display()
                ),
            ),
            _ => failed(e),
        })?;
        Ok(Self { file_system, named: named.to_owned(), target, file, start: 0, at: 0, done: true })
    }

    /// Reads the file.
    pub fn source(&self) -> Result<Box<dyn ByteSource>> {
        self.file_system.open(&self.target)
    }

    /// The name that it was asked for by.
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// The folder that the file is in.
    pub fn folder(&self) -> &Path {
        folder(&self.target)
    }

    pub fn file_system(&self) -> &'s dyn FileSystem {
        self.file_system
    }

    /// Begins behind `end`, the end of the file that is kept, after `mark` was made durable at its place: from then on the
    /// file ends there for its readers, whatever follows.
    ///
    /// # Errors
    /// `Io`.
    pub fn begin(&mut self, end: u64, mark: Option<(u64, &[u8])>) -> Result<()> {
        let written = mark.map_or(Ok(()), |(offset, bytes)| self.mark(offset, bytes));
        let begun = written.and_then(|()| self.file.set_length(end));
        begun.map_err(|e| cannot_write(&self.named, e))?;
        (self.start, self.at, self.done) = (end, end, false);
        Ok(())
    }

    /// Writes bytes at a place within the file and makes them durable.
    fn mark(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(bytes, offset)?;
        self.file.sync()
    }

    /// Makes what was appended durable if it passes a check, then the mark that names its end.
    ///
    /// # Errors
    /// `Io`; those of the check.
    pub fn commit(
        mut self,
        check: impl FnOnce(Box<dyn ByteSource>) -> Result<()>,
        (offset, mark): (u64, Vec<u8>),
    ) -> Result<()> {
        self.source().and_then(check).map_err(|e| e.at(self.named.display()))?;
        self.file.sync().map_err(|e| cannot_write(&self.named, e))?;
        // What is durable now may be named by a mark that is not: it must stay.
        self.done = true;
        self.mark(offset, &mark).map_err(|e| cannot_write(&self.named, e))
    }
}

impl Write for AppendedFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for AppendedFile<'_> {
    fn drop(&mut self) {
        if !self.done {
            // What cannot be cut off is passed over by readers, and cut off by the next append.
            let _ = self.file.set_length(self.start);
        }
    }
}
