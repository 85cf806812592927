//! Columns of numbers to fields: the transform is the one that takes the fewest bits.

use ahash::AHashMap;

use crate::codec::transform::decimal::{Float, Order};
use crate::codec::transform::lane_transform::{LaneTransform, TransformKind};
use crate::format::schema::Kind;

/// Most distinct values that are tried as a dictionary of numbers.
const MAX_DISTINCT: usize = 4096;
/// Values looked at before anything is tried on all of them.
const SAMPLE: usize = 1024;

/// A lane's fields, and how they were made.
#[derive(Default)]
pub(crate) struct EncodedLane {
    /// The transform; the dictionary's number is left open.
    pub transform: LaneTransform,
    /// One a row, below 2^width; 0 for nulls and exceptions.
    pub fields: Vec<u64>,
    /// Rows and raw bits of the values that the transform does not hold.
    pub exceptions: Vec<(u32, u64)>,
    /// Raw bits by field, for a dictionary.
    pub dictionary: Option<Vec<u64>>,
    /// Fields may be divided by a common divisor.
    pub divisible: bool,
}

/// Bits of the numbers from 0 to `most`.
pub(crate) fn width(most: u64) -> u8 {
    (64 - most.leading_zeros()) as u8
}

impl EncodedLane {
    /// Fields that are the values themselves, minus their minimum. Null rows have field 0.
    pub fn offset(values: Vec<u64>, valid: Option<&[u8]>) -> Self {
        let (least, most) = bounds(&values, valid);
        let mut fields = values;
        match valid {
            None => fields.iter_mut().for_each(|v| *v -= least),
            Some(valid) => {
                for (v, &valid) in fields.iter_mut().zip(valid) {
                    *v = if valid == 0 { 0 } else { *v - least };
                }
            }
        }
        let transform =
            LaneTransform { width: width(most - least), minimum: least.into(), ..LaneTransform::default() };
        Self { transform, fields, ..Self::default() }
    }

    /// Fields that are codes of a dictionary of `count` values.
    pub fn codes(fields: Vec<u64>, count: u64) -> Self {
        let kind = TransformKind::Dictionary as u8;
        let transform =
            LaneTransform { kind, width: width(count.saturating_sub(1)), ..LaneTransform::default() };
        Self { transform, fields, ..Self::default() }
    }

    /// Bits that the lane takes, as far as its transform goes.
    fn bits(&self) -> u64 {
        let exceptions = self.exceptions.len() as u64;
        self.fields.len() as u64 * u64::from(self.transform.width)
            + if exceptions > 0 { 192 + 96 * exceptions } else { 0 }
            + self.dictionary.as_ref().map_or(0, |d| 64 * d.len() as u64 + 512)
    }
}

/// Encodes raw bits of up to 64 bits each. `valid` is 1 for values, 0 for nulls. Only transforms that are allowed are
/// tried, and offset.
pub(crate) fn encode_lane(
    kind: Kind,
    bits: u16,
    raw: &[u64],
    valid: Option<&[u8]>,
    allowed: &dyn Fn(TransformKind) -> bool,
) -> EncodedLane {
    let order = Order::of(kind, bits);
    let mut best = EncodedLane::offset(raw.iter().map(|&r| order.ordered(r)).collect(), valid);
    if kind == Kind::Float && allowed(TransformKind::Decimal) {
        for exponent in exponents(Float::of(bits), raw, valid) {
            let decimal = encode_decimal(Float::of(bits), exponent, raw, valid);
            if decimal.bits() <= best.bits() {
                best = decimal;
            }
        }
    }
    if best.transform.width > 8
        && allowed(TransformKind::Dictionary)
        && let Some(dictionary) = encode_dictionary(order, raw, valid)
        && dictionary.bits() < best.bits() / 4 * 3
    {
        // Codes hide what neighbouring bits share from the bases, so they must gain clearly.
        best = dictionary;
    }
    best.divisible = kind != Kind::FixedBytes;
    best
}

