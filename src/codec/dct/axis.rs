//! One-dimensional inverse DCTs along an axis, split into even and odd coefficients.
//!
//! An even coefficient adds the same to values n and N - 1 - n, an odd one opposite amounts; the even ones
//! alone are a DCT of half the length. So a length is cut into *bands* of coefficients, each a product with a
//! smaller matrix. Sums are modulo 2^32: the split changes no bit of what the whole matrix would give.

use crate::codec::dct::cosines::Cosines;
use crate::codec::dct::vectors::LANES;

/// Times a length is halved at most: smaller products do not fill a vector.
const HALVINGS: u32 = 2;

/// The axis of a line: each takes one form of the weights.
#[derive(Clone, Copy, PartialEq)]
pub enum Along {
    Column,
    Row,
}

/// The coefficients `first`, `first + step`, ... and what they add to the first `values` values.
pub struct Band {
    pub first: usize,
    pub step: usize,
    /// As many coefficients as values.
    pub values: usize,
    /// Down a column: weight of coefficient j on value n at `n * values + j`.
    pub by_value: Vec<i32>,
    /// Along a row: weight of coefficient j on value n at `j * padded + n`.
    pub by_coefficient: Vec<i32>,
    /// `values`, rounded up to vectors.
    pub padded: usize,
}

impl Band {
    fn new(cosines: &Cosines, along: Along, first: usize, step: usize, values: usize) -> Self {
        let padded = values.next_multiple_of(LANES);
        let weight = |j: usize, n: usize| cosines.weight(first + j * step, n);
        let place = |at: usize| if at % padded < values { weight(at / padded, at % padded) } else { 0 };
        let (by_value, by_coefficient) = match along {
            Along::Column => {
                ((0..values * values).map(|at| weight(at % values, at / values)).collect(), Vec::new())
            }
            Along::Row => (Vec::new(), (0..values * padded).map(place).collect()),
        };
        Self { first, step, values, by_value, by_coefficient, padded }
    }
}

/// The bands of a length: the most even one first, so that each joins all before it.
pub fn bands(length: usize, along: Along) -> Vec<Band> {
    let cosines = Cosines::new(length);
    let halvings = length.trailing_zeros().min(HALVINGS);
    let even = Band::new(&cosines, along, 0, 1 << halvings, length >> halvings);
    let odd = (0..halvings).rev().map(|h| Band::new(&cosines, along, 1 << h, 2 << h, length >> (h + 1)));
    std::iter::once(even).chain(odd).collect()
}
