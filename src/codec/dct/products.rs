//! Matrix products in wrapping 32-bit integers, eight columns at a time.

use crate::codec::dct::vectors::{LANES, Lanes};

/// Rows of a product made together.
const ROWS: usize = 4;

/// The left matrix of a product: entry (r, j) is `data[start + r * row + j * column]`.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    pub data: &'a [i32],
    pub start: usize,
    pub row: usize,
    pub column: usize,
    pub rows: usize,
    /// Columns here, rows of the right matrix.
    pub depth: usize,
}

/// The right matrix: row j starts at `data[start + j * row]`.
#[derive(Clone, Copy)]
pub struct Right<'a> {
    pub data: &'a [i32],
    pub start: usize,
    pub row: usize,
    /// A multiple of `LANES`.
    pub columns: usize,
}

/// Writes left x right to `out`, whose rows start `stride` apart. All sums are modulo 2^32.
#[inline(always)]
pub fn product<V: Lanes>(proof: V::Proof, left: &Left, right: &Right, out: &mut [i32], stride: usize) {
    let extent = |start: usize, n: usize, by: usize, m: usize, size: usize| match (n, m) {
        (0, _) | (_, 0) => 0,
        _ => start + (n - 1) * by + (m - 1) * size + 1,
    };
    let left_end = extent(left.start, left.rows, left.row, left.depth, left.column);
    let right_end = extent(right.start, left.depth, right.row, right.columns, 1);
    let fits = left_end <= left.data.len() && right_end <= right.data.len();
    if !fits || right.columns % LANES != 0 || extent(0, left.rows, stride, right.columns, 1) > out.len() {
        debug_assert!(false, "matrices do not fit");
        return;
    }
    let mut r = 0;
    while r + ROWS <= left.rows {
        // SAFETY: rows r to r + ROWS - 1 exist, and the extents were compared above.
        unsafe { block::<V, ROWS>(proof, left, right, r, out, stride) };
        r += ROWS;
    }
    while r < left.rows {
        // SAFETY: as above, for one row.
        unsafe { block::<V, 1>(proof, left, right, r, out, stride) };
        r += 1;
    }
}

/// Rows `first` to `first + R - 1` of the product.
///
/// # Safety
/// These rows, all rows and columns of `right`, and these rows of `out` are within their slices.
#[inline(always)]
unsafe fn block<V: Lanes, const R: usize>(
    proof: V::Proof,
    left: &Left,
    right: &Right,
    first: usize,
    out: &mut [i32],
    stride: usize,
) {
    let (weights, values, out) = (left.data.as_ptr(), right.data.as_ptr(), out.as_mut_ptr());
    for x in (0..right.columns).step_by(LANES) {
        let mut sums = [V::splat(proof, 0); R];
        for j in 0..left.depth {
            // SAFETY: within the extents that the caller vouches for.
            let values = unsafe { V::load(proof, values.add(right.start + j * right.row + x)) };
            for (r, sum) in sums.iter_mut().enumerate() {
                let at = left.start + (first + r) * left.row + j * left.column;
                // SAFETY: likewise.
                let weight = V::splat(proof, unsafe { *weights.add(at) });
                *sum = sum.plus(weight.times(values));
            }
        }
        for (r, sum) in sums.iter().enumerate() {
            // SAFETY: likewise.
            unsafe { sum.store(out.add((first + r) * stride + x)) };
        }
    }
}
