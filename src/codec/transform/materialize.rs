//! From fields to values in memory (spec, chapter 4.1).

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::codec::fixed::lane::Lane;
use crate::codec::transform::kind::StoredLane;
use crate::codec::transform::target::Target;
use crate::column::values::Values;
use crate::error::Result;
use crate::format::schema::Node;

/// Writes the values of a lane. `table` is the dictionary's raw bits, where the lane has one.
///
/// # Errors
/// `Corrupt` for fields without a value.
pub(crate) fn store(
    node: &Node,
    lane: &Lane,
    fields: &[u64],
    table: &[u64],
    out: &mut Values,
    target: Target,
) -> Result<()> {
    let (minimum, exponent, largest) = (lane.minimum, lane.exponent, lane.largest());
    lane.kind.store(node, &StoredLane { fields, minimum, exponent, largest, table }, out, target)
}

/// Writes the values of a pair of lanes: 128 bits. False if a sum exceeds them.
pub(crate) fn store_wide(
    node: &Node,
    lanes: [&Lane; 2],
    fields: [&[u64]; 2],
    out: &mut Values,
    target: Target,
) -> bool {
    let Values::U128(v) = out else { return false };
    let join = |low: u64, high: u64| u128::from(low) | u128::from(high) << 64;
    let least = join(lanes[0].minimum, lanes[1].minimum);
    let flip = if node.kind == crate::format::schema::Kind::Decimal { 1 << 127 } else { 0 };
    let pairs = fields[0].iter().zip(fields[1]).map(|(&low, &high)| least.checked_add(join(low, high)));
    let Some(sums) = pairs.collect::<Option<Vec<u128>>>() else { return false };
    target.put(v, &sums, |sum| sum ^ flip);
    true
}

/// Writes one raw value: an exception.
pub(crate) fn store_one(raw: u64, i: usize, out: &mut Values, target: Target) {
    let index = target.index(i);
    match out {
        Values::U16(v) => v[index] = raw as u16,
        Values::U32(v) => v[index] = raw as u32,
        Values::U64(v) => v[index] = raw,
        _ => {}
    }
}
