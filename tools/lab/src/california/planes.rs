//! Bit planes, and sizes as the paper counts them: bits without a container.

/// The bits of a table turned sideways: a bit a row for each bit position. Positions are numbered lane by lane, within a
/// lane from its least significant bit; row `i` is bit `i % 64` of word `i / 64`.
pub struct BitPlanes {
    rows: usize,
    planes: Vec<Vec<u64>>,
}

impl BitPlanes {
    /// No lanes yet, of so many rows.
    pub fn new(rows: usize) -> Self {
        Self { rows, planes: Vec::new() }
    }

    /// Adds a lane of `width` bits: one value a row.
    pub fn push_lane(&mut self, width: u8, values: &[u64]) {
        for bit in 0..width {
            let mut plane = vec![0; self.rows.div_ceil(64)];
            for (row, value) in values.iter().enumerate() {
                plane[row / 64] |= (value >> bit & 1) << (row % 64);
            }
            self.planes.push(plane);
        }
    }

    /// Bit positions, `l_t` of the paper.
    pub fn len(&self) -> usize {
        self.planes.len()
    }

    /// The bits of a position, one a row.
    pub fn plane(&self, position: usize) -> &[u64] {
        &self.planes[position]
    }

    /// The positions that are not constant by increasing entropy, ties by position. Rows with the rarer bit grow with
    /// the entropy.
    pub fn by_entropy(&self) -> Vec<usize> {
        let rarer = |position: &usize| {
            let ones: u64 = self.planes[*position].iter().map(|word| u64::from(word.count_ones())).sum();
            ones.min(self.rows as u64 - ones)
        };
        let mut varying: Vec<usize> = (0..self.len()).filter(|position| rarer(position) > 0).collect();
        varying.sort_by_key(rarer);
        varying
    }
}

/// Equation 1 without its parameters, in bits: `n` rows and `m` condensed samples over `n_b` bases of `l_b` bits
/// (constant ones included) and `l_d` deviation bits.
pub fn paper_bits(n: u64, m: u64, n_b: u64, l_b: u64, l_d: u64) -> u128 {
    let id_bits = |count: u64| u128::from(u64::BITS - count.saturating_sub(1).leading_zeros());
    let (bases, rows) = (u128::from(n_b) * u128::from(l_b), u128::from(n) + u128::from(m));
    bases + rows * (id_bits(n_b) + u128::from(l_d)) + u128::from(m) * id_bits(n)
}
