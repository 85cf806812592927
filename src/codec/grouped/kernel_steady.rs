//! The kernels of bit-packed lanes: a field a row, rows a fixed number of bits apart.
//!
//! Eight rows are as many bytes as a row has bits, so that the places of eight fields within these bytes are the same all
//! along: they are worked out once, and a vector of eight fields is one load, one exchange of words, one shift.

use crate::bits::{field, mask};
use crate::codec::grouped::code_group::ONE_LOAD;

/// Rows side by side.
const ROWS: usize = 8;

/// Rows of a lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed {
    /// The bit of the first row's field.
    pub bit: u64,
    /// Bits from a row to the next, at most 64.
    pub stride: u64,
    /// Bits of a field.
    pub width: u32,
    /// Added to every field, modulo 2^64.
    pub low: u64,
}

impl Packed {
    /// The first bit of the fields of eight rows in the bytes that these begin in.
    fn bits(&self) -> [u64; ROWS] {
        std::array::from_fn(|row| self.bit % 8 + row as u64 * self.stride)
    }

    /// Times that eight rows can be read by loads of `reach` bytes, the first of which begin where the rows do.
    fn rounds(&self, data: &[u8], rows: usize, reach: usize) -> usize {
        let from = (self.bit / 8) as usize;
        let room = data.len().saturating_sub(from);
        if room < reach || self.stride == 0 {
            return 0;
        }
        (rows / ROWS).min((room - reach) / self.stride as usize + 1)
    }
}

/// Reads the fields of as many rows as `out` has. Bits beyond the data are 0.
pub(crate) fn unpack(data: &[u8], packed: Packed, out: &mut [u64]) {
    if packed.width == 0 {
        return out.fill(packed.low);
    }
    #[cfg(target_arch = "x86_64")]
    {
        use crate::processor::{has_avx2, has_avx512};
        if has_avx512() {
            // SAFETY: the processor has what the function needs.
            return unsafe { unpack_avx512(data, packed, out) };
        }
        if has_avx2() {
            // SAFETY: likewise.
            return unsafe { unpack_avx2(data, packed, out) };
        }
    }
    unpack_any(data, packed, out);
}

/// Reads rows one by one from a row on, which is the first of `out`.
fn unpack_rest(data: &[u8], packed: Packed, from: usize, out: &mut [u64]) {
    for (row, to) in (from as u64..).zip(&mut out[from..]) {
        let bits = field(data, packed.bit + row * packed.stride, packed.width);
        *to = packed.low.wrapping_add(bits);
    }
}

