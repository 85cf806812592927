//! Columns of numbers to fields: the transform is the one that takes the fewest bits.

use crate::bits::id_bits;
use crate::codec::coding::Coding;
use crate::codec::transform::TransformKind;
use crate::codec::transform::encoded_lane::{EncodedLane, width};
use crate::codec::transform::kind::{RawColumn, Word};
use crate::codec::transform::lane_transform::LaneTransform;
use crate::codec::transform::numbers::Order;
use crate::format::schema::Kind;

/// Encodes raw bits of up to 64 bits each, by offset or by the transforms that the coding has.
pub(crate) fn encode_lane(column: &RawColumn, coding: Coding) -> EncodedLane {
    let order = Order::of(column.kind, column.bits);
    let mut best = EncodedLane::offset(column.raw.iter().map(|&r| order.ordered(r)).collect(), column.valid);
    let mut word = Word::Step;
    for kind in TransformKind::ALL.iter().filter(|kind| kind.part().is_none_or(|part| coding.has(part))) {
        if let Some(better) = kind.improve(column, &best) {
            (best, word) = (better, kind.word());
        }
    }
    if !best.exceptions.is_empty() && coding.has_tuples() {
        best = without_exceptions(column, best, order);
    }
    best.divisible = column.kind != Kind::FixedBytes && word == Word::Step;
    best
}

/// The values as they are, where they repeat: a value is stored once a tuple, an exception in every row.
fn without_exceptions(column: &RawColumn, best: EncodedLane, order: Order) -> EncodedLane {
    let rows = column.raw.len();
    let mut values = column.raw.to_vec();
    values.sort_unstable();
    values.dedup();
    if 3 * values.len() > rows {
        return best;
    }
    let plain = EncodedLane::offset(column.raw.iter().map(|&r| order.ordered(r)).collect(), column.valid);
    let tuples = |lane: &EncodedLane| {
        let count = values.len() as u64;
        let index = rows as u64 * u64::from(id_bits(count));
        let in_rows = rows as u64 * u64::from(lane.transform.width);
        lane.bits() - in_rows + index + count * u64::from(lane.transform.width)
    };
    if 4 * tuples(&plain) < 3 * tuples(&best).min(best.bits()) { plain } else { best }
}

/// Encodes 128-bit values as two lanes: the halves of value minus minimum.
pub(crate) fn encode_wide(kind: Kind, raw: &[u128], valid: Option<&[u8]>) -> [EncodedLane; 2] {
    let flip = if kind == Kind::Decimal { 1u128 << 127 } else { 0 };
    let is_valid = |i: usize| valid.is_none_or(|v| v.get(i) == Some(&1));
    let used = || raw.iter().enumerate().filter(|(i, _)| is_valid(*i)).map(|(_, r)| r ^ flip);
    let most = used().fold(0, u128::max);
    let least = used().fold(most, u128::min);
    let has_gaps = valid.is_some_and(|valid| valid.contains(&0));
    let field = |(i, r): (usize, &u128)| if is_valid(i) { (r ^ flip) - least } else { 0 };
    let spread = most - least;
    let half = |shift: u32| {
        let fields = raw.iter().enumerate().map(|v| (field(v) >> shift) as u64).collect();
        let most = if shift == 0 && spread >> 64 != 0 { u64::MAX } else { (spread >> shift) as u64 };
        let minimum = (least >> shift) as u64;
        let transform =
            LaneTransform { width: width(most), minimum: minimum.into(), ..LaneTransform::default() };
        EncodedLane { transform, fields, has_gaps, ..EncodedLane::default() }
    };
    [half(0), half(64)]
}
