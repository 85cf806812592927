//! The kernels of a lane alone with base ids: a mini-block at a time.
//!
//! Anchors say where each mini-block begins, so that none waits for the one before. The ids of eight rows are one load and
//! one deposit to eight bytes; a shuffle makes these the widths of the deviations; a product by 0x0101.. adds widths up to
//! where each deviation begins. Deviations of 8 times 31 bits are one load of 64 bytes, or two of 32.

use crate::bits::{field, mask};
use crate::codec::grouped::lone_lane::{Lone, NO_BASE, ROWS};

/// A one in every byte: the product with it has in each byte the sum of the bytes up to there.
const ONES: u64 = 0x0101_0101_0101_0101;

/// A mini-block.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spot {
    /// Its first bit in the data.
    pub at: u64,
    /// The minimum of its frame.
    pub minimum: u64,
    /// Its place in the frame.
    pub line: usize,
}

/// Where rows of a lone lane are. Memory is used again.
#[derive(Default)]
pub(crate) struct LoneSpots {
    pub spots: Vec<Spot>,
    /// Of rows in any order: the row of each spot's mini-block.
    pub rows: Vec<u8>,
}

/// Mini-blocks of a block whose fields are wanted.
#[derive(Clone, Copy)]
pub(crate) struct LoneRows<'a> {
    pub lane: &'a Lone,
    pub data: &'a [u8],
    /// The bit of the data that no deviation reaches beyond.
    pub end: u64,
}

/// What a kernel saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// False if an id names no base, or a mini-block does not end within the data.
    pub fits: bool,
    /// All bits of the sums of least fields and deviations.
    pub sums: u64,
}

impl Seen {
    /// Of no rows.
    pub const NONE: Self = Self { fits: true, sums: 0 };
}

/// Where the decoded rows go.
pub(crate) enum Target<'a> {
    /// All rows of each mini-block.
    All(&'a mut [[u64; ROWS]]),
    /// One row of each, and which.
    One(&'a [u8], &'a mut [u64]),
}

/// Reads mini-blocks of eight rows each.
pub(crate) fn decode(rows: LoneRows, spots: &[Spot], target: Target) -> Seen {
    #[cfg(target_arch = "x86_64")]
    {
        use crate::processor::{has_avx512, has_bits};
        if has_avx512() && has_bits() {
            // SAFETY: the processor has what the function needs.
            return unsafe { x86::decode_avx512(rows, spots, target) };
        }
        if has_bits() {
            // SAFETY: likewise.
            return unsafe { x86::decode_avx2(rows, spots, target) };
        }
    }
    decode_any(rows, spots, target)
}

/// Writes what `one` reads of each mini-block to where it goes.
#[inline(always)]
fn each(spots: &[Spot], target: Target, mut one: impl FnMut(Spot, &mut [u64; ROWS])) {
    match target {
        Target::All(out) => spots.iter().zip(out).for_each(|(&spot, out)| one(spot, out)),
        Target::One(rows, out) => {
            let mut all = [0; ROWS];
            for ((&spot, &row), out) in spots.iter().zip(rows).zip(out) {
                one(spot, &mut all);
                *out = all[usize::from(row) % ROWS];
            }
        }
    }
}

/// `decode` for any processor.
pub(crate) fn decode_any(rows: LoneRows, spots: &[Spot], target: Target) -> Seen {
    let mut seen = Seen::NONE;
    each(spots, target, |spot, out| decode_rows(rows, spot, out, &mut seen));
    seen
}

