//! The inner loop of moments: sums of products of columns over the rows of a segment, block by block.

use crate::summary::moments::column::{MAX_EXPONENT, MomentColumn};
use crate::summary::moments::double::Double;

/// Rows of a block. Its products are summed plainly, blocks exactly or compensated.
const BLOCK: usize = 64;

/// Integers up to here, and their sums, are exact in f64.
const EXACT: u128 = 1 << f64::MANTISSA_DIGITS;

/// Rows of a segment to sum: those wanted with a finite value in every column.
pub(crate) fn rows_to_sum(columns: &[MomentColumn], wanted: &[bool]) -> Vec<usize> {
    let mut wanted = wanted.to_vec();
    for column in columns {
        if let MomentColumn::Float(values) = column {
            wanted.iter_mut().zip(*values).for_each(|(wanted, x)| *wanted &= x.is_finite());
        }
    }
    (0..wanted.len()).filter(|&row| wanted[row]).collect()
}

/// The upper triangle of the sum of `z z^T`, z = (1, columns), over some rows, as integers: none if a
/// column is not exact or a sum might not fit.
pub(crate) fn exact(columns: &[MomentColumn], rows: &[usize]) -> Option<Vec<i128>> {
    let mut integers = Vec::with_capacity(columns.len());
    for column in columns {
        match column {
            MomentColumn::Exact { q, exponent } if *exponent <= MAX_EXPONENT => integers.push(*q),
            _ => return None,
        }
    }
    let largest = |q: &[i64]| rows.iter().map(|&row| q[row].unsigned_abs()).fold(0, u64::max);
    let mut magnitudes = vec![1];
    magnitudes.extend(integers.iter().map(|q| u128::from(largest(q))));
    let most = magnitudes.iter().copied().fold(1, u128::max);
    let bound = (most * most).checked_mul(rows.len() as u128)?;
    if bound > i128::MAX as u128 {
        return None;
    }

    let mut narrow = vec![[0.0; BLOCK]; columns.len() + 1];
    let mut wide = vec![[0; BLOCK]; columns.len() + 1];
    let mut sums = vec![0; triangle(columns.len())];
    for rows in rows.chunks(BLOCK) {
        fill(&mut wide, rows, 1, 0, |column, row| integers[column][row]);
        for (narrow, wide) in narrow.iter_mut().zip(&wide) {
            *narrow = wide.map(|q| q as f64);
        }
        let mut sum = sums.iter_mut();
        for i in 0..wide.len() {
            for (j, sum) in (i..wide.len()).zip(&mut sum) {
                *sum += if magnitudes[i] * magnitudes[j] <= EXACT / BLOCK as u128 {
                    dot(&narrow[i], &narrow[j]) as i64 as i128
                } else {
                    wide[i].iter().zip(&wide[j]).map(|(&a, &b)| i128::from(a) * i128::from(b)).sum()
                };
            }
        }
    }
    Some(sums)
}

/// The same sums in floating point, compensated from block to block.
pub(crate) fn compensated(columns: &[MomentColumn], rows: &[usize]) -> Vec<Double> {
    let power = |column: &MomentColumn| match column {
        MomentColumn::Exact { exponent, .. } => Double::power_of_ten(*exponent).value(),
        MomentColumn::Float(_) => 1.0,
    };
    let powers: Vec<f64> = columns.iter().map(power).collect();
    let mut block = vec![[0.0; BLOCK]; columns.len() + 1];
    let mut sums = vec![Double::default(); triangle(columns.len())];
    for rows in rows.chunks(BLOCK) {
        fill(&mut block, rows, 1.0, 0.0, |column, row| match columns[column] {
            MomentColumn::Exact { q, .. } => q[row] as f64 / powers[column],
            MomentColumn::Float(values) => values[row],
        });
        let mut sum = sums.iter_mut();
        for i in 0..block.len() {
            for (j, sum) in (i..block.len()).zip(&mut sum) {
                sum.add(dot(&block[i], &block[j]));
            }
        }
    }
    sums
}

/// Numbers in the upper triangle of z z^T with so many columns beside the 1.
pub(crate) fn triangle(columns: usize) -> usize {
    (columns + 1) * (columns + 2) / 2
}

/// Lays out z of at most 64 rows: the 1, then the columns; zero beyond the rows.
fn fill<T: Copy>(
    block: &mut [[T; BLOCK]],
    rows: &[usize],
    one: T,
    zero: T,
    value: impl Fn(usize, usize) -> T,
) {
    for (place, column) in block.iter_mut().enumerate() {
        *column = [zero; BLOCK];
        for (to, &row) in column.iter_mut().zip(rows) {
            *to = if place == 0 { one } else { value(place - 1, row) };
        }
    }
}

/// Sum of products, in an order that is fixed and that vector units like.
fn dot(a: &[f64; BLOCK], b: &[f64; BLOCK]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}
