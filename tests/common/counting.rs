//! A source that counts what is asked of it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use gede::read::ByteSource;

/// Bytes in memory, and how many of them were asked for.
#[derive(Default)]
pub struct Counting {
    pub bytes: Vec<u8>,
    pub touched: AtomicU64,
    pub reads: AtomicU64,
}

impl Counting {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }
}

impl ByteSource for &Counting {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn bytes(&self, range: Range<u64>) -> gede::Result<Cow<'_, [u8]>> {
        self.touched.fetch_add(range.end - range.start, Relaxed);
        self.reads.fetch_add(1, Relaxed);
        self.bytes.as_slice().bytes(range).map(|b| Cow::Owned(b.into_owned()))
    }
}
