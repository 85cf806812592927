//! The coreset section (spec, chapter 6): few rows with weights that have the second moments of all.

use zerocopy::little_endian::{F64, U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, Result};

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Head {
    columns: U32,
    zero: U32,
    rows: U64,
    reserved: [u8; 48],
}

/// The section's content.
#[derive(Clone, Debug, PartialEq)]
pub struct CoresetSection {
    /// Nodes of the features, then of the target.
    pub columns: Vec<u32>,
    /// Row by row its values in the columns, then its weight.
    pub values: Vec<f64>,
}

impl CoresetSection {
    /// The section's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = Head::new_zeroed();
        head.columns = (self.columns.len() as u32).into();
        head.rows = ((self.values.len() / (self.columns.len() + 1)) as u64).into();
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend_from_slice(self.columns.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        self.values.iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
        bytes
    }

    /// Reads the section; `nodes` is the number of nodes of the schema.
    pub fn read(bytes: &[u8], nodes: usize) -> Result<Self> {
        let bad = |what: &str| Error::corrupt(format!("coreset: {what}"));
        let (head, rest) = Head::ref_from_prefix(bytes).map_err(|_| bad("too short"))?;
        let k = head.columns.get() as usize;
        let (columns, rest) =
            <[U32]>::ref_from_prefix_with_elems(rest, k).map_err(|_| bad("its columns are cut short"))?;
        let (padding, rest) =
            rest.split_at_checked(k % 2 * 4).ok_or_else(|| bad("its rows are cut short"))?;
        let values = <[F64]>::ref_from_bytes(rest).map_err(|_| bad("its rows are cut short"))?;
        let zeros = head.zero.get() == 0 && head.reserved == [0; 48] && padding.iter().all(|&b| b == 0);
        let whole = u128::from(head.rows.get()) * (k as u128 + 1) == values.len() as u128;
        let few = u128::from(head.rows.get()) <= (k as u128 + 1) * (k as u128 + 2) / 2;
        let known = k > 0 && columns.iter().all(|node| (node.get() as usize) < nodes);
        let values: Vec<f64> = values.iter().map(|v| v.get()).collect();
        let weights = values.iter().skip(k).step_by(k + 1);
        if !zeros
            || !whole
            || !few
            || !known
            || !values.iter().all(|v| v.is_finite())
            || weights.into_iter().any(|&w| w <= 0.0)
        {
            return Err(bad("it is not as the format has it"));
        }
        Ok(Self { columns: columns.iter().map(|node| node.get()).collect(), values })
    }
}
