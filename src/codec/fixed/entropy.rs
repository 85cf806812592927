//! Entropy of a bit position (equation 6), and the integer that orders positions as it does.

/// Entropy in bits of a position where `ones` of `n` rows are 1: equation 6 with `p = ones / n`.
/// 0 for a constant position and for no rows.
#[cfg(test)]
pub fn binary_entropy(ones: u64, n: u64) -> f64 {
    let skew = skew(ones, n);
    if skew == 0 {
        return 0.0;
    }
    let p = skew as f64 / n as f64;
    -p * p.log2() - (1.0 - p) * (1.0 - p).log2()
}

/// Rows with the rarer value: `min(ones, n - ones)`. It grows with [`binary_entropy`] and, unlike a
/// logarithm, is the same on every machine; positions are ordered by it.
pub fn skew(ones: u64, n: u64) -> u64 {
    ones.min(n.saturating_sub(ones))
}
