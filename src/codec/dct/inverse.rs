//! The inverse DCT in integers: the same pixels on every machine, from any coefficients (sums are modulo 2^32).

use crate::codec::dct::cosines::TABLE_BITS;
use crate::codec::dct::products::{Left, Right, product};
use crate::codec::dct::transform::Dct;
#[cfg(target_arch = "x86_64")]
use crate::codec::dct::vectors::{Avx2, HasAvx2};
use crate::codec::dct::vectors::{LANES, Lanes, Portable};
use crate::error::Result;

/// Fractional bits between and after the two passes.
const FRACTION: u32 = 8;

/// Fractional bits of the colour weights.
const COLOUR_BITS: u32 = 14;

/// 1.402, 0.344136, 0.714136 and 1.772, the weights of YCbCr to RGB.
const RED_CR: i32 = 22970;
const GREEN_CB: i32 = 5638;
const GREEN_CR: i32 = 11700;
const BLUE_CB: i32 = 29032;

/// Buffers of the inverse, kept between images.
#[derive(Default)]
pub struct DctScratch {
    /// Coefficients of a channel, rows padded.
    coefficients: Vec<i32>,
    /// After the first pass, rows padded.
    middle: Vec<i32>,
    /// Products of a row's bands.
    row: Vec<i32>,
    /// Values of all channels, with `FRACTION` fractional bits.
    values: Vec<i32>,
}