/// `unpack` for any processor.
pub(crate) fn unpack_any(data: &[u8], packed: Packed, out: &mut [u64]) {
    let (bits, mask) = (packed.bits(), mask(packed.width));
    let reach = (bits[ROWS - 1] / 8) as usize + 8;
    let rounds = if packed.width <= ONE_LOAD { packed.rounds(data, out.len(), reach) } else { 0 };
    let (from, stride) = ((packed.bit / 8) as usize, packed.stride as usize);
    let (places, shifts) = (bits.map(|bit| (bit / 8) as usize), bits.map(|bit| bit % 8));
    for (round, to) in out.as_chunks_mut::<ROWS>().0.iter_mut().take(rounds).enumerate() {
        let bytes = &data[from + round * stride..][..reach];
        for row in 0..ROWS {
            let word = bytes[places[row]..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
            to[row] = packed.low.wrapping_add(word >> shifts[row] & mask);
        }
    }
    unpack_rest(data, packed, rounds * ROWS, out);
}

/// `unpack` by vectors of four rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
pub(crate) fn unpack_avx2(data: &[u8], packed: Packed, out: &mut [u64]) {
    use std::arch::x86_64::{
        _mm256_add_epi64, _mm256_and_si256, _mm256_loadu_si256, _mm256_permutevar8x32_epi32,
        _mm256_set1_epi64x, _mm256_srlv_epi64, _mm256_storeu_si256,
    };
    const HALF: usize = ROWS / 2;
    let bits = packed.bits();
    // Where each half begins, and where its fields are from there on, in words of 32 bits: a field is in two of them.
    let starts = [bits[0] / 8, bits[HALF] / 8];
    let halves = starts.map(|start| 8 * start);
    let local: [u64; ROWS] = std::array::from_fn(|row| bits[row] - halves[row / HALF]);
    let shifts = local.map(|bit| bit % 32);
    let fits = shifts.iter().all(|shift| shift + u64::from(packed.width) <= 64);
    let rounds = if fits { packed.rounds(data, out.len(), starts[1] as usize + 32) } else { 0 };
    if rounds == 0 {
        return unpack_any(data, packed, out);
    }
    let words: [u32; 2 * ROWS] = std::array::from_fn(|i| (local[i / 2] / 32) as u32 + i as u32 % 2);
    let (low, mask) = (_mm256_set1_epi64x(packed.low as i64), _mm256_set1_epi64x(mask(packed.width) as i64));
    let (from, stride) = ((packed.bit / 8) as usize, packed.stride as usize);
    for (half, start) in starts.into_iter().enumerate() {
        // SAFETY: the arrays have 32 bytes from these places on.
        let (words, shifts) = unsafe {
            (
                _mm256_loadu_si256(words.as_ptr().add(half * ROWS).cast()),
                _mm256_loadu_si256(shifts.as_ptr().add(half * HALF).cast()),
            )
        };
        for (round, to) in out.as_chunks_mut::<ROWS>().0.iter_mut().take(rounds).enumerate() {
            // SAFETY: `rounds` are as many as have 32 bytes from the second half's start on; the halves of `to` are 32 bytes.
            unsafe {
                let bytes = data.as_ptr().add(from + round * stride + start as usize);
                let fields = _mm256_permutevar8x32_epi32(_mm256_loadu_si256(bytes.cast()), words);
                let fields = _mm256_and_si256(_mm256_srlv_epi64(fields, shifts), mask);
                _mm256_storeu_si256(to.as_mut_ptr().add(half * HALF).cast(), _mm256_add_epi64(fields, low));
            }
        }
    }
    unpack_rest(data, packed, rounds * ROWS, out);
}

/// `unpack` by vectors of eight rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
pub(crate) fn unpack_avx512(data: &[u8], packed: Packed, out: &mut [u64]) {
    use std::arch::x86_64::{
        _mm512_add_epi64, _mm512_and_si512, _mm512_loadu_si512, _mm512_permutexvar_epi32, _mm512_set1_epi64,
        _mm512_srlv_epi64, _mm512_storeu_si512,
    };
    let bits = packed.bits();
    let shifts = bits.map(|bit| bit % 32);
    let fits = shifts.iter().all(|shift| shift + u64::from(packed.width) <= 64);
    let rounds = if fits { packed.rounds(data, out.len(), 64) } else { 0 };
    if rounds == 0 {
        return unpack_any(data, packed, out);
    }
    // A field is in two words of 32 bits, the last of which is the fifteenth: 7 + 7 * 64 bits are before the last field.
    let words: [u32; 2 * ROWS] = std::array::from_fn(|i| (bits[i / 2] / 32) as u32 + i as u32 % 2);
    let (from, stride) = ((packed.bit / 8) as usize, packed.stride as usize);
    // SAFETY: the arrays have 64 bytes.
    let (words, shifts) =
        unsafe { (_mm512_loadu_si512(words.as_ptr().cast()), _mm512_loadu_si512(shifts.as_ptr().cast())) };
    let (low, mask) = (_mm512_set1_epi64(packed.low as i64), _mm512_set1_epi64(mask(packed.width) as i64));
    for (round, to) in out.as_chunks_mut::<ROWS>().0.iter_mut().take(rounds).enumerate() {
        // SAFETY: `rounds` are as many as have 64 bytes; so has `to`.
        unsafe {
            let bytes = _mm512_loadu_si512(data.as_ptr().add(from + round * stride).cast());
            let fields = _mm512_srlv_epi64(_mm512_permutexvar_epi32(words, bytes), shifts);
            let fields = _mm512_add_epi64(_mm512_and_si512(fields, mask), low);
            _mm512_storeu_si512(to.as_mut_ptr().cast(), fields);
        }
    }
    unpack_rest(data, packed, rounds * ROWS, out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Kernel<'a> = &'a dyn Fn(&[u8], Packed, &mut [u64]);

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn every_kernel_reads_the_same_fields(
            noise in proptest::collection::vec(any::<u8>(), 0..700),
            bit in 0u64..100,
            stride in 0u64..=64,
            width in 0u32..=64,
            low: u64,
            rows in 0usize..90,
        ) {
            let packed = Packed { bit, stride, width, low };
            let one = |row: u64| low.wrapping_add(field(&noise, bit + row * stride, width));
            let expected: Vec<u64> = (0..rows as u64).map(one).collect();
            let read = |kernel: Kernel| {
                let mut out = vec![7; rows];
                kernel(&noise, packed, &mut out);
                out
            };
            prop_assert_eq!(&read(&unpack), &expected);
            prop_assert_eq!(&read(&unpack_any), &expected);
            #[cfg(target_arch = "x86_64")]
            {
                if crate::processor::has_avx2() {
                    // SAFETY: the processor has what the function needs.
                    prop_assert_eq!(&read(&|data, packed, out| unsafe { unpack_avx2(data, packed, out) }), &expected);
                }
                if crate::processor::has_avx512() {
                    // SAFETY: likewise.
                    prop_assert_eq!(&read(&|data, packed, out| unsafe { unpack_avx512(data, packed, out) }), &expected);
                }
            }
        }
    }
}
