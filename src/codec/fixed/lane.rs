//! The role of the bits of a lane, and the transform of its fields.

use crate::codec::transform::lane_transform::{LaneTransform, TransformKind};
use crate::error::Result;

/// How one lane is cut, and how its fields become values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lane {
    pub kind: TransformKind,
    pub exponent: u8,
    pub dictionary: u32,
    /// Factor of the fields; 0 stands for 1.
    pub step: u32,
    pub minimum: u64,
    /// The largest field whose value is within the lane's type.
    pub most: u64,
    /// Bits that are 1 in every row.
    pub constant: u64,
    /// Positions kept in the base table, and where they are in a base.
    pub base_mask: u64,
    pub base_offset: u64,
    /// Positions kept in the record, and where they are in a record.
    pub deviation_mask: u64,
    pub deviation_offset: u64,
}

impl Lane {
    /// A lane of no bits with a transform, whose fields are at most `most`.
    pub fn new(t: &LaneTransform, most: u64) -> Result<Self> {
        let kind = t.kind()?;
        let (dictionary, step) = match kind {
            TransformKind::Dictionary | TransformKind::Symbols => (t.dictionary.get(), 0),
            TransformKind::Offset | TransformKind::Decimal => (0, t.dictionary.get()),
        };
        let minimum = t.minimum.get();
        Ok(Self { kind, exponent: t.exponent, dictionary, step, minimum, most, ..Self::default() })
    }

    /// True if one of these fields of the lane has a value outside of its type. The masks decide for most lanes, so
    /// that no field is looked at.
    #[inline]
    pub fn is_exceeded(&self, fields: &[u64]) -> bool {
        let largest = self.constant | self.base_mask | self.deviation_mask;
        if largest <= self.most {
            return false;
        }
        if largest >> 63 == 0 {
            // The top bit of a difference is its sign: no comparisons, which few vector units have for 64 bits.
            let most = self.most.min(u64::MAX >> 1);
            return fields.iter().fold(0, |signs, &field| signs | most.wrapping_sub(field)) >> 63 == 1;
        }
        fields.iter().fold(0, |largest, &field| field.max(largest)) > self.most
    }

    /// True if minimum plus field fits in an i32, whatever the field.
    pub fn fits_i32(&self) -> bool {
        let largest =
            (self.constant | self.base_mask | self.deviation_mask).checked_mul(self.step.max(1).into());
        let least = self.minimum as i64;
        let most = largest.and_then(|l| i64::try_from(l).ok()).and_then(|l| least.checked_add(l));
        i32::try_from(least).is_ok() && most.is_some_and(|m| i32::try_from(m).is_ok())
    }
}
