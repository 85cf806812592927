//! A file that is read and written at positions, from many threads at once.

use std::fs::File;
use std::io;

/// A file that is written where it is.
pub trait InPlace: Send {
    /// Writes all of `bytes` at an offset.
    ///
    /// # Errors
    /// The operating system's.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts off what follows a length.
    ///
    /// # Errors
    /// The operating system's.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Makes what was written durable.
    ///
    /// # Errors
    /// The operating system's.
    fn sync(&self) -> io::Result<()>;
}

/// The file. Unix has calls that take a position; elsewhere a lock guards the one that the file has.
#[derive(Debug)]
pub(crate) struct PositionedFile(#[cfg(unix)] File, #[cfg(not(unix))] std::sync::Mutex<File>);

#[cfg(unix)]
impl PositionedFile {
    pub fn new(file: File) -> Self {
        Self(file)
    }

    /// Fills `bytes` from an offset.
    pub fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, bytes, offset)
    }

    /// Writes all of `bytes` at an offset.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.0, bytes, offset)
    }

    fn with<T>(&self, call: impl FnOnce(&File) -> T) -> T {
        call(&self.0)
    }
}

#[cfg(not(unix))]
impl PositionedFile {
    pub fn new(file: File) -> Self {
        Self(std::sync::Mutex::new(file))
    }

    fn at(&self, offset: u64) -> io::Result<std::sync::MutexGuard<'_, File>> {
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        io::Seek::seek(&mut *file, io::SeekFrom::Start(offset))?;
        Ok(file)
    }

    /// Fills `bytes` from an offset.
    pub fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        io::Read::read_exact(&mut *self.at(offset)?, bytes)
    }

    /// Writes all of `bytes` at an offset.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        io::Write::write_all(&mut *self.at(offset)?, bytes)
    }

    fn with<T>(&self, call: impl FnOnce(&File) -> T) -> T {
        call(&self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl InPlace for PositionedFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_at(bytes, offset)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.with(|file| file.set_len(length))
    }

    fn sync(&self) -> io::Result<()> {
        self.with(File::sync_all)
    }
}
