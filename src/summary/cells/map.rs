//! How many cells there are, and which a row is in.

use crate::error::{Error, Result};

/// Counts the distinct prefixes of cell keys exactly, and finds the longest that leaves few enough
/// cells. Keys may come in any order and number; memory is 24 to 48 bytes a cell of the limit.
#[derive(Clone, Debug)]
pub struct Prefixes {
    beta: usize,
    limit: usize,
    fixed: bool,
    table: KeyTable,
}

impl Prefixes {
    /// Looks for the largest `beta` of at most `bits` bits with at most `max_cells` cells (1 at least).
    pub fn largest(bits: usize, max_cells: usize) -> Self {
        Self { beta: bits.min(128), limit: max_cells.max(1), fixed: false, table: KeyTable::default() }
    }

    /// Takes `beta` bits, and fails with more than `max_cells` cells.
    pub fn fixed(beta: usize, max_cells: usize) -> Self {
        Self { beta: beta.min(128), limit: max_cells.max(1), fixed: true, table: KeyTable::default() }
    }

    /// Takes in a row's cell key.
    ///
    /// # Errors
    /// `Argument` if a fixed `beta` leads to more cells than the limit.
    pub fn insert(&mut self, key: u128) -> Result<()> {
        self.table.insert(prefix(key, self.beta));
        if self.table.keys.len() > self.limit {
            if self.fixed {
                let Self { beta, limit, .. } = self;
                return Err(Error::argument(format!(
                    "{beta} cell bits make more than {limit} cells: take fewer"
                )));
            }
            self.shorten();
        }
        Ok(())
    }

    /// Shortens the prefix until there are few enough cells. Rows to come only add cells, so the
    /// `beta` sought is never longer than this.
    fn shorten(&mut self) {
        let mut keys = std::mem::take(&mut self.table).keys;
        keys.sort_unstable();
        let mut first_differ_at = [0; 128];
        for pair in keys.windows(2) {
            first_differ_at[(pair[0] ^ pair[1]).leading_zeros() as usize] += 1;
        }
        let mut cells = 1;
        self.beta = first_differ_at
            .iter()
            .take_while(|&&more| {
                cells += more;
                cells <= self.limit
            })
            .count();
        for key in &mut keys {
            *key = prefix(*key, self.beta);
        }
        keys.dedup();
        self.table = KeyTable::new(keys);
    }

    /// The `beta` bits and the cells found: none if there was no key.
    pub fn finish(self) -> CellMap {
        let mut keys = self.table.keys;
        keys.sort_unstable();
        CellMap { beta: self.beta, table: KeyTable::new(keys) }
    }
}

/// The cells of a file, sorted by their prefixes.
#[derive(Clone, Debug)]
pub struct CellMap {
    beta: usize,
    table: KeyTable,
}

impl CellMap {
    /// Number of bits that define a cell.
    pub fn beta(&self) -> usize {
        self.beta
    }

    /// Number of cells, `m`.
    pub fn len(&self) -> usize {
        self.table.keys.len()
    }

    /// The cells' prefixes, ascending: `beta` bits from the top, then zeros.
    #[cfg(test)]
    pub fn prefixes(&self) -> &[u128] {
        &self.table.keys
    }

    /// The cell of a row by its cell key; none if no such row was counted.
    pub fn cell(&self, key: u128) -> Option<u32> {
        self.table.find(prefix(key, self.beta)).ok()
    }
}

/// The first `beta` bits of a key.
fn prefix(key: u128, beta: usize) -> u128 {
    if beta < 128 { key & !(u128::MAX >> beta) } else { key }
}

/// Distinct keys in the order they came, and an open-addressed table of where they are: 16 bytes a
/// key (twice that while they grow) and 8 to 16 for the table.
#[derive(Clone, Debug, Default)]
struct KeyTable {
    keys: Vec<u128>,
    slots: Vec<u32>,
}

/// No key in this slot.
const FREE: u32 = u32::MAX;

impl KeyTable {
    /// The table of distinct keys.
    fn new(keys: Vec<u128>) -> Self {
        let mut table = Self { keys, slots: Vec::new() };
        table.grow();
        table
    }

    /// Rebuilds the table so that it stays at most half full with one key more.
    fn grow(&mut self) {
        self.slots.clear();
        self.slots.resize((2 * self.keys.len() + 2).next_power_of_two().max(64), FREE);
        for at in 0..self.keys.len() {
            if let Err(slot) = self.find(self.keys[at]) {
                self.slots[slot] = at as u32;
            }
        }
    }

    /// Where a key is, or else the free slot where it would be.
    fn find(&self, key: u128) -> std::result::Result<u32, usize> {
        let last = self.slots.len().wrapping_sub(1);
        let mut slot = hash(key) as usize & last;
        loop {
            match self.slots.get(slot) {
                None | Some(&FREE) => return Err(slot),
                Some(&at) if self.keys[at as usize] == key => return Ok(at),
                _ => slot = (slot + 1) & last,
            }
        }
    }

    fn insert(&mut self, key: u128) {
        if self.slots.len() < 2 * (self.keys.len() + 1) {
            self.grow();
        }
        if let Err(slot) = self.find(key) {
            self.slots[slot] = self.keys.len() as u32;
            self.keys.push(key);
        }
    }
}

/// Two rounds of multiply and fold: every bit of the key reaches the low bits.
fn hash(key: u128) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut h = ((key >> 64) as u64).wrapping_mul(ODD) ^ key as u64;
    h = (h ^ h >> 32).wrapping_mul(ODD);
    h ^ h >> 32
}