impl Dct {
    /// Coefficients to pixels; whatever the coefficients are, the pixels are the same on every machine.
    pub fn inverse(&self, coefficients: &[i32], out: &mut [u8], scratch: &mut DctScratch) -> Result<()> {
        self.shape.check(coefficients.len())?;
        self.shape.check(out.len())?;
        #[cfg(target_arch = "x86_64")]
        if let Some(proof) = HasAvx2::detect() {
            // SAFETY: the processor has AVX2, says the proof.
            unsafe { self.inverse_avx2(proof, coefficients, out, scratch) };
            return Ok(());
        }
        self.inverse_by::<Portable>((), coefficients, out, scratch);
        Ok(())
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn inverse_avx2(&self, proof: HasAvx2, coefficients: &[i32], out: &mut [u8], scratch: &mut DctScratch) {
        self.inverse_by::<Avx2>(proof, coefficients, out, scratch);
    }

    #[inline(always)]
    fn inverse_by<V: Lanes>(
        &self,
        proof: V::Proof,
        coefficients: &[i32],
        out: &mut [u8],
        scratch: &mut DctScratch,
    ) {
        let area = self.shape.area();
        let DctScratch { coefficients: padded, middle, row, values } = scratch;
        values.resize(self.shape.values(), 0);
        for (from, to) in coefficients.chunks_exact(area).zip(values.chunks_exact_mut(area)) {
            self.columns::<V>(proof, from, padded, middle);
            self.rows::<V>(proof, middle, row, to);
        }
        if let Some((y, rest)) = values.split_at_checked(area)
            && self.shape.planes() == 3
            && let Some((cb, cr)) = rest.split_at_checked(area)
        {
            self.colours(y, cb, cr, out);
        } else {
            self.grays(values, out);
        }
    }

    /// Columns of the padded buffers.
    fn stride(&self) -> usize {
        self.shape.columns().next_multiple_of(LANES)
    }

    /// First pass: down the columns of a channel.
    #[inline(always)]
    fn columns<V: Lanes>(
        &self,
        proof: V::Proof,
        coefficients: &[i32],
        padded: &mut Vec<i32>,
        middle: &mut Vec<i32>,
    ) {
        let (stride, columns) = (self.stride(), self.shape.columns());
        padded.resize(stride * self.shape.rows(), 0);
        middle.resize(stride * self.shape.rows(), 0);
        let input = if stride == columns {
            coefficients
        } else {
            for (to, from) in padded.chunks_exact_mut(stride).zip(coefficients.chunks_exact(columns)) {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
            padded
        };
        let mut joined = 0;
        for band in &self.vertical {
            let (data, values) = (&band.by_value[..], band.values);
            let left = Left { data, start: 0, row: values, column: 1, rows: values, depth: values };
            let (start, row) = (band.first * stride, band.step * stride);
            let right = Right { data: input, start, row, columns: stride };
            let (even, odd) = middle.split_at_mut(joined * stride);
            product::<V>(proof, &left, &right, odd, stride);
            if joined > 0 {
                join_rows::<V>(proof, even, &mut odd[..values * stride], stride);
            }
            joined += values;
        }
        let half = 1 << (TABLE_BITS - FRACTION - 1);
        middle.iter_mut().for_each(|v| *v = v.wrapping_add(half) >> (TABLE_BITS - FRACTION));
    }

    /// Second pass: along the rows of a channel.
    #[inline(always)]
    fn rows<V: Lanes>(&self, proof: V::Proof, middle: &[i32], row: &mut Vec<i32>, out: &mut [i32]) {
        const TOGETHER: usize = 4;
        let (stride, columns) = (self.stride(), self.shape.columns());
        let widest = self.horizontal.iter().map(|band| band.padded).fold(0, usize::max);
        row.resize(TOGETHER * widest, 0);
        let rows = middle.chunks(TOGETHER * stride).zip(out.chunks_mut(TOGETHER * columns));
        for (from, to) in rows {
            let mut joined = 0;
            for band in &self.horizontal {
                let left = Left {
                    data: from,
                    start: band.first,
                    row: stride,
                    column: band.step,
                    rows: from.len() / stride,
                    depth: band.values,
                };
                let right =
                    Right { data: &band.by_coefficient, start: 0, row: band.padded, columns: band.padded };
                product::<V>(proof, &left, &right, row, widest);
                for (odd, to) in row.chunks_exact(widest).zip(to.chunks_exact_mut(columns)) {
                    let (even, rest) = to.split_at_mut(joined);
                    join_values::<V>(proof, even, &odd[..band.values], rest);
                }
                joined += band.values;
            }
        }
        let half = 1 << (TABLE_BITS - 1);
        out.iter_mut().for_each(|v| *v = v.wrapping_add(half) >> TABLE_BITS);
    }

    /// Y, Cb and Cr to red, green and blue.
    #[inline(always)]
    fn colours(&self, y: &[i32], cb: &[i32], cr: &[i32], out: &mut [u8]) {
        let pixel = |y: i32, cb: i32, cr: i32| {
            let y = (y << COLOUR_BITS).wrapping_add(1 << (COLOUR_BITS + FRACTION - 1));
            let red = y.wrapping_add(RED_CR.wrapping_mul(cr));
            let green = y.wrapping_sub(GREEN_CB.wrapping_mul(cb)).wrapping_sub(GREEN_CR.wrapping_mul(cr));
            let blue = y.wrapping_add(BLUE_CB.wrapping_mul(cb));
            [red, green, blue].map(|v| clamp(v >> (COLOUR_BITS + FRACTION)))
        };
        let from = y.iter().zip(cb).zip(cr);
        if self.shape.interleaved {
            for (out, ((&y, &cb), &cr)) in out.as_chunks_mut::<3>().0.iter_mut().zip(from) {
                *out = pixel(y, cb, cr);
            }
        } else {
            let (r, rest) = out.split_at_mut(y.len());
            let (g, b) = rest.split_at_mut(y.len());
            for (((r, g), b), ((&y, &cb), &cr)) in r.iter_mut().zip(g).zip(b).zip(from) {
                [*r, *g, *b] = pixel(y, cb, cr);
            }
        }
    }

    /// Independent channels.
    #[inline(always)]
    fn grays(&self, values: &[i32], out: &mut [u8]) {
        let area = self.shape.area();
        for (c, plane) in values.chunks_exact(area).enumerate() {
            let start = if self.shape.interleaved { c } else { c * area };
            let to = out.iter_mut().skip(start).step_by(self.shape.step());
            for (to, &v) in to.zip(plane) {
                *to = clamp(v.wrapping_add(1 << (FRACTION - 1)) >> FRACTION);
            }
        }
    }
}

#[inline(always)]
fn clamp(v: i32) -> u8 {
    v.clamp(0, 255) as u8
}

/// Rows e and o of two halves, in place: row n becomes e + o, row 2M - 1 - n becomes e - o.
#[inline(always)]
fn join_rows<V: Lanes>(proof: V::Proof, even: &mut [i32], odd: &mut [i32], stride: usize) {
    let count = even.len() / stride;
    if odd.len() != even.len() || stride % LANES != 0 {
        debug_assert!(false, "halves differ");
        return;
    }
    let (even, odd) = (even.as_mut_ptr(), odd.as_mut_ptr());
    // Row 2M - 1 - n is where the odd row M - 1 - n lies: both pairs at once.
    for n in 0..count.div_ceil(2) {
        let m = count - 1 - n;
        for x in (0..stride).step_by(LANES) {
            let (a, b) = (n * stride + x, m * stride + x);
            // SAFETY: a and b are places of whole vectors in both halves.
            unsafe {
                let (ea, oa) = (V::load(proof, even.add(a)), V::load(proof, odd.add(a)));
                let (eb, ob) = (V::load(proof, even.add(b)), V::load(proof, odd.add(b)));
                ea.plus(oa).store(even.add(a));
                eb.plus(ob).store(even.add(b));
                ea.minus(oa).store(odd.add(b));
                eb.minus(ob).store(odd.add(a));
            }
        }
    }
}

/// Values e (in place) and o: e + o, followed by e - o backwards. The first band has no e before it.
#[inline(always)]
fn join_values<V: Lanes>(proof: V::Proof, even: &mut [i32], odd: &[i32], rest: &mut [i32]) {
    if even.is_empty() {
        rest.iter_mut().zip(odd).for_each(|(to, o)| *to = *o);
        return;
    }
    let count = even.len();
    if odd.len() != count || rest.len() < count {
        debug_assert!(false, "halves differ");
        return;
    }
    let whole = count - count % LANES;
    for n in (0..whole).step_by(LANES) {
        // SAFETY: places n to n + 7 are below `count`, and so are the same from the end.
        unsafe {
            let (e, o) = (V::load(proof, even.as_ptr().add(n)), V::load(proof, odd.as_ptr().add(n)));
            e.plus(o).store(even.as_mut_ptr().add(n));
            e.minus(o).reversed().store(rest.as_mut_ptr().add(count - LANES - n));
        }
    }
    for n in whole..count {
        let (e, o) = (even[n], odd[n]);
        (even[n], rest[count - 1 - n]) = (e.wrapping_add(o), e.wrapping_sub(o));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::needless_range_loop)]
mod tests;
