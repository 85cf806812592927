//! Sizes as the paper counts them: bits without a container.

use crate::bits::id_bits;

/// Equation 1 without its parameters, in bits: `n` rows and `m` condensed samples over `n_b` bases of
/// `l_b` bits (constant ones included) and `l_d` deviation bits.
pub fn paper_bits(n: u64, m: u64, n_b: u64, l_b: u64, l_d: u64) -> u128 {
    let record = u128::from(id_bits(n_b)) + u128::from(l_d);
    let (n_b, l_b, rows) = (u128::from(n_b), u128::from(l_b), u128::from(n) + u128::from(m));
    n_b * l_b + rows * record + u128::from(m) * u128::from(id_bits(n))
}
