//! Mutations that keep the structure of an input.

use crate::repair::repair;
use libfuzzer_sys::fuzzer_mutate;

/// Mutates a few bytes of a gede file in place, so that what lies behind keeps its place; now and then anything. Then the
/// checksums are made right.
pub fn gede(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let size = in_place(data, size, max_size, seed as usize);
    repair(&mut data[..size]);
    size
}

/// The same of other files; every other time anything, and the checksums of a PNG file's chunks are made right.
pub fn other(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let seed = seed as usize;
    let size = match seed % 2 {
        0 => fuzzer_mutate(data, size, max_size),
        _ => in_place(data, size, max_size, seed / 2),
    };
    chunks(&mut data[..size]);
    size
}

fn in_place(data: &mut [u8], size: usize, max_size: usize, seed: usize) -> usize {
    if size < 64 || seed % 8 == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    // The tables that say where everything is are near the end.
    let near_end = seed / 8 % 2 == 0;
    let reach = if near_end { size.min(2048) } else { size };
    let at = (size - 1 - seed / 16 % reach) & !(seed / 16 % 8);
    let length = [1, 2, 4, 8, 16, 64][seed / 128 % 6].min(size - at);
    fuzzer_mutate(&mut data[at..at + length], length, length);
    size
}

fn chunks(png: &mut [u8]) {
    if !png.starts_with(b"\x89PNG\r\n\x1a\n") {
        return;
    }
    let mut at = 8;
    while let Some(length) = png.get(at..at + 4) {
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        let Some(end) = at.checked_add(8 + length).filter(|end| end + 4 <= png.len()) else { return };
        let sum = crc32fast::hash(&png[at + 4..end]);
        png[end..end + 4].copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}
