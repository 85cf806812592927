//! The bytes of a gede file on their way to a new file: pieces at aligned places, and the checksums of its pages.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::files::file_system::FileSystem;
use crate::files::new_file::NewFile;
use crate::files::scratch_space::ScratchSpace;
use crate::format::checksum::PageSums;
use crate::format::identity::{Identity, IdentityHash};
use crate::format::{ALIGN, align};

/// A gede file under its temporary name; `commit` gives it its name.
pub(crate) struct Pending<'s> {
    out: BufWriter<NewFile<'s>>,
    /// Checksums of the pages so far, the header aside.
    sums: PageSums,
    hash: IdentityHash,
    at: u64,
}

impl<'s> Pending<'s> {
    /// Starts a file that will be `target`, with its header.
    pub fn create(
        file_system: &'s dyn FileSystem,
        target: &Path,
        overwrite: bool,
        header: &[u8],
    ) -> Result<Self> {
        let out = BufWriter::with_capacity(1 << 20, NewFile::create_in(file_system, target, overwrite)?);
        let mut pending = Self { out, sums: PageSums::new(0), hash: IdentityHash::new(), at: 0 };
        pending.write(header)?;
        (pending.sums, pending.hash) = (PageSums::new(pending.at), IdentityHash::new());
        Ok(pending)
    }

    /// The place for what does not fit into memory: the folder of the file, which must have room for it.
    pub fn scratch_space(&self) -> ScratchSpace<'s> {
        let file = self.out.get_ref();
        let (folder, target) = (file.folder().to_owned(), Some(file.named().to_owned()));
        ScratchSpace { file_system: file.file_system(), folder, target }
    }

    /// The offset of the next byte.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.out.write_all(bytes);
        written.map_err(|e| Error::io(self.out.get_ref().named().display(), e))?;
        self.sums.update(bytes);
        self.hash.update(bytes);
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
        std::mem::replace(&mut self.sums, PageSums::new(self.at)).finish()
    }

    /// The identity of a file of the bytes so far and the part of its directory that describes them.
    pub fn identity(&self, directory: &[u8]) -> Identity {
        self.hash.identity(directory)
    }

    /// Makes the bytes durable, checks them, then makes the name durable.
    pub fn commit(self, check: impl FnOnce(Box<dyn ByteSource>) -> Result<()>) -> Result<()> {
        let file = self.out.into_inner().map_err(|e| {
            let (error, out) = e.into_parts();
            let failed = Error::io(out.get_ref().named().display(), error);
            // The buffer is of no use any more, and a second attempt to write it may succeed by half.
            drop(out.into_parts());
            failed
        })?;
        file.commit_checked(|open| open().and_then(check))
    }
}
