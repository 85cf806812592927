//! Rows as strings of their cell bits.

use crate::error::{Error, Result};
use crate::summary::cells::bits::{CellBit, MAX_CELL_BITS};
use crate::summary::cells::grid::{Feature, Grid, KEY_BITS};
use crate::summary::features::FeatureColumn;

/// Turns rows into cell keys: a row's cell bits, the first in the top bit of a u128, zeros after the
/// last.
#[derive(Clone, Debug)]
pub struct CellKeys {
    features: Vec<Spread>,
}

/// Where the key bits of one feature go: for each byte of the key that has cell bits, its number and
/// what every value of it adds to the cell key.
#[derive(Clone, Debug)]
struct Spread {
    index: usize,
    feature: Feature,
    bytes: Vec<(u32, Vec<u128>)>,
}

impl CellKeys {
    /// The keys of these bits, most significant first.
    ///
    /// # Errors
    /// `Corrupt` for more than 128 bits, or a feature or a bit that is not there.
    pub fn new(grid: &Grid, bits: &[CellBit]) -> Result<Self> {
        if bits.len() > MAX_CELL_BITS {
            return Err(Error::corrupt(format!("{} cell bits, more than {MAX_CELL_BITS}", bits.len())));
        }
        let mut features: Vec<Spread> = Vec::new();
        for (place, at) in bits.iter().enumerate() {
            let index = at.feature as usize;
            let feature = grid.features.get(index).filter(|_| at.bit < u32::from(KEY_BITS));
            let Some(&feature) = feature else {
                let CellBit { feature, bit } = at;
                return Err(Error::corrupt(format!("no cell bit {bit} of feature {feature}")));
            };
            let known = features.iter().position(|spread| spread.index == index);
            let spread = known.unwrap_or_else(|| {
                features.push(Spread { index, feature, bytes: Vec::new() });
                features.len() - 1
            });
            let bytes = &mut features[spread].bytes;
            let (byte, bit) = (at.bit / 8, at.bit % 8);
            let known = bytes.iter().position(|&(number, _)| number == byte);
            let table = known.unwrap_or_else(|| {
                bytes.push((byte, vec![0; 256]));
                bytes.len() - 1
            });
            for (value, key) in bytes[table].1.iter_mut().enumerate() {
                *key |= (value as u128 >> bit & 1) << (127 - place);
            }
        }
        Ok(Self { features })
    }

    /// The cell keys of a segment of `rows` rows: one column a feature of the grid. `keys` is cleared
    /// first.
    pub fn of_segment(&self, rows: usize, columns: &[FeatureColumn], keys: &mut Vec<u128>) {
        keys.clear();
        keys.resize(rows, 0);
        for spread in &self.features {
            let Some(column) = columns.get(spread.index) else { continue };
            for (key, x) in keys.iter_mut().zip(column.iter()) {
                let bits = spread.feature.key(x);
                for (byte, table) in &spread.bytes {
                    *key |= table[(bits >> (8 * byte) & 255) as usize];
                }
            }
        }
    }
}
