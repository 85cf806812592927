//! The bits of one block turned sideways: one string of rows a bit position.

use crate::codec::fixed::entropy::skew;

/// The bit planes of one block. Positions are numbered lane by lane, within a lane from its least
/// significant bit; the plane of a position has one bit a row, row `i` in bit `i % 64` of word
/// `i / 64`, and zeros after the last row.
#[derive(Clone, Debug, Default)]
pub struct BitPlanes {
    rows: usize,
    stride: usize,
    words: Vec<u64>,
    ones: Vec<u64>,
}

impl BitPlanes {
    /// No lanes yet, of a block of `rows` rows, fewer than 2^32.
    pub fn new(rows: usize) -> Self {
        Self { rows, stride: rows.div_ceil(64), words: Vec::new(), ones: Vec::new() }
    }

    /// Adds a lane of `width` bits: one value a row, each less than `2^width` (higher bits are
    /// ignored, missing rows are zero).
    pub fn push_lane(&mut self, width: u8, values: &[u64]) {
        debug_assert!(width <= 64 && values.len() == self.rows, "a lane of {} values", values.len());
        let first = self.ones.len();
        let width = usize::from(width.min(64));
        self.words.resize((first + width) * self.stride, 0);
        if self.stride > 0 {
            let planes = &mut self.words[first * self.stride..];
            match width {
                0..=8 => fill::<8>(planes, self.stride, values),
                9..=16 => fill::<16>(planes, self.stride, values),
                17..=32 => fill::<32>(planes, self.stride, values),
                _ => fill::<64>(planes, self.stride, values),
            }
        }
        for position in first..first + width {
            let ones = self.plane(position).iter().map(|word| u64::from(word.count_ones())).sum();
            self.ones.push(ones);
        }
    }

    /// Rows of the block.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bit positions, `l_t` of the paper.
    pub fn len(&self) -> usize {
        self.ones.len()
    }

    /// Rows whose bit at a position (below [`len`](Self::len)) is 1.
    pub fn ones(&self, position: usize) -> u64 {
        self.ones[position]
    }

    /// The bits of a position (below [`len`](Self::len)), one a row.
    pub fn plane(&self, position: usize) -> &[u64] {
        &self.words[position * self.stride..(position + 1) * self.stride]
    }

    /// The non-constant positions by increasing entropy, ties by position.
    pub fn by_entropy(&self) -> Vec<usize> {
        let rows = self.rows as u64;
        let mut varying: Vec<usize> = (0..self.len()).filter(|&p| skew(self.ones[p], rows) > 0).collect();
        varying.sort_by_key(|&position| skew(self.ones[position], rows));
        varying
    }
}

/// Transposes lanes of at most `W` bits, 64 rows at a time: `64 / W` rows side by side in a word make
/// `W` words, and `log2 W` rounds of swaps turn them into one word a plane.
fn fill<const W: usize>(planes: &mut [u64], stride: usize, values: &[u64]) {
    for (word, rows) in values.chunks(64).enumerate().take(stride) {
        let mut block = [0u64; W];
        let low = if W == 64 { u64::MAX } else { (1 << W) - 1 };
        for (part, side) in rows.chunks(W).enumerate() {
            for (packed, value) in block.iter_mut().zip(side) {
                *packed |= (value & low) << (part * W % 64);
            }
        }
        transpose(&mut block);
        for (plane, bits) in planes.chunks_exact_mut(stride).zip(block) {
            plane[word] = bits;
        }
    }
}

/// Transposes each of the `64 / W` square bit matrices stored side by side in `W` words.
fn transpose<const W: usize>(block: &mut [u64; W]) {
    let mut step = W / 2;
    while step > 0 {
        let mask = u64::MAX / ((1 << step) + 1);
        for pair in block.chunks_exact_mut(2 * step) {
            let (low, high) = pair.split_at_mut(step);
            for (a, b) in low.iter_mut().zip(high) {
                let swap = ((*a >> step) ^ *b) & mask;
                *b ^= swap;
                *a ^= swap << step;
            }
        }
        step /= 2;
    }
}
