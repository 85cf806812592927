//! Steps: fields that are all multiples of one number are stored divided by it (spec, section 4.1).

use crate::codec::transform::encode::{EncodedLane, width};
use crate::codec::transform::lane_transform::TransformKind;

/// Divides a lane's fields by their greatest common divisor, unless they are codes or bytes.
pub(crate) fn divide(lane: &mut EncodedLane) {
    let takes = lane.transform.kind != TransformKind::Dictionary as u8 && lane.divisible;
    if !takes || lane.transform.width < 2 {
        return;
    }
    let mut divisor = 0;
    for &field in &lane.fields {
        divisor = gcd(field, divisor);
        if divisor == 1 {
            return;
        }
    }
    if let Some(step) = u32::try_from(divisor).ok().filter(|&d| d > 1) {
        lane.fields.iter_mut().for_each(|field| *field /= divisor);
        lane.transform.width = width(lane.fields.iter().copied().fold(0, u64::max));
        lane.transform.dictionary = step.into();
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
