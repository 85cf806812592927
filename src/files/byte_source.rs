//! Where the bytes of a file come from.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use crate::earned;
use crate::error::{Error, Result};
use crate::files::positioned::PositionedFile;

/// Supplies byte ranges of a file: a slice, a vector, `Bytes`, a memory map, a file, an object store.
pub trait ByteSource: Send + Sync {
    /// Length of the file in bytes.
    fn length(&self) -> u64;

    /// The bytes of a range: borrowed where they are in memory already.
    ///
    /// # Errors
    /// `Io` if they cannot be read, `Corrupt` if the range is not within the file.
    fn bytes(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>>;

    /// All bytes, where they are in memory.
    fn whole(&self) -> Option<&[u8]> {
        None
    }
}

fn outside(range: &Range<u64>) -> Error {
    Error::corrupt(format!("bytes {} to {} lie outside the file", range.start, range.end))
}

impl<B: AsRef<[u8]> + Send + Sync> ByteSource for B {
    fn length(&self) -> u64 {
        self.as_ref().len() as u64
    }

    fn bytes(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let places = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let bytes = places.and_then(|(start, end)| self.as_ref().get(start..end));
        bytes.map(Cow::Borrowed).ok_or_else(|| outside(&range))
    }

    fn whole(&self) -> Option<&[u8]> {
        Some(self.as_ref())
    }
}

impl ByteSource for Box<dyn ByteSource> {
    fn length(&self) -> u64 {
        self.as_ref().length()
    }

    fn bytes(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        self.as_ref().bytes(range)
    }

    fn whole(&self) -> Option<&[u8]> {
        self.as_ref().whole()
    }
}

/// A file read at positions: safe whatever happens to the file meanwhile.
#[derive(Debug)]
pub struct FileSource {
    file: PositionedFile,
    length: u64,
}

impl FileSource {
    /// Opens a file.
    ///
    /// # Errors
    /// `Io`.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, length) = open(path)?;
        Ok(Self { file: PositionedFile::new(file), length })
    }
}

/// Opens a regular file and returns its length.
pub(crate) fn open(path: &Path) -> Result<(File, u64)> {
    let failed = |e| Error::io(path.display(), e);
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::argument(format!("{}: not a file", path.display())));
    }
    Ok((file, metadata.len()))
}

impl ByteSource for FileSource {
    fn length(&self) -> u64 {
        self.length
    }

    fn bytes(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let length = range.end.checked_sub(range.start).filter(|_| range.end <= self.length);
        let length = length.and_then(|l| usize::try_from(l).ok()).ok_or_else(|| outside(&range))?;
        let mut bytes = Vec::new();
        earned::resize(&mut bytes, length, 0)?;
        self.file
            .read_at(&mut bytes, range.start)
            .map_err(|e| Error::io(format!("reading bytes {} to {}", range.start, range.end), e))?;
        Ok(Cow::Owned(bytes))
    }
}
