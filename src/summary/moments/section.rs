//! The moments section (spec, chapter 6).

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, Result};
use crate::summary::moments::matrix::{MomentParts, Moments};

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Head {
    columns: U32,
    exact: u8,
    target: u8,
    zero: [u8; 2],
    rows: U64,
    left_out: U64,
    reserved: [u8; 40],
}

/// The section's content; each sum is 16 bytes that `exact` gives a meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct MomentsSection {
    pub exact: bool,
    /// True if the last column is the target.
    pub target: bool,
    pub rows: u64,
    pub left_out: u64,
    /// Node and decimal exponent of each column.
    pub columns: Vec<(u32, u32)>,
    pub sums: Vec<[u8; 16]>,
}

impl MomentsSection {
    /// The section's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = Head::new_zeroed();
        head.columns = (self.columns.len() as u32).into();
        (head.exact, head.target) = (self.exact.into(), self.target.into());
        (head.rows, head.left_out) = (self.rows.into(), self.left_out.into());
        let mut bytes = head.as_bytes().to_vec();
        for &(node, exponent) in &self.columns {
            bytes.extend_from_slice([node, exponent].as_bytes());
        }
        bytes.extend_from_slice(self.sums.as_bytes());
        bytes
    }

    /// Reads the section; `nodes` is the number of nodes of the schema.
    pub fn read(bytes: &[u8], nodes: usize) -> Result<Self> {
        let bad = |what: &str| Error::corrupt(format!("moments: {what}"));
        let (head, rest) = Head::ref_from_prefix(bytes).map_err(|_| bad("too short"))?;
        let k = head.columns.get() as usize;
        let (columns, rest) = <[[U32; 2]]>::ref_from_prefix_with_elems(rest, k)
            .map_err(|_| bad("its columns are cut short"))?;
        let sums = <[[u8; 16]]>::ref_from_bytes(rest).map_err(|_| bad("its sums are cut short"))?;
        let known = columns.iter().all(|[node, _]| (node.get() as usize) < nodes);
        let flags = head.exact <= 1 && head.target <= 1 && head.zero == [0; 2] && head.reserved == [0; 40];
        if !known || !flags || sums.len() as u128 != (k as u128 + 1) * (k as u128 + 2) / 2 {
            return Err(bad("it is not as the format has it"));
        }
        Ok(Self {
            exact: head.exact == 1,
            target: head.target == 1,
            rows: head.rows.get(),
            left_out: head.left_out.get(),
            columns: columns.iter().map(|[node, exponent]| (node.get(), exponent.get())).collect(),
            sums: sums.to_vec(),
        })
    }
}

impl MomentsSection {
    /// The sums of the columns.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn moments(&self) -> Result<Moments> {
        let parts = match self.exact {
            true => MomentParts::Exact {
                exponents: self.columns.iter().map(|c| c.1).collect(),
                sums: self.sums.iter().map(|s| i128::from_le_bytes(*s)).collect(),
            },
            false => MomentParts::Float(
                self.sums.iter().map(|s| f64::from_bits(u128::from_le_bytes(*s) as u64)).collect(),
            ),
        };
        Moments::from_parts(self.columns.len(), self.rows, self.left_out, parts)
    }
}
