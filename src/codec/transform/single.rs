//! The transform of float64 values that are float32 values: embeddings, and numbers that were computed so.

use std::ops::RangeInclusive;

use crate::bits::mask;
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::codec::transform::kind::{RawColumn, Role, StoredLane, Transform};
use crate::codec::transform::lane_transform::LaneTransform;
use crate::codec::transform::numbers::Order;
use crate::codec::transform::target::{Target, put_raw};
use crate::column::values::Values;
use crate::error::{Error, Result};
use crate::format::features::Feature;
use crate::format::schema::{Kind, Node};

/// Value is the float32 that minimum plus field stand for, in the order of float32.
pub(crate) struct Single;

/// Bits of a float32.
const BITS: u16 = 32;

/// The order of float32.
fn order() -> Order {
    Order::of(Kind::Float, BITS)
}

/// Places in order of minus infinity and of infinity: NaNs are outside.
const NUMBERS: RangeInclusive<u64> = 0x007F_FFFF..=0xFF80_0000;

/// The bits of a float32 whose value is that of the bits of a float64, to the bit. NaNs have none: their bits are not the
/// same on every machine.
fn narrowed(raw: u64) -> Option<u64> {
    let narrow = f64::from_bits(raw) as f32;
    (!narrow.is_nan() && f64::from(narrow).to_bits() == raw).then(|| u64::from(narrow.to_bits()))
}

impl Transform for Single {
    const NUMBER: u8 = 4;
    const FEATURE: Option<Feature> = Some(Feature::required(25, "single"));

    fn takes(node: &Node, role: Role, _: u32) -> bool {
        role == Role::Number && node.kind == Kind::Float && node.bits == 64
    }

    fn room(_: &Node, _: Role, minimum: u64) -> Option<u64> {
        mask(BITS.into()).checked_sub(minimum)
    }

    fn improve(column: &RawColumn, best: &EncodedLane) -> Option<EncodedLane> {
        if column.kind != Kind::Float || column.bits != 64 || u16::from(best.transform.width) <= BITS {
            return None;
        }
        let mut values = Vec::with_capacity(column.raw.len());
        for (row, &raw) in column.raw.iter().enumerate() {
            values.push(if column.is_valid(row) { order().ordered(narrowed(raw)?) } else { 0 });
        }
        let lane = EncodedLane::offset(values, column.valid);
        let transform = LaneTransform { kind: Self::NUMBER, ..lane.transform };
        let lane = EncodedLane { transform, ..lane };
        (lane.bits() < best.bits()).then_some(lane)
    }

    #[inline(always)]
    fn store(_: &Node, lane: &StoredLane, out: &mut Values, target: Target) -> Result<()> {
        let (minimum, order) = (lane.minimum, order());
        let raw =
            |field: u64| f64::from(f32::from_bits(order.raw(minimum.wrapping_add(field)) as u32)).to_bits();
        if !lane.fields.iter().all(|&field| NUMBERS.contains(&minimum.wrapping_add(field))) {
            return Err(Error::corrupt("a float32 that is not a number"));
        }
        put_raw(out, target, lane.fields, raw);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::codec::coding::{Coding, Layout};
    use crate::codec::transform::encode::encode_lane;

    fn lane(raw: &[u64], valid: Option<&[u8]>) -> EncodedLane {
        let coding = Coding { layout: Layout::Compact, without: None, in_runs: false, apart: false };
        encode_lane(&RawColumn { kind: Kind::Float, bits: 64, raw, valid }, coding)
    }

    #[test]
    fn wide_floats_of_narrow_values_take_half_the_bits() {
        let odd = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::from(f32::MIN_POSITIVE / 2.0)];
        let noise = |i: u32| f64::from(f32::from_bits(i.wrapping_mul(2_654_435_761)));
        let mut values: Vec<u64> =
            (0..2000).map(noise).chain(odd).filter(|x| !x.is_nan()).map(f64::to_bits).collect();
        let narrow = lane(&values, None);
        assert_eq!((narrow.transform.kind, narrow.transform.width), (Single::NUMBER, 32));
        let (order, minimum) = (order(), narrow.transform.minimum.get());
        for (&raw, field) in values.iter().zip(&narrow.fields) {
            assert_eq!(f64::from(f32::from_bits(order.raw(minimum + field) as u32)).to_bits(), raw);
        }
        values.push(0.1f64.to_bits());
        assert_ne!(lane(&values, None).transform.kind, Single::NUMBER);
        let mut valid = vec![1; values.len()];
        valid[values.len() - 1] = 0;
        let nulls = lane(&values, Some(&valid));
        assert_eq!((nulls.transform.kind, nulls.fields.last()), (Single::NUMBER, Some(&0)));
    }
}
