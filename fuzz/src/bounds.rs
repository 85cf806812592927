//! Bounds on the memory of an input.

use crate::allocation;

/// Rows that a target reads at most.
pub const ROWS: u64 = 2000;

/// Does `f` and sees to it that it allocates no more than four times the input and 16 MiB.
pub fn bounded(input: &[u8], f: impl FnOnce()) {
    within(4 * input.len() + (16 << 20), input, f);
}

/// Does `f` and sees to it that it allocates no more than `most` bytes.
pub fn within(most: usize, input: &[u8], f: impl FnOnce()) {
    let ((), peak) = allocation::peak(f);
    assert!(peak <= most, "{peak} bytes allocated for {}", input.len());
}
