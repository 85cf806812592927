//! Makes the checksums of damaged bytes right again, so that what lies behind them is reached.

const PAGE: usize = 4096;

/// Repairs page checksums, levels, metadata checksums, and those of directory, header and footer, as far as the
/// structure can still be followed. What cannot be followed is left as it is.
pub fn repair(bytes: &mut [u8]) {
    let length = bytes.len();
    if length < 192 {
        return;
    }
    sum(bytes, 0..60, 60);
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
    let count = number(bytes, directory + 24, 4).min((end - directory - 64) / 32);
    let mut below = 0..number(bytes, directory + 16, 8);
    let mut last = None;
    for entry in (0..count).map(|i| directory + 64 + 32 * i) {
        let kind = number(bytes, entry, 4);
        let start = number(bytes, entry + 8, 8);
        let section = start..start.saturating_add(number(bytes, entry + 16, 8));
        if section.end > directory || section.start > section.end {
            continue;
        }
        if kind == 16 && below.end <= bytes.len() {
            let pages = below.step_by(PAGE).zip(section.clone().step_by(4));
            let end = below_end(bytes, directory, &last);
            for (page, at) in pages.filter(|(_, at)| at + 4 <= section.end) {
                let crc = crc32fast::hash(&bytes[page..end.min(page + PAGE)]);
                put(bytes, at, crc);
            }
            below = section.clone();
            last = Some((entry, section));
        } else if kind > 16 {
            let crc = crc32fast::hash(&bytes[section]);
            put(bytes, entry + 4, crc);
        }
    }
    if let Some((entry, section)) = last {
        let crc = crc32fast::hash(&bytes[section]);
        put(bytes, entry + 4, crc);
    }
}

/// Where the level that is being summed ends.
fn below_end(bytes: &[u8], directory: usize, last: &Option<(usize, std::ops::Range<usize>)>) -> usize {
    last.as_ref().map_or(number(bytes, directory + 16, 8), |(_, section)| section.end)
}

fn sum(bytes: &mut [u8], of: std::ops::Range<usize>, at: usize) {
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
