//! Moments against sums over the rows in wide integers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::column::MomentColumn;
use super::matrix::{MomentParts, Moments};
use crate::error::ErrorKind;

/// Integers of a column over all rows, and the exponent of each segment.
type Column = (Vec<i64>, Vec<u32>);

fn upper(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..=columns).flat_map(move |i| (i..=columns).map(move |j| (i, j)))
}

/// Row `row` of z as integers.
fn z(columns: &[Vec<i64>], i: usize, row: usize) -> i128 {
    if i == 0 { 1 } else { i128::from(columns[i - 1][row]) }
}

fn exact_columns(columns: &[Vec<i64>], exponent: u32) -> Vec<MomentColumn<'_>> {
    columns.iter().map(|q| MomentColumn::Exact { q, exponent }).collect()
}

/// `sum / 10^power`, rounded by the standard library's parser.
fn decimal(sum: i128, power: u32) -> f64 {
    format!("{sum}e-{power}").parse().unwrap()
}

fn columns(rows: usize, segments: usize) -> impl Strategy<Value = Vec<Column>> {
    let column = (0u32..41).prop_flat_map(move |bits| {
        let most = 1i64 << bits;
        (proptest::collection::vec(-most..=most, rows), proptest::collection::vec(0u32..4, segments))
    });
    proptest::collection::vec(column, 0..5)
}

proptest! {
    #[test]
    fn exact_sums_are_those_of_the_rows(
        (rows, segment, columns, wanted) in (1usize..200, 1usize..200).prop_flat_map(|(rows, segment)| {
            let wanted = proptest::collection::vec(any::<bool>(), rows);
            (Just(rows), Just(segment), columns(rows, rows.div_ceil(segment)), wanted)
        })
    ) {
        let k = columns.len();
        let mut moments = Moments::new(k);
        // 10^3 times the values, whatever the exponent of their segment.
        let mut scaled: Vec<Vec<i64>> = columns.iter().map(|column| column.0.clone()).collect();
        for (index, first) in (0..rows).step_by(segment).enumerate() {
            let range = first..rows.min(first + segment);
            let cut: Vec<MomentColumn> = columns
                .iter()
                .map(|(q, exponents)| MomentColumn::Exact { q: &q[range.clone()], exponent: exponents[index] })
                .collect();
            moments.merge(&Moments::from_segment(&cut, &wanted[range.clone()])).unwrap();
            for (scaled, (_, exponents)) in scaled.iter_mut().zip(&columns) {
                scaled[range.clone()].iter_mut().for_each(|q| *q *= 10i64.pow(3 - exponents[index]));
            }
        }
        let used: Vec<usize> = (0..rows).filter(|&row| wanted[row]).collect();
        prop_assert!(moments.is_exact());
        prop_assert_eq!(moments.count(), used.len() as u64);
        prop_assert_eq!(moments.left_out(), (rows - used.len()) as u64);
        let sum = |i, j| used.iter().map(|&row| z(&scaled, i, row) * z(&scaled, j, row)).sum::<i128>();
        for (i, j) in upper(k) {
            let power = 3 * (u32::from(i > 0) + u32::from(j > 0));
            prop_assert_eq!(moments.value(i, j), decimal(sum(i, j), power));
            prop_assert_eq!(moments.value(j, i), moments.value(i, j));
        }
        let centred = moments.centred();
        let n = used.len() as i128;
        for (i, j) in upper(k).filter(|&(i, _)| i > 0) {
            let expected = match n {
                0 => 0.0,
                _ => (n * sum(i, j) - sum(0, i) * sum(0, j)) as f64 / n as f64 / 1e6,
            };
            let got = centred[(i - 1) * k + j - 1];
            prop_assert!((got - expected).abs() <= 1e-15 * expected.abs(), "{got} {expected}");
            prop_assert_eq!(got, centred[(j - 1) * k + i - 1]);
        }
        let again = Moments::from_parts(k, moments.count(), moments.left_out(), moments.parts()).unwrap();
        prop_assert_eq!(again, moments);
    }

    #[test]
    fn compensated_sums_are_close_to_exact_ones(
        (rows, columns) in (1usize..3000).prop_flat_map(|rows| (Just(rows), columns(rows, 1))),
        segment in 1usize..1000,
    ) {
        let k = columns.len();
        let integers: Vec<Vec<i64>> = columns.into_iter().map(|column| column.0).collect();
        let floats: Vec<Vec<f64>> =
            integers.iter().map(|column| column.iter().map(|&q| q as f64 / 1024.0).collect()).collect();
        let mut moments = Moments::new(k);
        for first in (0..rows).step_by(segment) {
            let range = first..rows.min(first + segment);
            let cut: Vec<MomentColumn> = floats.iter().map(|x| MomentColumn::Float(&x[range.clone()])).collect();
            moments.merge(&Moments::from_segment(&cut, &vec![true; range.len()])).unwrap();
        }
        prop_assert_eq!(moments.is_exact(), k == 0);
        for (i, j) in upper(k) {
            let products = (0..rows).map(|row| z(&integers, i, row) * z(&integers, j, row));
            let scale = 1024f64.powi(i32::from(i > 0) + i32::from(j > 0));
            let (sum, size) = products.fold((0, 0), |(sum, size), x| (sum + x, size + x.abs()));
            let error = moments.value(i, j) - sum as f64 / scale;
            prop_assert!(error.abs() <= 4e-15 * size as f64 / scale, "{error}");
        }
        let again = Moments::from_parts(k, moments.count(), 0, moments.parts()).unwrap();
        for (i, j) in upper(k) {
            prop_assert_eq!(again.value(i, j).to_bits(), moments.value(i, j).to_bits());
        }
    }
}

