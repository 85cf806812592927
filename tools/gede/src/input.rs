//! The gede files that commands read: through a memory map, or at positions with `--no-map`.

use crate::commands::append::unfinished;
use crate::output::complain;
use crate::signals::MappedName;
use gede::read::{ByteSource, FileSource};
use gede::{Error, ErrorKind, Reader, Result};
use memmap2::Mmap;
use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The choice of `--no-map`, which holds for all files of a command.
static POSITIONED: AtomicBool = AtomicBool::new(false);

/// Lets all files be read at positions.
pub fn read_at_positions() {
    POSITIONED.store(true, Ordering::Relaxed);
}

/// The bytes of a file.
pub enum Input {
    Positioned(FileSource),
    Mapped(Mapped),
}

/// A map that the handler of faults knows.
pub struct Mapped {
    /// Dropped before the map: another one may take its place.
    _name: MappedName,
    map: Mmap,
}

/// Opens a gede file.
pub fn open(path: &Path) -> Result<Reader<Input>> {
    let input = if POSITIONED.load(Ordering::Relaxed) {
        Input::Positioned(FileSource::open(path)?)
    } else {
        Input::Mapped(Mapped::open(path)?)
    };
    let reader = Reader::new(input).map_err(|e| e.at(path.display()))?;
    if reader.unfinished_bytes() > 0 {
        complain("gede", &unfinished(path, reader.unfinished_bytes()));
    }
    Ok(reader)
}

impl Mapped {
    fn open(path: &Path) -> Result<Self> {
        let failed = |e| Error::io(path.display(), e);
        let file = File::open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(Error::new(ErrorKind::Argument, format!("{}: not a file", path.display())));
        }
        // SAFETY: gede writes into a file that is there only behind the end of its table and in the places of its header, which
        // a reader copies, and cuts off only what no reader looks at. If another program does more meanwhile, this process may
        // end with a message (`signals`), or report values that were never in the file.
        let map = unsafe { Mmap::map(&file) }.map_err(failed)?;
        Ok(Self { _name: MappedName::new(map.as_ptr_range(), path), map })
    }
}

impl ByteSource for Input {
    fn length(&self) -> u64 {
        match self {
            Self::Positioned(file) => file.length(),
            Self::Mapped(mapped) => mapped.map.len() as u64,
        }
    }

    fn bytes(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        match self {
            Self::Positioned(file) => file.bytes(range),
            Self::Mapped(mapped) => ByteSource::bytes(&mapped.map, range),
        }
    }

    fn whole(&self) -> Option<&[u8]> {
        match self {
            Self::Positioned(_) => None,
            Self::Mapped(mapped) => Some(&mapped.map),
        }
    }
}
