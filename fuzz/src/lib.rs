//! What the fuzz targets share: mutations that get behind the checksums, and a bound on memory. Reading and
//! repairing are those of the tests.

use libfuzzer_sys::fuzzer_mutate;

#[path = "../../tests/common/allocation.rs"]
pub mod allocation;
#[path = "../../tests/common/memory.rs"]
pub mod memory;
#[path = "../../tests/common/read.rs"]
pub mod read;
#[path = "../../tests/common/repair.rs"]
mod repair;

/// Rows that a target reads at most.
pub const ROWS: u64 = 2000;

#[global_allocator]
static ALLOCATOR: allocation::Tracked = allocation::Tracked;

/// Mutates a few bytes in place, so that what lies behind keeps its place; now and then anything. Then the checksums
/// are made right.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let seed = seed as usize;
    let size = if size < 64 || seed % 8 == 0 {
        fuzzer_mutate(data, size, max_size)
    } else {
        // The tables that say where everything is are near the end.
        let near_end = seed / 8 % 2 == 0;
        let reach = if near_end { size.min(2048) } else { size };
        let at = (size - 1 - seed / 16 % reach) & !(seed / 16 % 8);
        let length = [1, 2, 4, 8, 16, 64][seed / 128 % 6].min(size - at);
        fuzzer_mutate(&mut data[at..at + length], length, length);
        size
    };
    repair::repair(&mut data[..size]);
    size
}

/// Does `f` and sees to it that it allocates no more than four times the input and 16 MiB.
pub fn bounded(input: &[u8], f: impl FnOnce()) {
    let ((), peak) = allocation::peak(f);
    assert!(peak <= 4 * input.len() + (16 << 20), "{peak} bytes allocated for {}", input.len());
}
