//! A file whose reads are counted.

use gede::Result;
use gede::read::{ByteSource, FileSource};
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub struct Counted {
    file: FileSource,
    count: Count,
}

/// Bytes read so far.
#[derive(Clone, Default)]
pub struct Count(Arc<AtomicU64>);

impl Count {
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counted {
    pub fn open(path: &Path) -> Result<(Self, Count)> {
        let count = Count::default();
        Ok((Self { file: FileSource::open(path)?, count: count.clone() }, count))
    }
}

impl ByteSource for Counted {
    fn length(&self) -> u64 {
        self.file.length()
    }

    fn bytes(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let bytes = self.file.bytes(range)?;
        self.count.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}
