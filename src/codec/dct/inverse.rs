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
        let widest = self.horizontal.iter().map(|band| band.padded).max().unwrap_or(0);
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::image_shape::ImageShape;

    fn shapes() -> impl Strategy<Value = ImageShape> {
        (1u8..5, 1u32..40, 1u32..40, any::<bool>()).prop_map(|(c, h, w, i)| ImageShape {
            channels: c,
            height: h,
            width: w,
            interleaved: i,
        })
    }

    /// A smooth image with some noise.
    fn photo(shape: &ImageShape, seed: u32) -> Vec<u8> {
        let mut noise = seed;
        let mut out = vec![0; shape.values()];
        for c in 0..shape.planes() {
            for y in 0..shape.rows() {
                for x in 0..shape.columns() {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let wave = (x as f64 / 9.0 + c as f64).sin() * (y as f64 / 7.0).cos() * 90.0;
                    out[shape.row_start(c, y) + x * shape.step()] =
                        (128.0 + wave) as u8 + (noise >> 28) as u8;
                }
            }
        }
        out
    }

    /// The plane that the whole matrices of section "inverse DCT" give, with 8 fractional bits.
    fn by_matrix(coefficients: &[i32], rows: usize, columns: usize) -> Vec<i32> {
        use crate::codec::dct::cosines::Cosines;
        let (vertical, horizontal) = (Cosines::new(rows), Cosines::new(columns));
        let sum = |n: usize, term: &dyn Fn(usize) -> (i32, i32), bits: u32| {
            let sum = (0..n).map(term).fold(0i32, |s, (a, b)| s.wrapping_add(a.wrapping_mul(b)));
            sum.wrapping_add(1 << (bits - 1)) >> bits
        };
        let mut middle = vec![0; rows * columns];
        for y in 0..rows {
            for x in 0..columns {
                middle[y * columns + x] =
                    sum(rows, &|k| (vertical.weight(k, y), coefficients[k * columns + x]), 6);
            }
        }
        let value = |at: usize| {
            let (y, x) = (at / columns, at % columns);
            sum(columns, &|k| (horizontal.weight(k, x), middle[y * columns + k]), 14)
        };
        (0..rows * columns).map(value).collect()
    }

    fn worst(a: &[u8], b: &[u8]) -> u8 {
        a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn bands_change_no_bit_of_any_coefficients(shape in shapes(), seed in any::<u64>()) {
            let mut state = seed | 1;
            let mut random = || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state as i32 };
            let coefficients: Vec<i32> = (0..shape.values()).map(|_| random()).collect();
            let gray = ImageShape { channels: 1, interleaved: false, ..shape };
            let plane = &coefficients[..gray.values()];
            let expected: Vec<u8> = by_matrix(plane, gray.rows(), gray.columns())
                .into_iter().map(|v| clamp(v.wrapping_add(128) >> 8)).collect();
            let mut out = vec![0; gray.values()];
            Dct::new(gray).inverse(plane, &mut out, &mut DctScratch::default()).unwrap();
            prop_assert_eq!(out, expected);
            let (mut fast, mut portable) = (vec![0; shape.values()], vec![0; shape.values()]);
            let dct = Dct::new(shape);
            dct.inverse(&coefficients, &mut fast, &mut DctScratch::default()).unwrap();
            dct.inverse_by::<Portable>((), &coefficients, &mut portable, &mut DctScratch::default());
            prop_assert_eq!(fast, portable);
        }

        #[test]
        fn pixels_come_back_nearly(shape in shapes(), noisy in any::<bool>(), seed in any::<u32>()) {
            let mut pixels = photo(&shape, seed);
            if noisy {
                pixels.iter_mut().enumerate().for_each(|(i, p)| *p = p.wrapping_mul(i as u8 | 1));
            }
            let (mut coefficients, mut out) = (vec![0; shape.values()], vec![0; shape.values()]);
            let dct = Dct::new(shape);
            dct.forward(&pixels, &mut coefficients).unwrap();
            dct.inverse(&coefficients, &mut out, &mut DctScratch::default()).unwrap();
            prop_assert!(worst(&pixels, &out) <= 8, "{}", worst(&pixels, &out));
        }
    }

    #[test]
    fn smooth_images_keep_53_decibels() {
        for (channels, height, width) in [(3, 32, 32), (1, 28, 28), (3, 64, 96), (3, 333, 500), (1, 1024, 64)]
        {
            let shape = ImageShape::new(channels, height, width, true).unwrap();
            let pixels = photo(&shape, 7);
            let (mut coefficients, mut out) = (vec![0; shape.values()], vec![0; shape.values()]);
            let dct = Dct::new(shape);
            dct.forward(&pixels, &mut coefficients).unwrap();
            dct.inverse(&coefficients, &mut out, &mut DctScratch::default()).unwrap();
            let error: u64 = pixels.iter().zip(&out).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
            let decibels = 10.0 * (255.0 * 255.0 * shape.values() as f64 / error as f64).log10();
            assert!(decibels > 53.0, "{shape:?}: {decibels}");
        }
    }

    /// The inverse DCT in f64.
    fn real(coefficients: &[i32], rows: usize, columns: usize) -> Vec<f64> {
        let table = |n: usize| -> Vec<f64> {
            let weight = |k: usize, i: usize| {
                let angle = std::f64::consts::PI * ((2 * i + 1) * k) as f64 / (2 * n) as f64;
                (if k == 0 { 1.0 } else { 2.0 } / n as f64).sqrt() * angle.cos()
            };
            (0..n * n).map(|at| weight(at / n, at % n)).collect()
        };
        let (vertical, horizontal) = (table(rows), table(columns));
        let (mut middle, mut out) = (vec![0.0; rows * columns], vec![0.0; rows * columns]);
        for at in 0..rows * columns {
            let (y, x) = (at / columns, at % columns);
            let term = |k| vertical[k * rows + y] * f64::from(coefficients[k * columns + x]);
            middle[at] = (0..rows).map(term).sum();
        }
        for at in 0..rows * columns {
            let (y, x) = (at / columns, at % columns);
            out[at] = (0..columns).map(|k| horizontal[k * columns + x] * middle[y * columns + k]).sum();
        }
        out
    }

    #[test]
    fn integers_follow_the_reals_on_extreme_images() {
        for (height, width) in [(32, 32), (28, 28), (1, 2048), (2048, 1), (96, 128)] {
            let shape = ImageShape::new(1, height, width, false).unwrap();
            let dct = Dct::new(shape);
            for pattern in [|_, _| 255, |x, _| (x % 2) * 255, |x, y| ((x + y) % 2) * 255, |x, y| x * y % 256]
            {
                let area = 0..shape.area();
                let pixels: Vec<u8> =
                    area.map(|i| pattern(i % shape.columns(), i / shape.columns()) as u8).collect();
                let (mut coefficients, mut out) = (vec![0; shape.values()], vec![0; shape.values()]);
                dct.forward(&pixels, &mut coefficients).unwrap();
                dct.inverse(&coefficients, &mut out, &mut DctScratch::default()).unwrap();
                for (real, out) in real(&coefficients, shape.rows(), shape.columns()).iter().zip(out) {
                    let far = (real.clamp(0.0, 255.0) - f64::from(out)).abs();
                    assert!(far < 0.8, "{height} x {width}: {real} became {out}");
                }
            }
        }
    }
}
