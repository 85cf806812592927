//! The role of the bits of a lane, and the transform of its fields.

use crate::codec::transform::TransformKind;
use crate::codec::transform::kind::Word;
use crate::codec::transform::lane_transform::LaneTransform;
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
        let kind = TransformKind::new(t)?;
        let (dictionary, step) = match kind.word() {
            Word::Dictionary | Word::Symbols => (t.dictionary.get(), 0),
            Word::Step => (0, t.dictionary.get()),
        };
        let minimum = t.minimum.get();
        Ok(Self { kind, exponent: t.exponent, dictionary, step, minimum, most, ..Self::default() })
    }

    /// True if the field is `constant` in every row.
    #[inline]
    pub fn is_constant(&self) -> bool {
        self.base_mask | self.deviation_mask == 0
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

    /// The largest product of field and step that the lane can hold; none from 2^64 on.
    pub fn largest(&self) -> Option<u64> {
        (self.constant | self.base_mask | self.deviation_mask).checked_mul(self.step.max(1).into())
    }
}
