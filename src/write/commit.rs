//! The bytes of a gede file on their way to a new file, or behind those of one: pieces at aligned places, and the checksums
//! of its pages.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::files::appended_file::AppendedFile;
use crate::files::byte_source::ByteSource;
use crate::files::file_system::FileSystem;
use crate::files::new_file::NewFile;
use crate::files::scratch_space::ScratchSpace;
use crate::format::checksum::PageSums;
use crate::format::identity::{Identity, IdentityHash};
use crate::format::{ALIGN, align};

/// Bytes that name the end of a file, and their place in it; of no use to a new file.
pub(crate) type Mark = (u64, Vec<u8>);

/// The file that the bytes go to.
enum Out<'s> {
    /// A new file under its temporary name.
    New(NewFile<'s>),
    Appended(AppendedFile<'s>),
}

impl Out<'_> {
    fn named(&self) -> &Path {
        match self {
            Self::New(file) => file.named(),
            Self::Appended(file) => file.named(),
        }
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::New(file) => file.write(bytes),
            Self::Appended(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::New(file) => file.flush(),
            Self::Appended(file) => file.flush(),
        }
    }
}

/// A gede file that is not there yet, or as it is not yet; `commit` gives it its name, or names its end.
pub(crate) struct Pending<'s> {
    out: BufWriter<Out<'s>>,
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
        let out = Out::New(NewFile::create_in(file_system, target, overwrite)?);
        let out = BufWriter::with_capacity(1 << 20, out);
        let mut pending = Self { out, sums: PageSums::new(0), hash: IdentityHash::new(), at: 0 };
        pending.write(header)?;
        (pending.sums, pending.hash) = (PageSums::new(pending.at), IdentityHash::new());
        Ok(pending)
    }

    /// Goes on behind the end of a file: the checksums of its pages so far, and its identity, are known.
    pub fn resume(file: AppendedFile<'s>, at: u64, sums: PageSums, identity: Identity) -> Self {
        let out = BufWriter::with_capacity(1 << 20, Out::Appended(file));
        Self { out, sums, hash: IdentityHash::after(identity), at }
    }

    /// The place for what does not fit into memory: the folder of the file, which must have room for it.
    pub fn scratch_space(&self) -> ScratchSpace<'s> {
        let target = Some(self.out.get_ref().named().to_owned());
        let (folder, file_system) = match self.out.get_ref() {
            Out::New(file) => (file.folder(), file.file_system()),
            Out::Appended(file) => (file.folder(), file.file_system()),
        };
        ScratchSpace { file_system, folder: folder.to_owned(), target }
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

    /// Makes the bytes durable, checks them, then makes the name durable, or the mark that names the end of the file.
    pub fn commit(self, check: impl FnOnce(Box<dyn ByteSource>) -> Result<()>, mark: Mark) -> Result<()> {
        let file = self.out.into_inner().map_err(|e| {
            let (error, out) = e.into_parts();
            let failed = Error::io(out.get_ref().named().display(), error);
            // The buffer is of no use any more, and a second attempt to write it may succeed by half.
            drop(out.into_parts());
            failed
        })?;
        match file {
            Out::New(file) => file.commit_checked(|open| open().and_then(check)),
            Out::Appended(file) => file.commit(check, mark),
        }
    }
}
