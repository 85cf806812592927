//! The transform of floats that are integers over a power of ten.

use crate::codec::coding::Part;
use crate::codec::transform::encoded_lane::{EncodedLane, width};
use crate::codec::transform::kind::{RawColumn, Role, StoredLane, Transform};
use crate::codec::transform::lane_transform::{LaneTransform, MAX_EXPONENT};
use crate::codec::transform::numbers::{Float, MAX_DECIMAL, SAMPLE, power_of_ten};
use crate::codec::transform::target::{Target, put_raw};
use crate::column::values::Values;
use crate::error::Result;
use crate::format::features::Feature;
use crate::format::schema::{Kind, Node};

/// Value is minimum plus field, over a power of ten. Floats that are none are exceptions.
pub(crate) struct Decimal;

impl Transform for Decimal {
    const NUMBER: u8 = 1;
    const FEATURE: Option<Feature> = Some(Feature::required(16, "decimal"));
    const PART: Option<Part> = Some(Part::Decimals);
    const HAS_EXCEPTIONS: bool = true;
    const OUTSIDE: Option<&'static str> = Some("a decimal of more than 53 bits");

    fn is_valid(_: &LaneTransform) -> bool {
        true
    }

    fn takes(node: &Node, role: Role, _: u32) -> bool {
        role == Role::Number && node.kind == Kind::Float
    }

    fn room(_: &Node, _: Role, minimum: u64) -> Option<u64> {
        let least = minimum as i64;
        let within = (-MAX_DECIMAL..=MAX_DECIMAL).contains(&least);
        within.then(|| MAX_DECIMAL.abs_diff(least))
    }

    fn improve(column: &RawColumn, best: &EncodedLane) -> Option<EncodedLane> {
        if column.kind != Kind::Float {
            return None;
        }
        let mut found: Option<EncodedLane> = None;
        for exponent in exponents(column) {
            let decimal = lane(column, exponent);
            if decimal.bits() <= found.as_ref().unwrap_or(best).bits() {
                found = Some(decimal);
            }
        }
        found
    }

    #[inline(always)]
    fn store(node: &Node, lane: &StoredLane, out: &mut Values, target: Target) -> Result<()> {
        let (power, least) = (power_of_ten(lane.exponent), lane.minimum as i64);
        let q = |f: u64| least.wrapping_add(f as i64);
        // Few processors turn i64 into floats side by side; all do it with i32.
        match (Float::of(node.bits), fits_i32(lane)) {
            (Float::F64, true) => {
                put_raw(out, target, lane.fields, |f| Float::F64.of_decimal((q(f) as i32).into(), power))
            }
            (Float::F32, true) => {
                put_raw(out, target, lane.fields, |f| Float::F32.of_decimal((q(f) as i32).into(), power))
            }
            (float, _) => put_raw(out, target, lane.fields, |f| float.of_decimal(q(f) as f64, power)),
        }
        Ok(())
    }
}

/// True if minimum plus field fits in an i32, whatever the field.
fn fits_i32(lane: &StoredLane) -> bool {
    let least = lane.minimum as i64;
    let most = lane.largest.and_then(|l| i64::try_from(l).ok()).and_then(|l| least.checked_add(l));
    i32::try_from(least).is_ok() && most.is_some_and(|m| i32::try_from(m).is_ok())
}

/// Exponents worth trying: those that hold most, nearly all and all of a sample's values.
fn exponents(column: &RawColumn) -> Vec<u8> {
    let float = Float::of(column.bits);
    let step = column.raw.len().div_ceil(SAMPLE).max(1);
    let used = column.raw.iter().enumerate().step_by(step).filter(|(i, _)| column.is_valid(*i));
    let mut least: Vec<u8> =
        used.filter_map(|(_, &r)| (0..=MAX_EXPONENT).find(|&p| float.decimal(r, p).is_some())).collect();
    least.sort_unstable();
    let at =
        |share: usize| least.get((least.len() * share / 100).min(least.len().saturating_sub(1))).copied();
    let mut found: Vec<u8> = [at(75), at(98), at(100)].into_iter().flatten().collect();
    found.dedup();
    found
}

fn lane(column: &RawColumn, exponent: u8) -> EncodedLane {
    let float = Float::of(column.bits);
    let mut exceptions = Vec::new();
    let (mut least, mut most) = (i64::MAX, i64::MIN);
    let mut integers = Vec::with_capacity(column.raw.len());
    for (i, &r) in column.raw.iter().enumerate() {
        if !column.is_valid(i) {
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
        kind: Decimal::NUMBER,
        width: width((most - least) as u64),
        exponent,
        minimum: (least as u64).into(),
        ..LaneTransform::default()
    };
    EncodedLane { transform, fields, exceptions, ..EncodedLane::default() }
}
