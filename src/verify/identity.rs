//! The identity of a file, held against its bytes; key-values.

use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::header::HEADER;
use crate::format::identity::IdentityHash;
use crate::format::sections::SectionKind;
use crate::read::reader::Reader;

/// Bytes that are hashed at a time.
const STEP: u64 = 1 << 20;

impl<S: ByteSource> Reader<S> {
    /// Checks that the file has the identity that it names.
    pub(super) fn check_identity(&self, progress: &mut impl FnMut(u64)) -> Result<()> {
        let section = self.directory.section(SectionKind::IDENTITY);
        let end = section.ok_or_else(|| Error::corrupt("there is no identity"))?.offset;
        let (source, mut hash, mut at) = (self.pages.source(), IdentityHash::new(), HEADER);
        while at < end {
            let next = end.min(at + STEP);
            hash.update(&source.bytes(at..next)?);
            progress(next - at);
            at = next;
        }
        let start = self.footer.directory_offset.get();
        let directory = source.bytes(start..start + self.footer.directory_length.get())?;
        let (found, named) = (hash.identity(self.directory.identified(&directory)?), self.identity());
        if found != named {
            return Err(Error::corrupt(format!("identity: the file is {found} and says {named}")));
        }
        Ok(())
    }

    /// Checks that key-values can be read.
    pub(super) fn check_key_values(&self) -> Result<()> {
        self.each_key_value(|_, _| ())
    }
}
