//! The decode kernel for processors with AVX-512: eight rows side by side, lane by lane.

use std::arch::x86_64::{
    __m512i, __mmask8, _mm512_add_epi64, _mm512_and_si512, _mm512_andnot_si512, _mm512_i64gather_epi64,
    _mm512_loadu_si512, _mm512_mask_cmplt_epu64_mask, _mm512_mask_i64gather_epi64, _mm512_mask_storeu_epi64,
    _mm512_maskz_loadu_epi64, _mm512_or_si512, _mm512_permutex2var_epi64, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_sllv_epi64, _mm512_srli_epi64, _mm512_srlv_epi64, _mm512_sub_epi64,
};

use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::code_group::ONE_LOAD;
use crate::codec::grouped::lane_table::{LaneTable, REGISTER_BITS, REGISTERS};

/// Rows side by side.
const ROWS: usize = 8;

/// Bytes that a gather of two words may read from a deviation's first on.
pub(crate) const REACH: usize = 17;

/// Where rows are: the bits of their first deviations and of their ids, and words of these.
pub(crate) struct Rows<'a> {
    pub data: &'a [u8],
    pub next: &'a [u64],
    /// Empty where all ids are one word.
    pub ids: &'a [u64],
    pub words: &'a [u64],
}

/// Work at a lane.
struct Step<'a> {
    table: &'a LaneTable,
    /// The bit of the ids at which their words begin from here on.
    word: Option<u64>,
    /// Where the id is in the word.
    shift: u64,
    deviations: Load,
    /// Memory for the fields of all rows; null if they are not wanted.
    out: *mut u64,
}

/// True if more deviations are loaded before a lane.
#[derive(PartialEq)]
enum Load {
    /// Those at hand are enough.
    None,
    /// So many bits as one load has.
    One,
    Two,
}

/// Writes the fields of the wanted lanes, by place. True if the sum of a least field and a deviation exceeds 64 bits.
///
/// # Safety
/// The processor has AVX-512. Neither the ids of these rows begin within the last `REACH` bytes of the data, nor
/// deviations of any bases after the first ones, the widest of each group taken for every row.
///
/// Ids may be others than when the rows were found, since a map may change. The ids of a group are loaded once for all its
/// lanes, and lead to entries of tables that are copies: widths add up to those of some base of the group, or to nothing.
pub(crate) unsafe fn decode(grouped: &Grouped, rows: &Rows, wanted: &[bool], out: &mut [Vec<u64>]) -> bool {
    let count = rows.next.len().min(rows.words.len());
    let Some(last) = wanted.iter().rposition(|wanted| *wanted) else { return false };
    let mut steps = Vec::with_capacity(last + 1);
    let mut word = if rows.ids.is_empty() { Some(0) } else { None };
    // Bits of deviations that are at hand in any row.
    let mut left = 0;
    for ((table, &wanted), out) in grouped.tables.iter().zip(wanted).zip(out).take(last + 1) {
        let at_hand = word.filter(|word| table.at + u64::from(table.id_bits) <= word + u64::from(ONE_LOAD));
        let (loaded, start) = (at_hand.is_none(), at_hand.unwrap_or(table.at));
        word = Some(start);
        let deviations = match table.widest {
            widest if widest <= left => Load::None,
            widest if widest <= ONE_LOAD.into() => Load::One,
            _ => Load::Two,
        };
        left = match deviations {
            Load::None => left,
            Load::One => ONE_LOAD.into(),
            Load::Two => u64::BITS.into(),
        } - table.widest;
        let out = match wanted {
            true => {
                out.resize(count, 0);
                out.as_mut_ptr()
            }
            false => std::ptr::null_mut(),
        };
        let shift = table.at - start;
        steps.push(Step { table, word: loaded.then_some(table.at), shift, deviations, out });
    }
    // SAFETY: as the caller says; lanes that are wanted have memory for `count` rows, which are those of `next` and
    // `words`, vectors of the caller.
    unsafe { decode_steps(&steps, rows, count) }
}

