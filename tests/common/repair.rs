//! Makes the checksums of damaged bytes right again, so that what lies behind them is reached.

use std::ops::Range;

use sha2::{Digest, Sha256};

const PAGE: usize = 4096;

/// Repairs checksums as `repair_checksums` does, and then the identity.
pub fn repair(bytes: &mut [u8]) {
    repair_checksums(bytes);
    let Some((section, entry, directory)) = identity(bytes) else { return };
    let hash = Sha256::new().chain_update(&bytes[64..section.start]);
    let hash = hash.chain_update(&bytes[directory..entry]).finalize();
    bytes[section].copy_from_slice(&hash);
    repair_checksums(bytes);
}

/// The section of the identity, where its entry is, and where the directory is.
fn identity(bytes: &[u8]) -> Option<(Range<usize>, usize, usize)> {
    let footer = bytes.len().checked_sub(64)?;
    let (directory, length) = (number(bytes, footer + 8, 8), number(bytes, footer + 16, 8));
    let end = directory.checked_add(length).filter(|&end| length >= 64 && end <= footer)?;
    let mut entries = entries(bytes, directory, end);
    let entry = entries.find(|&entry| number(bytes, entry, 2) == 37)?;
    let start = number(bytes, entry + 16, 8);
    let section = start..start.checked_add(32)?;
    (start >= 64 && section.end <= directory).then_some((section, entry, directory))
}

/// The places of the entries of sections that lie in the directory.
fn entries(bytes: &[u8], directory: usize, end: usize) -> impl Iterator<Item = usize> + use<> {
    // Features and tables lie before the sections.
    let before = [(16, 28), (20, 30)].map(|(count, stride)| {
        number(bytes, directory + count, 4).saturating_mul(number(bytes, directory + stride, 2))
    });
    let first = before.iter().fold(number(bytes, directory, 4), |sum, &n| sum.saturating_add(n));
    let (count, stride) = (number(bytes, directory + 24, 4), number(bytes, directory + 32, 2).max(32));
    let entries =
        (0..count).map(move |i| directory.saturating_add(first).saturating_add(stride.saturating_mul(i)));
    entries.take_while(move |&entry| entry.saturating_add(stride) <= end)
}

/// Repairs page checksums, levels, metadata checksums, and those of directory, header and footer, as far as the
/// structure can still be followed. What cannot be followed is left as it is.
pub fn repair_checksums(bytes: &mut [u8]) {
    let length = bytes.len();
    if length < 192 {
        return;
    }
    sum(bytes, 0..28, 28);
    let footer = length - 64;
    let directory = number(bytes, footer + 8, 8)
        ..number(bytes, footer + 8, 8).saturating_add(number(bytes, footer + 16, 8));
    if directory.end <= footer && directory.len() >= 64 {
        repair_sections(bytes, directory.start, directory.end);
        let crc = crc32fast::hash(&bytes[directory]);
        put(bytes, footer + 32, crc);
    }
    sum(bytes, footer..footer + 52, footer + 52);
}

fn repair_sections(bytes: &mut [u8], directory: usize, end: usize) {
    let mut below = 64..number(bytes, directory + 8, 8);
    let mut last = None;
    for entry in entries(bytes, directory, end) {
        let place = bytes[entry + 2];
        let start = number(bytes, entry + 16, 8);
        let section = start..start.saturating_add(number(bytes, entry + 24, 8));
        if section.end > directory || section.start > section.end {
            continue;
        }
        if place == 1 && below.start <= below.end && below.end <= bytes.len() {
            // Pages of the file begin where its offset is a multiple of their size, those of a level at its start.
            let base = if last.is_none() { 0 } else { below.start };
            let pages = (base..below.end.max(base + 1)).step_by(PAGE).zip(section.clone().step_by(4));
            for (page, at) in pages.filter(|(_, at)| at + 4 <= section.end) {
                let crc = crc32fast::hash(&bytes[below.start.max(page)..below.end.min(page + PAGE)]);
                put(bytes, at, crc);
            }
            below = section.clone();
            last = Some((entry, section));
        } else if place == 2 {
            let crc = crc32fast::hash(&bytes[section]);
            put(bytes, entry + 12, crc);
        }
    }
    if let Some((entry, section)) = last {
        let crc = crc32fast::hash(&bytes[section]);
        put(bytes, entry + 12, crc);
    }
}

fn sum(bytes: &mut [u8], of: Range<usize>, at: usize) {
    let crc = crc32fast::hash(&bytes[of]);
    put(bytes, at, crc);
}

fn put(bytes: &mut [u8], at: usize, crc: u32) {
    bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
}

/// A little-endian number of up to 8 bytes; what does not fit is the largest there is.
fn number(bytes: &[u8], at: usize, width: usize) -> usize {
    let bytes = bytes[at..at + width].iter().rev().fold(0u64, |n, &b| n << 8 | u64::from(b));
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