/// Reads a mini-block of as many rows as `out` has, at most eight.
pub(crate) fn decode_rows(rows: LoneRows, spot: Spot, out: &mut [u64], seen: &mut Seen) {
    let LoneRows { lane, data, end } = rows;
    let ids = field(data, spot.at, out.len() as u32 * lane.id_bits);
    let mut next = spot.at.saturating_add(out.len() as u64 * u64::from(lane.id_bits));
    let line = &lane.lines[spot.line];
    for (row, (out, line)) in out.iter_mut().zip(line).enumerate() {
        let id = (ids >> (row as u32 * lane.id_bits) & mask(lane.id_bits)) as usize;
        let width = lane.widths[id];
        if width == NO_BASE {
            seen.fits = false;
            return;
        }
        let sum = lane.lows[id].wrapping_add(field(data, next, width.into()));
        next = next.saturating_add(width.into());
        seen.sums |= sum;
        *out = sum.wrapping_add(spot.minimum).wrapping_add(*line) & lane.mask;
    }
    seen.fits &= next <= end;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, __m256i, __m512i, _mm_cvtsi32_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_loadu_si128,
        _mm_shuffle_epi8, _mm256_add_epi64, _mm256_and_si256, _mm256_andnot_si256, _mm256_cvtepu8_epi64,
        _mm256_i64gather_epi64, _mm256_loadu_si256, _mm256_or_si256, _mm256_permutevar8x32_epi32,
        _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_slli_epi64, _mm256_sllv_epi64, _mm256_srli_epi64,
        _mm256_srlv_epi64, _mm256_storeu_si256, _mm512_add_epi64, _mm512_and_si512, _mm512_andnot_si512,
        _mm512_castsi512_si256, _mm512_cvtepu8_epi64, _mm512_extracti64x4_epi64, _mm512_loadu_si512,
        _mm512_or_si512, _mm512_permutex2var_epi64, _mm512_permutexvar_epi32, _mm512_set1_epi64,
        _mm512_setzero_si512, _mm512_slli_epi64, _mm512_sllv_epi64, _mm512_srli_epi64, _mm512_srlv_epi64,
        _mm512_storeu_si512, _pdep_u64,
    };

    use super::{LoneRows, ONES, ROWS, Seen, Spot, Target, decode_rows, each};
    use crate::bits::mask;
    use crate::codec::grouped::lone_lane::NO_BASE;

    /// Bytes of the loads from where deviations begin on.
    const REACH: usize = 64;
    /// The highest bit of every byte.
    const TOPS: u64 = NO_BASE as u64 * ONES;

    /// The ids of eight rows, and their deviations: a byte a row.
    struct Bytes {
        ids: __m128i,
        widths: u64,
        /// Bits of the deviations before that of a row.
        sums: u64,
        /// The first bit of the deviations in the data.
        next: u64,
    }

    /// What is looked up for all mini-blocks.
    struct Head {
        widths: __m128i,
        /// The bits of each byte that an id has.
        deposit: u64,
        id_bits: u64,
    }

    impl Head {
        #[target_feature(enable = "avx2,bmi1,bmi2")]
        fn new(rows: &LoneRows) -> Self {
            // SAFETY: the array has 16 bytes.
            let widths = unsafe { _mm_loadu_si128(rows.lane.widths.as_ptr().cast()) };
            let id_bits = rows.lane.id_bits;
            Self { widths, deposit: mask(id_bits) * ONES, id_bits: id_bits.into() }
        }

        /// The ids of a mini-block; none if what kernels load from it on is not all there, or an id names no base.
        #[inline]
        #[target_feature(enable = "avx2,bmi1,bmi2")]
        fn read(&self, rows: &LoneRows, spot: Spot) -> Option<Bytes> {
            let byte = (spot.at >> 3) as usize;
            // Ids begin at most 5 bytes before the deviations: 8 times 4 bits.
            let bytes = rows.data.get(byte..)?.get(..REACH + 8)?;
            let word = u64::from_le_bytes(*bytes.first_chunk()?) >> (spot.at & 7);
            let ids = _mm_cvtsi64_si128(_pdep_u64(word, self.deposit) as i64);
            let widths = _mm_cvtsi128_si64(_mm_shuffle_epi8(self.widths, ids)) as u64;
            let sums = widths.wrapping_mul(ONES);
            let next = spot.at + ROWS as u64 * self.id_bits;
            let fits = widths & TOPS == 0 && next + (sums >> 56) <= rows.end;
            fits.then_some(Bytes { ids, widths, sums: sums << 8, next })
        }
    }

    /// `decode` by vectors of eight rows.
    #[target_feature(enable = "avx512f,avx2,bmi1,bmi2")]
    pub fn decode_avx512(rows: LoneRows, spots: &[Spot], target: Target) -> Seen {
        let head = Head::new(&rows);
        let mut seen = Seen::NONE;
        // SAFETY: the array has 128 bytes.
        let lows = unsafe {
            let lows = rows.lane.lows.as_ptr();
            [_mm512_loadu_si512(lows.cast()), _mm512_loadu_si512(lows.add(ROWS).cast())]
        };
        let ones = _mm512_set1_epi64(-1);
        let most = _mm512_set1_epi64(rows.lane.mask as i64);
        let (bit, pair) = (_mm512_set1_epi64(31), _mm512_set1_epi64(1 << 32));
        let mut all = _mm512_setzero_si512();
        each(spots, target, |spot, out| {
            let Some(found) = head.read(&rows, spot) else { return decode_rows(rows, spot, out, &mut seen) };
            // SAFETY: `read` found 64 bytes from there on; the others are arrays of 64 bytes.
            let (data, line) = unsafe {
                (
                    _mm512_loadu_si512(rows.data.as_ptr().add((found.next >> 3) as usize).cast()),
                    _mm512_loadu_si512(rows.lane.lines[spot.line].as_ptr().cast()),
                )
            };
            let spread = |bytes: u64| _mm512_cvtepu8_epi64(_mm_cvtsi64_si128(bytes as i64));
            let bits = _mm512_add_epi64(spread(found.sums), _mm512_set1_epi64((found.next & 7) as i64));
            // A deviation is in two words of 32 bits: that of its first bit, and the next.
            let words = _mm512_srli_epi64::<5>(bits);
            let words = _mm512_add_epi64(_mm512_or_si512(words, _mm512_slli_epi64::<32>(words)), pair);
            let fields =
                _mm512_srlv_epi64(_mm512_permutexvar_epi32(words, data), _mm512_and_si512(bits, bit));
            let fields = _mm512_andnot_si512(_mm512_sllv_epi64(ones, spread(found.widths)), fields);
            let low = _mm512_permutex2var_epi64(lows[0], _mm512_cvtepu8_epi64(found.ids), lows[1]);
            let fields = _mm512_add_epi64(fields, low);
            all = _mm512_or_si512(all, fields);
            let above = _mm512_add_epi64(line, _mm512_set1_epi64(spot.minimum as i64));
            let fields = _mm512_and_si512(_mm512_add_epi64(fields, above), most);
            // SAFETY: the array has 64 bytes.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), fields) };
        });
        seen.sums |= ors_512(all);
        seen
    }

    #[target_feature(enable = "avx512f,avx2,bmi1,bmi2")]
    fn ors_512(all: __m512i) -> u64 {
        ors(_mm256_or_si256(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64::<1>(all)))
    }

    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn ors(all: __m256i) -> u64 {
        let mut words = [0; 4];
        // SAFETY: the array has 32 bytes.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), all) };
        words.into_iter().fold(0, |all, word: u64| all | word)
    }

    /// `decode` by vectors of four rows, each of which has a load of its own: a permutation moves words within 32 bytes.
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    pub fn decode_avx2(rows: LoneRows, spots: &[Spot], target: Target) -> Seen {
        const HALF: usize = ROWS / 2;
        let head = Head::new(&rows);
        let mut seen = Seen::NONE;
        let ones = _mm256_set1_epi64x(-1);
        let most = _mm256_set1_epi64x(rows.lane.mask as i64);
        let (bit, pair) = (_mm256_set1_epi64x(31), _mm256_set1_epi64x(1 << 32));
        let mut all = _mm256_setzero_si256();
        each(spots, target, |spot, out| {
            let Some(found) = head.read(&rows, spot) else { return decode_rows(rows, spot, out, &mut seen) };
            let ids = _mm_cvtsi128_si64(found.ids) as u64;
            let minimum = _mm256_set1_epi64x(spot.minimum as i64);
            let line = &rows.lane.lines[spot.line];
            for half in 0..2 {
                let shift = 32 * half as u32;
                let spread =
                    |bytes: u64| _mm256_cvtepu8_epi64(_mm_cvtsi32_si128((bytes >> shift) as u32 as i32));
                // The bits of the rows before the half's first, which are taken off again from its rows.
                let before = found.sums >> shift & 0xff;
                let next = found.next + before;
                let sums = found.sums.wrapping_sub((before * ONES) >> shift << shift);
                let start = _mm256_set1_epi64x((next & 7) as i64);
                let bits = _mm256_add_epi64(spread(sums), start);
                let words = _mm256_srli_epi64::<5>(bits);
                let words = _mm256_add_epi64(_mm256_or_si256(words, _mm256_slli_epi64::<32>(words)), pair);
                // SAFETY: `read` found 64 bytes from the first half's deviations on, 4 times 31 bits before the second's;
                // ids are below 16, as many as there are least fields; the lines are arrays of 64 bytes.
                let (data, low, line) = unsafe {
                    (
                        _mm256_loadu_si256(rows.data.as_ptr().add((next >> 3) as usize).cast()),
                        _mm256_i64gather_epi64::<8>(rows.lane.lows.as_ptr().cast(), spread(ids)),
                        _mm256_loadu_si256(line.as_ptr().add(half * HALF).cast()),
                    )
                };
                let fields =
                    _mm256_srlv_epi64(_mm256_permutevar8x32_epi32(data, words), _mm256_and_si256(bits, bit));
                let fields = _mm256_andnot_si256(_mm256_sllv_epi64(ones, spread(found.widths)), fields);
                let fields = _mm256_add_epi64(fields, low);
                all = _mm256_or_si256(all, fields);
                let fields = _mm256_add_epi64(fields, _mm256_add_epi64(line, minimum));
                // SAFETY: the halves are 32 bytes.
                unsafe {
                    let to = out.as_mut_ptr().add(half * HALF).cast();
                    _mm256_storeu_si256(to, _mm256_and_si256(fields, most));
                }
            }
        });
        seen.sums |= ors(all);
        seen
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bits::SLACK;
    use crate::codec::grouped::lone_lane::BASES;

    type Kernel<'a> = &'a dyn Fn(LoneRows, &[Spot], Target) -> Seen;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn every_kernel_reads_the_same_rows(
            noise in proptest::collection::vec(any::<u8>(), 16..700),
            id_bits in 1u32..=4,
            missing in 0usize..3,
            widest in 0u8..=31,
            entries in proptest::collection::vec((0u8..=255, prop_oneof![0u64..1000, any::<u64>()]), BASES),
            places in proptest::collection::vec((0u64..6000, any::<u64>(), 0usize..4, 0u8..8), 0..40),
            mask in prop_oneof![Just(u64::MAX), 0u64..1 << 20],
        ) {
            let bases = (1usize << id_bits) - missing.min((1 << (id_bits - 1)) - 1);
            let (mut widths, mut lows) = ([NO_BASE; BASES], [0; BASES]);
            for (id, (width, low)) in entries.into_iter().take(bases).enumerate() {
                (widths[id], lows[id]) = (width % (widest + 1), low);
            }
            let line = |i: u64| std::array::from_fn(|row| i.wrapping_mul(row as u64).wrapping_mul(0x9E37_79B9));
            let lane = Lone { place: 0, id_bits, widths, lows, row_bits: 35, minimum: None, lines: (0..4).map(line).collect(), mask };
            let end = 8 * (noise.len() as u64 - SLACK);
            let rows = LoneRows { lane: &lane, data: &noise, end };
            let spots: Vec<Spot> = places.iter().map(|&(at, minimum, line, _)| Spot { at, minimum, line }).collect();
            let chosen: Vec<u8> = places.iter().map(|place| place.3).collect();
            // All mini-blocks together, then one by one: of those that do not fit nothing is said of the rows.
            let read = |kernel: Kernel| {
                let mut found = Vec::new();
                for spots in std::iter::once(&spots[..]).chain(spots.chunks(1)) {
                    let (mut all, mut one) = (vec![[7; ROWS]; spots.len()], vec![7; spots.len()]);
                    let seen = kernel(rows, spots, Target::All(&mut all));
                    let of_one = kernel(rows, spots, Target::One(&chosen, &mut one));
                    assert_eq!(of_one.fits, seen.fits);
                    if seen.fits {
                        assert_eq!(of_one.sums, seen.sums);
                        assert!(all.iter().zip(&chosen).map(|(all, &row)| all[usize::from(row)]).eq(one));
                    }
                    found.push(seen.fits.then_some((seen.sums, all)));
                }
                found
            };
            let portable = read(&decode_any);
            prop_assert_eq!(&read(&decode), &portable);
            #[cfg(target_arch = "x86_64")]
            {
                use crate::processor::{has_avx512, has_bits};
                if has_bits() {
                    // SAFETY: the processor has what the function needs.
                    prop_assert_eq!(&read(&|rows, spots, to| unsafe { x86::decode_avx2(rows, spots, to) }), &portable);
                }
                if has_bits() && has_avx512() {
                    // SAFETY: likewise.
                    prop_assert_eq!(&read(&|rows, spots, to| unsafe { x86::decode_avx512(rows, spots, to) }), &portable);
                }
            }
        }
    }
}
