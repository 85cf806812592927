//! A lane that is encoded: its fields, and how they were made.

use crate::codec::transform::lane_transform::LaneTransform;

/// A lane's fields, and how they were made.
#[derive(Clone, Default)]
pub(crate) struct EncodedLane {
    /// The transform; the dictionary's number is left open.
    pub transform: LaneTransform,
    /// One a row, below 2^width; 0 for nulls and exceptions.
    pub fields: Vec<u64>,
    /// Rows and raw bits of the values that the transform does not hold.
    pub exceptions: Vec<(u32, u64)>,
    /// Raw bits by field, for a dictionary.
    pub dictionary: Option<Vec<u64>>,
    /// True if fields may be divided by a common divisor.
    pub divisible: bool,
    /// True if fields of nulls or of exceptions are 0, whatever the minimum is.
    pub has_gaps: bool,
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
        let has_gaps = valid.is_some_and(|valid| valid.contains(&0));
        Self { transform, fields, has_gaps, ..Self::default() }
    }

    /// Bits that the lane takes, as far as its transform goes.
    pub fn bits(&self) -> u64 {
        let exceptions = self.exceptions.len() as u64;
        self.fields.len() as u64 * u64::from(self.transform.width)
            + if exceptions > 0 { 192 + 96 * exceptions } else { 0 }
            + self.dictionary.as_ref().map_or(0, |d| 64 * d.len() as u64 + 512)
    }
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
