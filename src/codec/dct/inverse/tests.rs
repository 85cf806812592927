//! The inverse by bands is that of the whole matrices, to the bit, and close to the forward transform.

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
                out[shape.row_start(c, y) + x * shape.step()] = (128.0 + wave) as u8 + (noise >> 28) as u8;
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
    for (channels, height, width) in [(3, 32, 32), (1, 28, 28), (3, 64, 96), (3, 333, 500), (1, 1024, 64)] {
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
        for pattern in [|_, _| 255, |x, _| (x % 2) * 255, |x, y| ((x + y) % 2) * 255, |x, y| x * y % 256] {
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