#[test]
fn rows_with_a_value_that_is_not_finite_are_left_out() {
    let float = [1.0, f64::NAN, 2.0, f64::INFINITY, 4.0];
    let columns =
        [MomentColumn::Exact { q: &[10, 20, 30, 40, i64::MIN], exponent: 1 }, MomentColumn::Float(&float)];
    let moments = Moments::from_segment(&columns, &[true, true, true, true, false]);
    assert_eq!((moments.count(), moments.left_out(), moments.is_exact()), (2, 3, false));
    let values = [(0, 0, 2.0), (0, 1, 4.0), (0, 2, 3.0), (1, 1, 10.0), (1, 2, 7.0), (2, 2, 5.0)];
    for (i, j, value) in values {
        assert_eq!(moments.value(i, j), value);
    }
    assert_eq!((moments.mean(0), moments.mean(1)), (2.0, 1.5));
    assert_eq!(moments.centred(), [2.0, 1.0, 1.0, 0.5]);
    // Without a row to sum there is nothing inexact.
    let none = Moments::from_segment(&columns, &[false; 5]);
    assert_eq!((none.is_exact(), none.left_out()), (true, 5));
    assert_eq!(none.centred(), [0.0; 4]);
}

#[test]
fn sums_that_might_not_fit_are_compensated() {
    let q = [i64::MAX, i64::MIN];
    let one = Moments::from_segment(&exact_columns(&[q[..1].to_vec()], 0), &[true]);
    assert_eq!(
        one.parts(),
        MomentParts::Exact {
            exponents: vec![0],
            sums: vec![1, i64::MAX.into(), i128::from(i64::MAX).pow(2)]
        }
    );
    let two = Moments::from_segment(&exact_columns(&[q.to_vec()], 0), &[true; 2]);
    assert!(!two.is_exact());
    assert_eq!(two.value(1, 1), 2f64.powi(127));

    // Two exact halves whose sum does not fit.
    let mut sum = one.clone();
    sum.merge(&one).unwrap();
    assert!(sum.is_exact());
    sum.merge(&sum.clone()).unwrap();
    assert!(!sum.is_exact());
    assert_eq!((sum.value(0, 0), sum.value(1, 1)), (4.0, 2f64.powi(128)));

    // An exponent that lifts the other sums beyond 128 bits.
    let mut sum = one;
    sum.merge(&Moments::from_segment(&exact_columns(&[vec![5]], 1), &[true])).unwrap();
    assert!(!sum.is_exact());
    assert_eq!(sum.value(0, 1), 2f64.powi(63));
}

#[test]
fn exact_and_compensated_segments_add_up() {
    let mut moments = Moments::from_segment(&exact_columns(&[vec![1, 2, 3]], 1), &[true; 3]);
    moments.merge(&Moments::from_segment(&[MomentColumn::Float(&[0.25])], &[true])).unwrap();
    assert!(!moments.is_exact());
    assert_eq!(moments.count(), 4);
    assert!((moments.value(0, 1) - 0.85).abs() < 1e-16);
    assert!((moments.value(1, 1) - 0.2025).abs() < 1e-16);
    let error = moments.merge(&Moments::new(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
}

#[test]
fn centring_keeps_what_a_large_mean_hides() {
    // Milliseconds since 1970, and one value far off zero in every row.
    let small: Vec<i64> = (0..5000).map(|row| row * row % 977).collect();
    let large: Vec<i64> = small.iter().map(|x| x + 1_700_000_000_000).collect();
    let wanted = vec![true; small.len()];
    let small = Moments::from_segment(&exact_columns(&[small.clone(), small], 0), &wanted);
    let large = Moments::from_segment(&exact_columns(&[large.clone(), large], 0), &wanted);
    assert!(large.is_exact());
    assert_eq!(large.centred(), small.centred());
    let constant = vec![0.1; 3000];
    let varying: Vec<f64> = (0..3000).map(f64::from).collect();
    let columns = [MomentColumn::Float(&constant), MomentColumn::Float(&varying)];
    let moments = Moments::from_segment(&columns, &vec![true; 3000]);
    let centred = moments.centred();
    assert_eq!(centred[..3], [0.0; 3]);
    assert!((centred[3] - (3000f64.powi(3) - 3000.0) / 12.0).abs() < 1e-3);
}

#[test]
fn stored_parts_are_checked() {
    let exact = |exponents: Vec<u32>, sums: Vec<i128>| MomentParts::Exact { exponents, sums };
    let bad = [
        (1, exact(vec![], vec![2, 1, 1])),
        (1, exact(vec![39], vec![2, 1, 1])),
        (1, exact(vec![0], vec![2, 1])),
        (1, exact(vec![0], vec![3, 1, 1])),
        (1, exact(vec![0], vec![2, 1, -1])),
        (1, MomentParts::Float(vec![2.0, 1.0])),
        (1, MomentParts::Float(vec![f64::NAN, 1.0, 1.0])),
        (0, MomentParts::Float(vec![])),
    ];
    for (columns, parts) in bad {
        let error = Moments::from_parts(columns, 2, 0, parts.clone()).expect_err(&format!("{parts:?}"));
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }
    // Numbers that no rows have are no reason to panic.
    let wild = exact(vec![38, 0], vec![1, i128::MIN, i128::MAX, i128::MAX, i128::MIN, i128::MAX]);
    let mut moments = Moments::from_parts(2, 1, u64::MAX, wild).unwrap();
    assert_eq!(moments.centred().len(), 4);
    assert_eq!(moments.value(0, 1), -2f64.powi(127) / 1e38);
    assert!(moments.merge(&moments.clone()).is_err());
    assert!(moments.merge(&Moments::new(2)).is_ok());
}
