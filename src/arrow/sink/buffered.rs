//! The file that a writer of another crate writes to.

use std::io::BufWriter;

use crate::files::new_file::NewFile;

/// Bytes gathered before they are written.
pub(super) const BUFFER: usize = 1 << 18;

/// A new file behind a buffer.
pub(super) type File = BufWriter<NewFile<'static>>;
