//! Lane transforms as a file stores them (spec, chapter 4.1).

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Largest exponent of a transform.
pub(crate) const MAX_EXPONENT: u8 = 22;

/// How a lane's values become fields.
#[derive(
    Clone, Copy, Default, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
pub struct LaneTransform {
    /// The number of a [`Transform`](crate::codec::transform::kind::Transform).
    pub kind: u8,
    pub width: u8,
    pub exponent: u8,
    pub zero: u8,
    /// The word of the transform, whose meaning its kind gives: a step, or the number of a dictionary or of symbols.
    pub dictionary: U32,
    pub minimum: U64,
}

impl LaneTransform {
    /// Bytes of an entry.
    pub const SIZE: u64 = 16;
}
