//! From fields to values in memory (spec, section 4.1).

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::codec::fixed::lane::Lane;
use crate::codec::transform::decimal::{Float, Order, power_of_ten};
use crate::codec::transform::lane_transform::TransformKind;
use crate::column::values::Values;
use crate::error::{Error, Result};
use crate::format::schema::Node;

/// Where the values of some rows go: output row `rows[i]`, or `first + i`; one instance of them.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub first: usize,
    pub rows: Option<&'a [u32]>,
    /// Values a row.
    pub stride: usize,
    /// The value of the row that is written.
    pub offset: usize,
}

impl Target<'_> {
    #[inline(always)]
    pub fn index(&self, i: usize) -> usize {
        let row = self.rows.map_or(self.first + i, |rows| rows.get(i).map_or(usize::MAX, |&r| r as usize));
        row.saturating_mul(self.stride).saturating_add(self.offset)
    }

    /// Writes a value for every field.
    #[inline(always)]
    pub fn put<F: Copy, T>(&self, out: &mut [T], fields: &[F], value: impl Fn(F) -> T) {
        if let (None, 1, Some(out)) =
            (self.rows, self.stride, out.get_mut(self.first..self.first + fields.len()))
        {
            for (slot, &field) in out.iter_mut().zip(fields) {
                *slot = value(field);
            }
            return;
        }
        for (i, &field) in fields.iter().enumerate() {
            if let Some(slot) = out.get_mut(self.index(i)) {
                *slot = value(field);
            }
        }
    }
}

/// Writes raw bits that are made from fields by `raw`.
#[inline(always)]
fn put_raw(out: &mut Values, target: Target, fields: &[u64], raw: impl Fn(u64) -> u64) {
    match out {
        Values::U8(v) => target.put(v, fields, |f| raw(f) as u8),
        Values::U16(v) => target.put(v, fields, |f| raw(f) as u16),
        Values::U32(v) => target.put(v, fields, |f| raw(f) as u32),
        Values::U64(v) => target.put(v, fields, raw),
        Values::U128(_) | Values::None | Values::Bytes { .. } => {}
    }
}

/// Writes the values of a lane. `table` is the dictionary's raw bits, where the lane has one.
pub(crate) fn store(
    node: &Node,
    lane: &Lane,
    fields: &[u64],
    table: &[u64],
    out: &mut Values,
    target: Target,
) -> Result<()> {
    #[cfg(target_arch = "x86_64")]
    if crate::processor::has_avx2() {
        // SAFETY: the processor has AVX2.
        return unsafe { store_avx2(node, lane, fields, table, out, target) };
    }
    store_any(node, lane, fields, table, out, target)
}

/// `store`, compiled for wider registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn store_avx2(
    node: &Node,
    lane: &Lane,
    fields: &[u64],
    table: &[u64],
    out: &mut Values,
    target: Target,
) -> Result<()> {
    store_any(node, lane, fields, table, out, target)
}

#[inline(always)]
fn store_any(
    node: &Node,
    lane: &Lane,
    fields: &[u64],
    table: &[u64],
    out: &mut Values,
    target: Target,
) -> Result<()> {
    let minimum = lane.minimum;
    match lane.kind {
        TransformKind::Offset | TransformKind::Symbols => match Order::of(node.kind, node.bits) {
            Order::Unsigned => put_raw(out, target, fields, |f| minimum.wrapping_add(f)),
            Order::Signed(top) => put_raw(out, target, fields, |f| minimum.wrapping_add(f) ^ top),
            order => put_raw(out, target, fields, |f| order.raw(minimum.wrapping_add(f))),
        },
        TransformKind::Decimal => {
            let (power, least) = (power_of_ten(lane.exponent), minimum as i64);
            let q = |f: u64| least.wrapping_add(f as i64);
            // Few processors turn i64 into floats side by side; all do it with i32.
            match (Float::of(node.bits), lane.fits_i32()) {
                (Float::F64, true) => {
                    put_raw(out, target, fields, |f| Float::F64.of_decimal((q(f) as i32).into(), power))
                }
                (Float::F32, true) => {
                    put_raw(out, target, fields, |f| Float::F32.of_decimal((q(f) as i32).into(), power))
                }
                (float, _) => put_raw(out, target, fields, |f| float.of_decimal(q(f) as f64, power)),
            }
        }
        TransformKind::Dictionary => {
            if fields.iter().any(|&f| f >= table.len() as u64) {
                return Err(Error::corrupt("a value lies outside its dictionary"));
            }
            put_raw(out, target, fields, |f| table[f as usize]);
        }
    }
    Ok(())
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
