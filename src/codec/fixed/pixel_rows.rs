//! The decode kernel of images: all the fields of a record, a 64-bit word of lanes at a time.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::bits::{deposit, field};
use crate::codec::fixed::lane::Lane;
use crate::error::{Error, Result};

/// A bit string and the bit it begins at.
#[derive(Clone, Copy)]
pub(crate) struct Bits<'a> {
    pub data: &'a [u8],
    pub at: u64,
}

/// How the fields of a record are put side by side.
pub(crate) struct RowFields {
    words: Vec<Word>,
    /// Lanes a word: 8, 4 or 2.
    per_word: usize,
    /// The minimum of each lane, modulo 2^32.
    minima: Vec<u32>,
}

/// Which bits of a word are constant, from the base, from the record; and the minima, each modulo what its lane holds.
#[derive(Clone, Copy, Default)]
struct Word {
    constant: u64,
    base: u64,
    deviation: u64,
    minimum: u64,
}

impl RowFields {
    /// Plans a block's lanes, each at most 32 bits wide.
    ///
    /// # Errors
    /// `Corrupt` for a wider lane.
    pub fn new(lanes: &[Lane]) -> Result<Self> {
        let used = lanes.iter().fold(0, |all, l| all | l.constant | l.base_mask | l.deviation_mask);
        let slot: u32 = match used {
            0..=0xFF => 8,
            0x100..=0xFFFF => 16,
            0x1_0000..=0xFFFF_FFFF => 32,
            _ => return Err(Error::corrupt("a lane of an image is wider than 32 bits")),
        };
        let per_word = 64 / slot as usize;
        let word = |lanes: &[Lane]| {
            lanes.iter().rev().fold(Word::default(), |word, lane| Word {
                constant: word.constant << slot | lane.constant,
                base: word.base << slot | lane.base_mask,
                deviation: word.deviation << slot | lane.deviation_mask,
                minimum: word.minimum << slot | (lane.minimum & (u64::MAX >> (64 - slot))),
            })
        };
        let words = lanes.chunks(per_word).map(word).collect();
        Ok(Self { words, per_word, minima: lanes.iter().map(|l| l.minimum as u32).collect() })
    }

    /// Writes minimum plus field of each lane, modulo 2^8. `record` begins after the base id.
    pub fn bytes(&self, record: Bits, base: Bits, out: &mut [u8]) {
        if self.per_word != 8 {
            return self.decode(record, base, out, |value| value as u8);
        }
        #[cfg(target_arch = "x86_64")]
        if crate::processor::has_bits() {
            // SAFETY: the processor has what the function needs.
            return unsafe { self.bytes_bmi2(record, base, out) };
        }
        self.bytes_any(record, base, out, deposit);
    }

    /// `bytes` of lanes of 8 bits, for processors that deposit bits in one instruction.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn bytes_bmi2(&self, record: Bits, base: Bits, out: &mut [u8]) {
        self.bytes_any(record, base, out, |bits, mask| std::arch::x86_64::_pdep_u64(bits, mask));
    }

    #[inline(always)]
    fn bytes_any(&self, record: Bits, base: Bits, out: &mut [u8], deposit: impl Fn(u64, u64) -> u64) {
        let mut fields = Fields { record, base, deposit };
        let mut value = |word: &Word| sums(fields.next(word), word.minimum).to_le_bytes();
        let (whole, rest) = out.as_chunks_mut::<8>();
        let mut words = self.words.iter();
        for (out, word) in whole.iter_mut().zip(&mut words) {
            *out = value(word);
        }
        if let Some(word) = words.next() {
            rest.iter_mut().zip(value(word)).for_each(|(to, v)| *to = v);
        }
    }

    /// Writes minimum plus field of each lane, modulo 2^32. `record` begins after the base id.
    pub fn integers(&self, record: Bits, base: Bits, out: &mut [i32]) {
        self.decode(record, base, out, |value| value as i32);
    }

    fn decode<T>(&self, record: Bits, base: Bits, out: &mut [T], value: impl Fn(u32) -> T + Copy) {
        #[cfg(target_arch = "x86_64")]
        if crate::processor::has_bits() {
            // SAFETY: the processor has what the function needs.
            unsafe { self.decode_bmi2(record, base, out, value) };
            return;
        }
        self.decode_any(record, base, out, value, deposit);
    }

    /// `decode` for processors that deposit bits in one instruction.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    fn decode_bmi2<T>(&self, record: Bits, base: Bits, out: &mut [T], value: impl Fn(u32) -> T + Copy) {
        self.decode_any(record, base, out, value, |bits, mask| std::arch::x86_64::_pdep_u64(bits, mask));
    }

    #[inline(always)]
    fn decode_any<T>(
        &self,
        record: Bits,
        base: Bits,
        out: &mut [T],
        value: impl Fn(u32) -> T + Copy,
        deposit: impl Fn(u64, u64) -> u64 + Copy,
    ) {
        match self.per_word {
            8 => self.words::<T, 8>(record, base, out, value, deposit),
            4 => self.words::<T, 4>(record, base, out, value, deposit),
            _ => self.words::<T, 2>(record, base, out, value, deposit),
        }
    }

    #[inline(always)]
    fn words<T, const LANES: usize>(
        &self,
        record: Bits,
        base: Bits,
        out: &mut [T],
        value: impl Fn(u32) -> T,
        deposit: impl Fn(u64, u64) -> u64,
    ) {
        let slot = 64 / LANES as u32;
        let mut fields = Fields { record, base, deposit };
        let put = |fields: u64, out: &mut [T], minima: &[u32]| {
            for (i, (out, least)) in out.iter_mut().zip(minima).enumerate() {
                let bits = fields >> (i as u32 * slot) & (u64::MAX >> (64 - slot));
                *out = value(least.wrapping_add(bits as u32));
            }
        };
        let (whole, rest) = out.as_chunks_mut::<LANES>();
        let (minima, last) = self.minima.as_chunks::<LANES>();
        let mut words = self.words.iter();
        for ((out, minima), word) in whole.iter_mut().zip(minima).zip(&mut words) {
            put(fields.next(word), out, minima);
        }
        if let Some(word) = words.next() {
            put(fields.next(word), rest, last);
        }
    }
}

