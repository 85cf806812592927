//! Lane transforms as a file stores them (spec, section 4.1).

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, Result};
use crate::format::directory::Feature;

const DECIMAL: Feature = Feature::required(16, "decimal");
const STEP: Feature = Feature::required(22, "step");

/// The features of all transforms.
pub(crate) const FEATURES: [Feature; 2] = [DECIMAL, STEP];

/// How a lane's values become fields.
#[derive(
    Clone, Copy, Default, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct LaneTransform {
    pub kind: u8,
    pub width: u8,
    pub exponent: u8,
    pub zero: u8,
    /// The number of the dictionary or of the symbols; for other kinds what fields are multiplied by, 0 for 1.
    pub dictionary: U32,
    pub minimum: U64,
}

/// The kinds of transforms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransformKind {
    #[default]
    Offset,
    Decimal,
    Dictionary,
    /// Offset, of strings in symbols.
    Symbols,
}

impl LaneTransform {
    /// Bytes of an entry.
    pub const SIZE: u64 = 16;

    /// The features that readers of such a transform know.
    pub fn features(&self) -> impl Iterator<Item = Feature> {
        let names = [TransformKind::Dictionary as u8, TransformKind::Symbols as u8];
        let decimal = (self.kind == TransformKind::Decimal as u8).then_some(DECIMAL);
        let step = (!names.contains(&self.kind) && self.dictionary.get() > 0).then_some(STEP);
        [decimal, step].into_iter().flatten()
    }

    /// Its kind, once width, exponent and reserved bytes are as the spec has them.
    pub fn kind(&self) -> Result<TransformKind> {
        let kind = match self.kind {
            0 => TransformKind::Offset,
            1 => TransformKind::Decimal,
            2 => TransformKind::Dictionary,
            3 => TransformKind::Symbols,
            k => return Err(Error::corrupt(format!("a lane has the unknown transform {k}"))),
        };
        let decimal = kind == TransformKind::Decimal;
        let dictionary = kind == TransformKind::Dictionary;
        let fits = self.width <= 64
            && self.exponent <= 22
            && (decimal || self.exponent == 0)
            && (!dictionary || self.minimum.get() == 0)
            && self.zero == 0;
        if fits { Ok(kind) } else { Err(Error::corrupt("a lane's transform is out of range")) }
    }
}
