//! CRC-32 over pages, and over the pages of the list of them, and so on (spec, chapter 2.5).

/// Bytes of a page.
pub const PAGE: usize = 4096;
/// Checksums in a page of a checksum level.
const FAN: u64 = PAGE as u64 / 4;

/// CRC-32 (IEEE) of some bytes.
pub fn crc(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// The lengths of the checksum levels over `bulk_end` bytes, from level 1 up.
pub struct Levels;

impl Levels {
    /// Bytes of each level: level 1 lists the pages of the file, each further one those of the level
    /// below, until one page holds it all.
    pub fn lengths(bulk_end: u64) -> Vec<u64> {
        let mut lengths = Vec::new();
        let mut below = bulk_end;
        loop {
            let length = below.div_ceil(PAGE as u64).saturating_mul(4);
            lengths.push(length);
            if length <= PAGE as u64 {
                return lengths;
            }
            below = length;
        }
    }

    /// The page of the level above that holds the checksum of page `page`, and its byte there.
    pub fn parent(page: u64) -> (u64, usize) {
        (page / FAN, (page % FAN) as usize * 4)
    }
}

/// Sums pages as bytes stream by.
pub struct PageSums {
    page: crc32fast::Hasher,
    filled: usize,
    sums: Vec<u8>,
}

impl PageSums {
    /// Sums of the bytes from an offset of the file on: the first page is what is left of the page there.
    pub fn new(start: u64) -> Self {
        let filled = (start % PAGE as u64) as usize;
        Self { page: crc32fast::Hasher::new(), filled, sums: Vec::new() }
    }

    /// The sums of the pages before an offset, a page's start, to be followed by those of the bytes from there on.
    pub fn resume(sums: Vec<u8>, start: u64) -> Self {
        Self { sums, ..Self::new(start) }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PAGE - self.filled));
            self.page.update(now);
            self.filled += now.len();
            bytes = later;
            if self.filled == PAGE {
                self.close();
            }
        }
    }

    /// The list of the pages' checksums.
    pub fn finish(mut self) -> Vec<u8> {
        if self.filled > 0 {
            self.close();
        }
        self.sums
    }

    fn close(&mut self) {
        let page = std::mem::take(&mut self.page);
        self.sums.extend_from_slice(&page.finalize().to_le_bytes());
        self.filled = 0;
    }
}
