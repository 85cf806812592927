//! The dictionary of frames as a reader uses it.

use std::fmt;

use zstd::zstd_safe::DDict;

use crate::error::{Error, Result};

/// How a dictionary of frames begins (RFC 8878, section 5).
const MAGIC: [u8; 4] = [0x37, 0xA4, 0x30, 0xEC];

/// A dictionary of frames, ready for decompressing.
pub(crate) struct FrameDictionary(DDict<'static>);

impl FrameDictionary {
    /// Memory that a dictionary takes beside its bytes, about: its tables.
    pub const TABLES: usize = 28 << 10;

    /// Reads a dictionary.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let own = if bytes.starts_with(&MAGIC) { DDict::try_create(bytes) } else { None };
        own.map(Self).ok_or_else(|| Error::corrupt("a dictionary of frames is none of Zstandard's"))
    }

    /// What zstd decompresses with.
    pub fn own(&self) -> &DDict<'static> {
        &self.0
    }
}

impl fmt::Debug for FrameDictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameDictionary").finish_non_exhaustive()
    }
}