/// The fields of a record, word by word.
struct Fields<'a, D> {
    record: Bits<'a>,
    base: Bits<'a>,
    deposit: D,
}

impl<D: Fn(u64, u64) -> u64> Fields<'_, D> {
    #[inline(always)]
    fn next(&mut self, word: &Word) -> u64 {
        let next = |bits: &mut Bits, mask: u64| {
            // What lies above the bits that the mask takes is not deposited.
            let part = (self.deposit)(field(bits.data, bits.at, 64), mask);
            bits.at += u64::from(mask.count_ones());
            part
        };
        let fields = word.constant | next(&mut self.record, word.deviation);
        if word.base == 0 { fields } else { fields | next(&mut self.base, word.base) }
    }
}

/// The sums of eight bytes each, modulo 2^8.
#[inline(always)]
fn sums(a: u64, b: u64) -> u64 {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    ((a & LOW) + (b & LOW)) ^ ((a ^ b) & !LOW)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bits::{BitWriter, extract, mask};

    proptest! {
        #[test]
        fn portable_and_fast_kernels_agree_with_the_fields(
            rows in proptest::collection::vec((any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>()), 1..40),
            width in prop::sample::select(vec![8u32, 16, 32]),
        ) {
            let m = mask(width);
            let (mut record, mut base) = (BitWriter::default(), BitWriter::default());
            let mut lanes = Vec::new();
            let mut expected = Vec::new();
            for &(a, b, field, least) in &rows {
                let (a, b, field) = (u64::from(a) & m, u64::from(b) & m, u64::from(field) & m);
                let (deviation_mask, base_mask, constant) = (a & b, a & !b, !a & b);
                record.push(extract(field, deviation_mask), deviation_mask.count_ones());
                base.push(extract(field, base_mask), base_mask.count_ones());
                lanes.push(Lane { constant, base_mask, deviation_mask, minimum: least.into(), ..Lane::default() });
                expected.push(least.wrapping_add((field & a | constant) as u32) as i32);
            }
            let (record, base) = (record.finish(), base.finish());
            let (record, base) = (Bits { data: &record, at: 0 }, Bits { data: &base, at: 0 });
            let plan = RowFields::new(&lanes).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let mut integers = vec![0; lanes.len()];
            plan.integers(record, base, &mut integers);
            prop_assert_eq!(&integers, &expected);
            plan.decode_any(record, base, &mut integers, |v| !(v as i32), deposit);
            prop_assert!(integers.iter().zip(&expected).all(|(i, e)| !i == *e));
            let mut bytes = vec![0; lanes.len()];
            plan.bytes(record, base, &mut bytes);
            prop_assert!(bytes.iter().zip(&expected).all(|(b, e)| *b == *e as u8));
            if plan.per_word == 8 {
                bytes.fill(0);
                plan.bytes_any(record, base, &mut bytes, deposit);
                prop_assert!(bytes.iter().zip(&expected).all(|(b, e)| *b == *e as u8));
            }
        }
    }
}
