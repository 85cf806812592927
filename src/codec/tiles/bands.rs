//! Inverse of the median prediction, 16 rows at a time: lane r of a vector is one column to the left of lane r - 1,
//! so that left, above and corner of all lanes are known.

use std::arch::x86_64::*;

use crate::codec::tiles::planes::{BAND, Layout, TileScratch};
use crate::format::image_shape::ImageShape;

/// `predict::medians` for processors with AVX2.
#[target_feature(enable = "avx2")]
pub(crate) fn medians(shape: &ImageShape, layout: &Layout, scratch: &mut TileScratch) {
    let end = layout.len();
    if scratch.residuals.len() < end || scratch.values.len() < end {
        return;
    }
    for channel in 0..shape.planes() {
        for y in (0..shape.rows()).step_by(BAND) {
            // SAFETY: the planes hold whole bands, and margins of what a band reads and writes around them.
            unsafe { band(shape, layout, scratch, channel, y) };
        }
    }
}

/// Rows `y` to `y + 15` of a channel.
///
/// # Safety
/// The buffers have `layout.len()` bytes, and the band is within the planes.
#[target_feature(enable = "avx2")]
unsafe fn band(shape: &ImageShape, layout: &Layout, scratch: &mut TileScratch, channel: usize, y: usize) {
    let start = layout.row(channel, y);
    let outside = _mm_set1_epi8(-128);
    let (mut value, mut corner) = (outside, outside);
    // Columns of row `y`; row `y + r` is `r` columns behind.
    for x in (0..shape.columns() + BAND - 1).step_by(BAND) {
        let mut lines = [_mm_setzero_si128(); BAND];
        for (r, line) in lines.iter_mut().enumerate() {
            let at = start + r * layout.stride + x - r;
            // SAFETY: at most 15 bytes before a row and 29 behind one: its margins and the next row's.
            let zigzag = unsafe { _mm_loadu_si128(scratch.residuals.as_ptr().add(at).cast()) };
            *line = unzigzag(zigzag);
        }
        let mut above = outside;
        if y > 0 {
            // SAFETY: the row above is in the plane, too.
            above = unsafe { _mm_loadu_si128(scratch.values.as_ptr().add(start - layout.stride + x).cast()) };
        }
        transpose(&mut lines);
        for line in &mut lines {
            // Lane r takes the value that lane r - 1 had; lane 0 takes the row above's.
            let up = _mm_alignr_epi8::<15>(value, _mm_slli_si128::<15>(above));
            above = _mm_srli_si128::<1>(above);
            let (low, high) = (_mm_min_epu8(value, up), _mm_max_epu8(value, up));
            let middle = _mm_min_epu8(_mm_max_epu8(corner, low), high);
            value = _mm_add_epi8(_mm_sub_epi8(value, middle), _mm_add_epi8(up, *line));
            corner = up;
            *line = value;
        }
        transpose(&mut lines);
        for (r, line) in lines.iter().enumerate() {
            let at = start + r * layout.stride + x - r;
            // SAFETY: as above; what lies in margins means nothing.
            unsafe { _mm_storeu_si128(scratch.values.as_mut_ptr().add(at).cast(), *line) };
        }
    }
}

#[target_feature(enable = "avx2")]
fn unzigzag(z: __m128i) -> __m128i {
    let half = _mm_and_si128(_mm_srli_epi16::<1>(z), _mm_set1_epi8(0x7F));
    let sign = _mm_and_si128(z, _mm_set1_epi8(1));
    _mm_xor_si128(half, _mm_sub_epi8(_mm_setzero_si128(), sign))
}

/// Transposes 16 x 16 bytes: four rounds of the perfect shuffle of rows i and i + 8.
#[target_feature(enable = "avx2")]
fn transpose(lines: &mut [__m128i; BAND]) {
    for _ in 0..4 {
        let from = *lines;
        let (first, second) = from.split_at(BAND / 2);
        for ((to, &a), &b) in lines.as_chunks_mut::<2>().0.iter_mut().zip(first).zip(second) {
            *to = [_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b)];
        }
    }
}
