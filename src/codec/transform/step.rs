//! The step of a lane: a factor that all of its fields have in common.

use crate::codec::transform::encoded_lane::{EncodedLane, width};
use crate::format::features::Feature;

/// The feature of files with a step.
pub(crate) const FEATURE: Feature = Feature::required(22, "step");

/// Divides the fields of a lane by their greatest common divisor.
pub(crate) fn divide(lane: &mut EncodedLane) {
    if !lane.divisible || lane.transform.width < 2 {
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
