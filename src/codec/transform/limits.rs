//! Limits of a lane's stored numbers, from its transform and the values of its type (spec, chapter 4.1).

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::codec::transform::TransformKind;
use crate::codec::transform::kind::{Role, Word};
use crate::codec::transform::lane_transform::LaneTransform;
use crate::error::{Error, Result};
use crate::format::schema::Node;

/// Widest lane of an image.
const IMAGE_LANE_BITS: u8 = 32;

/// A column as the place of an error.
pub(crate) fn column_place(name: &str) -> String {
    format!("column \"{name}\"")
}

/// The error of a lane's value that its type does not have.
pub(crate) fn outside(node: &Node, lane: u32, kind: TransformKind) -> Error {
    if lane < node.first_value_lane() {
        return Error::corrupt("a validity is neither 0 nor 1");
    }
    if let Some(what) = kind.outside() {
        return Error::corrupt(what);
    }
    Error::corrupt(format!("a stored number is outside of its type, {:?} of {} bits", node.kind, node.bits))
}

/// The largest field of a lane whose value is within its type.
///
/// # Errors
/// `Corrupt` if the node's lane cannot have the transform, or no field has a value within the type.
pub(crate) fn lane_limit(node: &Node, lane: u32, transform: &LaneTransform) -> Result<u64> {
    let kind = TransformKind::new(transform)?;
    let (role, word) = (Role::new(node, lane), transform.dictionary.get());
    if !kind.takes(node, role, word) || (role == Role::Pixel && transform.width > IMAGE_LANE_BITS) {
        return Err(Error::corrupt("a transform that its type does not take"));
    }
    let is_left = |dictionary| kind.word() != Word::Dictionary || dictionary != word;
    if role == Role::Place && node.dictionary.is_some_and(is_left) {
        return Err(Error::corrupt("a block of it leaves its dictionary"));
    }
    let step = if kind.word() == Word::Step { u64::from(word.max(1)) } else { 1 };
    let room = kind.room(node, role, transform.minimum.get());
    room.map(|room| room / step).ok_or_else(|| outside(node, lane, kind))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::format::schema::Kind;
    use crate::format::schema_builder::SchemaBuilder;

    /// The largest field of the first value lane, or of the validity lane, of a nullable column; none if it is refused.
    fn limit(kind: Kind, bits: u16, value: bool, (number, word, minimum): (u8, u32, u64)) -> Option<u64> {
        let mut builder = SchemaBuilder::default();
        let length = if kind == Kind::FixedBytes { 2 } else { 0 };
        builder.push(None, "x", kind, true, bits, length).unwrap();
        let schema = builder.finish();
        let transform = LaneTransform {
            kind: number,
            width: 8,
            dictionary: word.into(),
            minimum: minimum.into(),
            ..LaneTransform::default()
        };
        lane_limit(&schema.nodes()[0], u32::from(value), &transform).ok()
    }

    #[test]
    fn fields_stay_within_the_type_of_their_lane() {
        let offset = |kind, bits, minimum| limit(kind, bits, true, (0, 0, minimum));
        assert_eq!(offset(Kind::Bool, 1, 0), Some(1));
        assert_eq!(offset(Kind::Bool, 1, 2), None);
        assert_eq!(offset(Kind::Unsigned, 8, 200), Some(55));
        assert_eq!(offset(Kind::Unsigned, 8, 256), None);
        assert_eq!(offset(Kind::Signed, 16, 0xFFFF), Some(0));
        assert_eq!(offset(Kind::Float, 32, 1 << 32), None);
        assert_eq!(offset(Kind::Unsigned, 64, u64::MAX), Some(0));
        assert_eq!(offset(Kind::FixedBytes, 8, 255), Some(0));
        assert_eq!(offset(Kind::FixedBytes, 8, 256), None);
        assert_eq!(limit(Kind::Unsigned, 8, true, (0, 7, 200)), Some(7));
        assert_eq!(limit(Kind::Unsigned, 8, false, (0, 0, 1)), Some(0));
        assert_eq!(limit(Kind::Unsigned, 8, false, (0, 0, 2)), None);
    }

    #[test]
    fn decimals_stay_within_53_bits() {
        let decimal = |minimum: i64, step| limit(Kind::Float, 64, true, (1, step, minimum as u64));
        assert_eq!(decimal(0, 0), Some(1 << 53));
        assert_eq!(decimal(-(1 << 53), 0), Some(1 << 54));
        assert_eq!(decimal((1 << 53) - 10, 4), Some(2));
        assert_eq!(decimal((1 << 53) + 1, 0), None);
        assert_eq!(decimal(-(1 << 53) - 1, 0), None);
    }

    #[test]
    fn steps_and_transforms_are_for_the_lanes_that_take_them() {
        assert_eq!(limit(Kind::Unsigned, 8, false, (0, 3, 0)), None);
        assert_eq!(limit(Kind::FixedBytes, 8, true, (0, 3, 0)), None);
        assert_eq!(limit(Kind::Decimal, 128, true, (0, 3, 0)), None);
        assert_eq!(limit(Kind::Text, 0, true, (0, 3, 0)), None);
        for (kind, bits) in [(Kind::Signed, 32), (Kind::Decimal, 64), (Kind::Bool, 1), (Kind::Text, 0)] {
            assert_eq!(limit(kind, bits, true, (1, 0, 0)), None);
        }
        assert_eq!(limit(Kind::Unsigned, 8, false, (2, 0, 0)), None);
        assert_eq!(limit(Kind::FixedBytes, 8, true, (2, 0, 0)), None);
        assert_eq!(limit(Kind::Unsigned, 8, true, (3, 0, 0)), None);
    }
}
