//! Files without a name for what does not fit into memory, read and written at positions: a full disk is an error of a
//! write, where a page of a map that cannot be written ends the process.

use std::io;
use std::io::{Read, Write};
use std::path::Path;

use crate::files::positioned::PositionedFile;

/// A file that only its owner sees.
pub trait Scratch: Send + Sync {
    /// Fills `bytes` from an offset. They must end where something was written, or before; what was not reads as zeros.
    ///
    /// # Errors
    /// The operating system's.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at an offset.
    ///
    /// # Errors
    /// The operating system's.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
}

/// A scratch file of the machine, without a name.
pub(crate) struct ScratchFile(PositionedFile);

impl ScratchFile {
    pub fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self(PositionedFile::new(tempfile::tempfile_in(folder)?)))
    }
}

impl Scratch for ScratchFile {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }
}

/// A part of a scratch file, read or written from its start to its end.
pub(crate) struct Stream<'a> {
    scratch: &'a dyn Scratch,
    /// The next byte.
    at: u64,
    /// The end of what is read.
    end: u64,
}

impl<'a> Stream<'a> {
    pub fn reader(scratch: &'a dyn Scratch, part: std::ops::Range<u64>) -> Self {
        Self { scratch, at: part.start, end: part.end }
    }

    pub fn writer(scratch: &'a dyn Scratch, at: u64) -> Self {
        Self { scratch, at, end: at }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let length = (bytes.len() as u64).min(self.end - self.at) as usize;
        self.scratch.read_at(&mut bytes[..length], self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.scratch.write_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
