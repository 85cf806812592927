//! The name and version of the writer of a file (spec, chapter 2.7).

use crate::error::{Error, Result};

/// The name and version of this writer.
pub const CREATED_BY: &str = concat!("gede ", env!("CARGO_PKG_VERSION"));
/// Most bytes of a name and version.
const MOST: usize = 255;
const _: () = assert!(CREATED_BY.len() <= MOST);

/// The name and version that a section has.
///
/// # Errors
/// `Corrupt`.
pub fn parse(section: Vec<u8>) -> Result<String> {
    if section.len() > MOST {
        return Err(Error::corrupt(format!("created-by: it has more than {MOST} bytes")));
    }
    String::from_utf8(section).map_err(|_| Error::corrupt("created-by: it is not UTF-8"))
}
