//! The identity of a file, held against its bytes; key-values.

use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::checksum::crc;
use crate::format::directory::Directory;
use crate::format::header::{FOOTER, Footer, HEADER};
use crate::format::identity::{Identity, IdentityHash};
use crate::format::sections::SectionKind;
use crate::read::open_tables::read_directory;
use crate::read::reader::Reader;

/// Bytes that are hashed at a time.
const STEP: u64 = 1 << 20;

/// A file as it was when it ended at some byte.
struct Ended {
    directory: Directory,
    /// The directory's bytes.
    bytes: Vec<u8>,
    /// The offset of the footer before, or 0.
    previous: u64,
}

impl<S: ByteSource> Reader<S> {
    /// Checks that the file has the identity that it names, and that it had so before each time that rows were appended.
    pub(super) fn check_identity(&self, progress: &mut impl FnMut(u64)) -> Result<()> {
        let mut all = vec![self.ended(self.file_length())?];
        while let Some(previous) = all.last().map(|ended| ended.previous).filter(|&previous| previous > 0) {
            let before =
                self.ended(previous + FOOTER).map_err(|e| e.at("the file before rows were appended"))?;
            all.push(before);
        }
        let mut before: Option<Identity> = None;
        for ended in all.iter().rev() {
            before = Some(self.identity_of(ended, before, progress)?);
        }
        Ok(())
    }

    /// The file as it was when it ended at `end`: its frame, checked.
    fn ended(&self, end: u64) -> Result<Ended> {
        let source = self.pages.source();
        let start = end.checked_sub(FOOTER).filter(|_| end <= self.file_length());
        let start = start.ok_or_else(|| Error::corrupt("footer: the one before it lies outside the file"))?;
        let footer = Footer::read(&source.bytes(start..end)?, &source.bytes(0..HEADER)?, end)?;
        let offset = footer.directory_offset.get();
        let directory_end = offset.checked_add(footer.directory_length.get()).filter(|&end| end <= start);
        let directory_end =
            directory_end.ok_or_else(|| Error::corrupt("directory: it lies outside the file"))?;
        let previous = footer.previous_footer.get();
        let follows =
            crate::format::align(directory_end) == start && offset >= previous.saturating_add(FOOTER);
        if !follows {
            return Err(Error::corrupt("directory: it does not end before the footer"));
        }
        let bytes = source.bytes(offset..directory_end)?.into_owned();
        if crc(&bytes) != footer.directory_crc.get() {
            return Err(Error::corrupt("directory: its checksum does not match"));
        }
        let directory = read_directory(&bytes, offset)?;
        directory.check_former(previous)?;
        Ok(Ended { directory, bytes, previous })
    }

    /// The identity of a file as it was, after that of what it was appended to; it must be the one that it names.
    fn identity_of(
        &self,
        ended: &Ended,
        before: Option<Identity>,
        progress: &mut impl FnMut(u64),
    ) -> Result<Identity> {
        let (source, none) = (self.pages.source(), || Error::corrupt("there is no identity"));
        let section = ended.directory.section(SectionKind::IDENTITY).ok_or_else(none)?;
        let (mut hash, mut at) = match before {
            Some(before) => (IdentityHash::after(before), ended.previous + FOOTER),
            None => (IdentityHash::new(), HEADER),
        };
        while at < section.offset {
            let next = section.offset.min(at + STEP);
            hash.update(&source.bytes(at..next)?);
            progress(next - at);
            at = next;
        }
        let found = hash.identity(ended.directory.identified(&ended.bytes)?);
        let named = source.bytes(section.offset..section.offset + section.length)?;
        if crc(&named) != section.crc {
            return Err(Error::corrupt("identity: its checksum does not match"));
        }
        let named = Identity::parse(&named)?;
        if found != named {
            return Err(Error::corrupt(format!("identity: the file is {found} and says {named}")));
        }
        Ok(found)
    }

    /// Checks that key-values can be read.
    pub(super) fn check_key_values(&self) -> Result<()> {
        self.each_key_value(|_, _| ())
    }
}
