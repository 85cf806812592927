//! Metadata sections that an open leaves where they are.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::checksum::crc;
use crate::format::key_values;
use crate::format::sections::SectionKind;
use crate::read::reader::Reader;

impl<S: ByteSource> Reader<S> {
    /// Key-value pairs that the file was written with: [`crate::write::Options::with_metadata`]. Those of an Arrow or
    /// Parquet file that it was made of are in its Arrow schema.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn metadata(&self) -> Result<BTreeMap<String, String>> {
        let mut pairs = BTreeMap::new();
        self.each_key_value(|key, value| drop(pairs.insert(key.to_owned(), value.to_owned())))?;
        Ok(pairs)
    }

    /// Calls `each` with every key-value pair.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub(crate) fn each_key_value(&self, each: impl FnMut(&str, &str)) -> Result<()> {
        let section = self.metadata_section(SectionKind::KEY_VALUES, "key-values")?;
        section.map_or(Ok(()), |bytes| key_values::each(&bytes, each))
    }

    /// A copy of the bytes of a metadata section, if there is one: what is checked in it stays so.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub(crate) fn metadata_section(&self, kind: SectionKind, what: &str) -> Result<Option<Vec<u8>>> {
        let Some(section) = self.directory.section(kind) else { return Ok(None) };
        let range = section.offset..section.offset + section.length; // the directory is checked
        let bytes = self.pages.source().bytes(range)?.into_owned();
        if crc(&bytes) != section.crc {
            return Err(Error::corrupt(format!("{what}: its checksum does not match")));
        }
        Ok(Some(bytes))
    }
}