#[target_feature(enable = "avx512f")]
unsafe fn decode_steps(steps: &[Step], rows: &Rows, count: usize) -> bool {
    let ones = _mm512_set1_epi64(-1);
    let mut wrapped = 0;
    for first in (0..count).step_by(ROWS) {
        let here: __mmask8 = u8::MAX >> (ROWS - (count - first).min(ROWS));
        // SAFETY: `here` has the rows that there are; see the caller's for what is loaded of the data.
        unsafe {
            let mut next = _mm512_maskz_loadu_epi64(here, rows.next.as_ptr().add(first).cast());
            let mut words = _mm512_maskz_loadu_epi64(here, rows.words.as_ptr().add(first).cast());
            let mut window = _mm512_setzero_si512();
            for step in steps {
                if let Some(at) = step.word {
                    let ids = _mm512_maskz_loadu_epi64(here, rows.ids.as_ptr().add(first).cast());
                    words = load(rows.data, here, _mm512_add_epi64(ids, _mm512_set1_epi64(at as i64)), false);
                }
                if step.deviations != Load::None {
                    window = load(rows.data, here, next, step.deviations == Load::Two);
                }
                let id = _mm512_srlv_epi64(words, _mm512_set1_epi64(step.shift as i64));
                let table = step.table;
                let mut fields = _mm512_setzero_si512();
                if table.widest > 0 {
                    let widths = look_up(&table.widths, table.id_bits, id);
                    fields = _mm512_andnot_si512(_mm512_sllv_epi64(ones, widths), window);
                    window = _mm512_srlv_epi64(window, widths);
                    next = _mm512_add_epi64(next, widths);
                }
                if !step.out.is_null() {
                    let lows = look_up(&table.lows, table.id_bits, id);
                    fields = _mm512_add_epi64(fields, lows);
                    if table.wraps {
                        wrapped |= _mm512_mask_cmplt_epu64_mask(here, fields, lows);
                    }
                    _mm512_mask_storeu_epi64(step.out.add(first).cast(), here, fields);
                }
            }
        }
    }
    wrapped != 0
}

/// At least 57 bits from each of the bits on, or 64.
///
/// # Safety
/// From the bytes of the bits of those rows that are `here` on the data have 8 bytes, or 16 for the `whole`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load(data: &[u8], here: __mmask8, bits: __m512i, whole: bool) -> __m512i {
    let zero = _mm512_setzero_si512();
    let bytes = _mm512_srli_epi64::<3>(bits);
    let shifts = _mm512_and_si512(bits, _mm512_set1_epi64(7));
    // SAFETY: as the caller says.
    unsafe {
        let low = _mm512_mask_i64gather_epi64::<1>(zero, here, bytes, data.as_ptr().cast());
        let low = _mm512_srlv_epi64(low, shifts);
        if !whole {
            return low;
        }
        let high = _mm512_mask_i64gather_epi64::<1>(zero, here, bytes, data.as_ptr().add(8).cast());
        _mm512_or_si512(low, _mm512_sllv_epi64(high, _mm512_sub_epi64(_mm512_set1_epi64(64), shifts)))
    }
}

/// The entries of a table at ids, above which a word may have other bits.
///
/// # Safety
/// The table has 2^`id_bits` entries, and 16 at least.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn look_up(table: &[u64], id_bits: u32, ids: __m512i) -> __m512i {
    debug_assert!(table.len() == REGISTERS.max(1 << id_bits));
    // SAFETY: as the caller says.
    unsafe {
        if id_bits <= REGISTER_BITS {
            let low = _mm512_loadu_si512(table.as_ptr().cast());
            let high = _mm512_loadu_si512(table.as_ptr().add(ROWS).cast());
            return _mm512_permutex2var_epi64(low, ids, high);
        }
        let ids = _mm512_and_si512(ids, _mm512_set1_epi64((1 << id_bits) - 1));
        _mm512_i64gather_epi64::<8>(ids, table.as_ptr().cast())
    }
}