/// Encodes 128-bit values as two lanes: the halves of value minus minimum.
pub(crate) fn encode_wide(kind: Kind, raw: &[u128], valid: Option<&[u8]>) -> [EncodedLane; 2] {
    let flip = if kind == Kind::Decimal { 1u128 << 127 } else { 0 };
    let is_valid = |i: usize| valid.is_none_or(|v| v.get(i) == Some(&1));
    let used = || raw.iter().enumerate().filter(|(i, _)| is_valid(*i)).map(|(_, r)| r ^ flip);
    let most = used().fold(0, u128::max);
    let least = used().fold(most, u128::min);
    let field = |(i, r): (usize, &u128)| if is_valid(i) { (r ^ flip) - least } else { 0 };
    let spread = most - least;
    let half = |shift: u32| {
        let fields = raw.iter().enumerate().map(|v| (field(v) >> shift) as u64).collect();
        let most = if shift == 0 && spread >> 64 != 0 { u64::MAX } else { (spread >> shift) as u64 };
        let minimum = (least >> shift) as u64;
        let transform =
            LaneTransform { width: width(most), minimum: minimum.into(), ..LaneTransform::default() };
        EncodedLane { transform, fields, ..EncodedLane::default() }
    };
    [half(0), half(64)]
}

fn bounds(values: &[u64], valid: Option<&[u8]>) -> (u64, u64) {
    let mut used = (u64::MAX, 0);
    match valid {
        None => values.iter().for_each(|&v| used = (used.0.min(v), used.1.max(v))),
        Some(valid) => {
            for (&v, _) in values.iter().zip(valid).filter(|(_, valid)| **valid == 1) {
                used = (used.0.min(v), used.1.max(v));
            }
        }
    }
    if used.0 > used.1 { (0, 0) } else { used }
}

/// Exponents worth trying: those that hold most, nearly all and all of a sample's values.
fn exponents(float: Float, raw: &[u64], valid: Option<&[u8]>) -> Vec<u8> {
    let step = raw.len().div_ceil(SAMPLE).max(1);
    let is_valid = |i: usize| valid.is_none_or(|v| v.get(i) == Some(&1));
    let used = raw.iter().enumerate().step_by(step).filter(|(i, _)| is_valid(*i));
    let mut least: Vec<u8> =
        used.filter_map(|(_, &r)| (0..=22).find(|&p| float.decimal(r, p).is_some())).collect();
    least.sort_unstable();
    let at =
        |share: usize| least.get((least.len() * share / 100).min(least.len().saturating_sub(1))).copied();
    let mut found: Vec<u8> = [at(75), at(98), at(100)].into_iter().flatten().collect();
    found.dedup();
    found
}

fn encode_decimal(float: Float, exponent: u8, raw: &[u64], valid: Option<&[u8]>) -> EncodedLane {
    let mut exceptions = Vec::new();
    let (mut least, mut most) = (i64::MAX, i64::MIN);
    let mut integers = Vec::with_capacity(raw.len());
    for (i, &r) in raw.iter().enumerate() {
        if valid.is_some_and(|v| v.get(i) != Some(&1)) {
            integers.push(i64::MAX);
            continue;
        }
        match float.decimal(r, exponent) {
            Some(q) => {
                (least, most) = (least.min(q), most.max(q));
                integers.push(q);
            }
            None => {
                exceptions.push((i as u32, r));
                integers.push(i64::MAX); // beyond 2^53: no integer of a decimal
            }
        }
    }
    if least > most {
        (least, most) = (0, 0);
    }
    let field = |q: i64| if q == i64::MAX { 0 } else { (q - least) as u64 };
    let fields = integers.into_iter().map(field).collect();
    let transform = LaneTransform {
        kind: TransformKind::Decimal as u8,
        width: width((most - least) as u64),
        exponent,
        minimum: (least as u64).into(),
        ..LaneTransform::default()
    };
    EncodedLane { transform, fields, exceptions, ..EncodedLane::default() }
}

fn encode_dictionary(order: Order, raw: &[u64], valid: Option<&[u8]>) -> Option<EncodedLane> {
    let is_valid = |i: usize| valid.is_none_or(|v| v.get(i) == Some(&1));
    let mut codes: AHashMap<u64, u64> = AHashMap::new();
    for (i, &r) in raw.iter().enumerate() {
        if is_valid(i) {
            codes.insert(r, 0);
        }
        if codes.len() > MAX_DISTINCT || (i == SAMPLE && codes.len() > SAMPLE / 2) {
            return None;
        }
    }
    let mut values: Vec<u64> = codes.keys().copied().collect();
    values.sort_unstable_by_key(|&v| order.ordered(v));
    for (code, value) in values.iter().enumerate() {
        codes.insert(*value, code as u64);
    }
    let field = |(i, r): (usize, &u64)| if is_valid(i) { codes[r] } else { 0 };
    let mut lane = EncodedLane::codes(raw.iter().enumerate().map(field).collect(), values.len() as u64);
    lane.dictionary = Some(values).filter(|v| !v.is_empty());
    lane.dictionary.is_some().then_some(lane)
}
