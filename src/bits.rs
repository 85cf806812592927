//! Bit streams: fields at any bit, least significant bit first (spec, chapter 1).

/// Zero bytes at the end of every stored stream, so that wide loads stay inside it.
pub const SLACK: u64 = 16;

/// Bytes that a stream of `bits` bits takes in the file; none if that overflows.
pub fn stream_len(bits: u128) -> Option<u64> {
    if bits == 0 {
        return Some(0);
    }
    u64::try_from(bits.div_ceil(8)).ok()?.checked_add(SLACK)
}

/// A mask of the `width` low bits, width 0 to 64.
#[inline(always)]
pub fn mask(width: u32) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (64 - width) }
}

/// The field of `width` (0 to 64) bits at bit `bit`. Bits beyond the slice read as zero.
#[inline(always)]
pub fn field(bytes: &[u8], bit: u64, width: u32) -> u64 {
    let at = (bit >> 3) as usize;
    let word = match bytes.get(at..).and_then(|b| b.first_chunk::<16>()) {
        Some(chunk) => u128::from_le_bytes(*chunk),
        None => tail_word(bytes, at),
    };
    (word >> (bit & 7)) as u64 & mask(width)
}

#[cold]
fn tail_word(bytes: &[u8], at: usize) -> u128 {
    // None where `at` is beyond the slice: `field` reads zero there, so that no place a file names can panic.
    let rest = bytes.get(at..).unwrap_or(&[]);
    let mut chunk = [0u8; 16];
    for (to, from) in chunk.iter_mut().zip(rest) {
        *to = *from;
    }
    u128::from_le_bytes(chunk)
}

/// Appends fields to a stream.
#[derive(Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    word: u64,
    used: u32,
    bits: u128,
}

impl BitWriter {
    /// A writer with room for `bits` bits.
    pub fn with_capacity(bits: u128) -> Self {
        let bytes = bits.div_ceil(8) as usize + SLACK as usize;
        Self { bytes: Vec::with_capacity(bytes + 8), ..Self::default() }
    }

    /// Appends the `width` (0 to 64) low bits of `value`; the bits above must be zero.
    #[inline(always)]
    pub fn push(&mut self, value: u64, width: u32) {
        debug_assert_eq!(value & !mask(width), 0);
        self.bits += u128::from(width);
        self.word |= value << self.used;
        let free = 64 - self.used;
        if width < free {
            self.used += width;
        } else {
            self.bytes.extend_from_slice(&self.word.to_le_bytes());
            self.word = if free == 64 { 0 } else { value >> free };
            if free == 64 {
                self.used = 0;
            } else {
                self.used = width - free;
            }
        }
    }

    /// Appends all bits of another writer.
    pub fn append(&mut self, other: &Self) {
        for word in other.bytes.as_chunks::<8>().0 {
            self.push(u64::from_le_bytes(*word), 64);
        }
        self.push(other.word, other.used);
    }

    /// Bits so far.
    pub fn bits(&self) -> u128 {
        self.bits
    }

    /// The stream as it is stored, slack included; empty if it has no bits.
    pub fn finish(mut self) -> Vec<u8> {
        if self.bits == 0 {
            return Vec::new();
        }
        self.bytes.extend_from_slice(&self.word.to_le_bytes());
        // As `stream_len`, which cannot overflow for bytes that are in memory.
        self.bytes.resize(self.bits.div_ceil(8) as usize + SLACK as usize, 0);
        self.bytes
    }
}

/// The bits of `value` at the positions of `mask`, packed together from bit 0 (pext).
#[inline(always)]
pub fn extract(value: u64, mask: u64) -> u64 {
    let (mut left, mut out, mut at) = (mask, 0u64, 0u32);
    while left != 0 {
        let start = left.trailing_zeros();
        let run = (!(left >> start)).trailing_zeros();
        out |= ((value >> start) & self::mask(run)) << at;
        at += run;
        left &= if start + run >= 64 { 0 } else { u64::MAX << (start + run) };
    }
    out
}

/// The low bits of `value` spread over the positions of `mask` (pdep).
#[inline(always)]
pub fn deposit(value: u64, mask: u64) -> u64 {
    let (mut left, mut out, mut at) = (mask, 0u64, 0u32);
    while left != 0 {
        let start = left.trailing_zeros();
        let run = (!(left >> start)).trailing_zeros();
        out |= ((value >> at) & self::mask(run)) << start;
        at += run;
        left &= if start + run >= 64 { 0 } else { u64::MAX << (start + run) };
    }
    out
}

/// Bits of a base id: ceil(log2 n_b).
pub fn id_bits(bases: u64) -> u32 {
    64 - bases.saturating_sub(1).leading_zeros()
}

/// The first number of a range that does not satisfy `before`.
pub(crate) fn partition_point(range: std::ops::Range<usize>, mut before: impl FnMut(usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// A little-endian number of at most 8 bytes.
pub(crate) fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_come_back(fields in proptest::collection::vec((any::<u64>(), 0u32..=64), 0..200)) {
            let mut writer = BitWriter::default();
            for &(value, width) in &fields {
                writer.push(value & mask(width), width);
            }
            let bits: u128 = fields.iter().map(|&(_, w)| u128::from(w)).sum();
            let bytes = writer.finish();
            prop_assert_eq!(bytes.len() as u64, stream_len(bits).unwrap_or(0));
            let mut at = 0;
            for &(value, width) in &fields {
                prop_assert_eq!(field(&bytes, at, width), value & mask(width));
                at += u64::from(width);
            }
        }

        #[test]
        fn writers_are_joined(
            fields in proptest::collection::vec((any::<u64>(), 0u32..=64), 0..100),
            split in 0usize..100,
        ) {
            let (mut whole, mut parts) = (BitWriter::default(), [BitWriter::default(), BitWriter::default()]);
            for (i, &(value, width)) in fields.iter().enumerate() {
                whole.push(value & mask(width), width);
                parts[usize::from(i >= split)].push(value & mask(width), width);
            }
            let [mut first, second] = parts;
            first.append(&second);
            prop_assert_eq!(first.bits(), whole.bits());
            prop_assert_eq!(first.finish(), whole.finish());
        }

        #[test]
        fn deposit_undoes_extract(value: u64, mask: u64) {
            let mut naive = 0;
            for (to, bit) in (0..64).filter(|b| mask >> b & 1 == 1).enumerate() {
                naive |= (value >> bit & 1) << to;
            }
            prop_assert_eq!(extract(value, mask), naive);
            prop_assert_eq!(deposit(naive, mask), value & mask);
        }
    }
}
