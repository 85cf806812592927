//! The decode kernel: the fields of one lane in some records of a block.

use super::block::Lane;
use crate::format::bits::{deposit, field, mask, narrow_field};

/// Some records of a block.
pub(super) struct Records<'a> {
    /// Bytes that hold them.
    pub data: &'a [u8],
    /// Where each begins.
    pub starts: Starts<'a>,
    /// Their base ids, each checked against the number of bases; empty if no lane asked for has base bits.
    pub ids: &'a [u32],
}

/// The bits at which records begin.
#[derive(Clone, Copy)]
pub(super) enum Starts<'a> {
    /// One after the other: the first, and the distance.
    Dense { first: u64, width: u64, count: usize },
    /// Anywhere.
    Listed(&'a [u64]),
}

impl Starts<'_> {
    /// Number of records.
    pub fn len(&self) -> usize {
        match self {
            Starts::Dense { count, .. } => *count,
            Starts::Listed(starts) => starts.len(),
        }
    }
}

/// The base table of a block.
pub(super) struct Bases<'a> {
    pub bytes: &'a [u8],
    /// Bits of a base.
    pub width: u64,
    pub count: u64,
}

/// The base part of a lane's fields, base by base; worth making where a scan meets each base often.
pub(super) fn lane_bases(lane: &Lane, bases: &Bases, table: &mut Vec<u64>) {
    table.clear();
    table.extend((0..bases.count).map(|id| base_part(lane, bases, id)));
}

#[inline(always)]
fn base_part(lane: &Lane, bases: &Bases, id: u64) -> u64 {
    let bits = field(bases.bytes, id * bases.width + lane.base_offset, lane.base_mask.count_ones());
    lane.constant | deposit(bits, lane.base_mask)
}

/// Writes the lane's field of every record to `out`. `table` is what `lane_bases` made, or empty.
pub(super) fn lane_fields(lane: &Lane, records: &Records, bases: &Bases, table: &[u64], out: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("bmi2") && std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function needs.
        unsafe { lane_fields_bmi2(lane, records, bases, table, out) };
        return;
    }
    lane_fields_any(lane, records, bases, table, out, deposit);
}

/// `lane_fields` for processors that deposit bits in one instruction.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn lane_fields_bmi2(lane: &Lane, records: &Records, bases: &Bases, table: &[u64], out: &mut [u64]) {
    lane_fields_any(lane, records, bases, table, out, |value, mask| {
        std::arch::x86_64::_pdep_u64(value, mask)
    });
}

#[inline(always)]
fn lane_fields_any(
    lane: &Lane,
    records: &Records,
    bases: &Bases,
    table: &[u64],
    out: &mut [u64],
    deposit: impl Fn(u64, u64) -> u64 + Copy,
) {
    match records.starts {
        Starts::Dense { first, width, .. } => {
            deviations(lane, records.data, |i| first + i as u64 * width, out, deposit);
        }
        Starts::Listed(starts) => {
            deviations(lane, records.data, |i| starts.get(i).copied().unwrap_or(0), out, deposit);
        }
    }
    if lane.base_mask == 0 {
        return;
    }
    if table.is_empty() {
        for (f, &id) in out.iter_mut().zip(records.ids) {
            *f |= base_part(lane, bases, u64::from(id));
        }
    } else {
        for (f, &id) in out.iter_mut().zip(records.ids) {
            *f |= table.get(id as usize).copied().unwrap_or(0);
        }
    }
}

/// Deviation bits at their positions, and the constant bits.
#[inline(always)]
fn deviations(
    lane: &Lane,
    data: &[u8],
    start: impl Fn(usize) -> u64,
    out: &mut [u64],
    deposit: impl Fn(u64, u64) -> u64,
) {
    let (to, width) = (lane.deviation_mask, lane.deviation_mask.count_ones());
    let (at, constant, low, m) = (lane.deviation_offset, lane.constant, to.trailing_zeros(), mask(width));
    if width == 0 {
        out.fill(constant);
    } else if width > 57 {
        out.iter_mut()
            .enumerate()
            .for_each(|(i, f)| *f = deposit(field(data, start(i) + at, width), to) | constant);
    } else if to >> low == m {
        out.iter_mut()
            .enumerate()
            .for_each(|(i, f)| *f = narrow_field(data, start(i) + at, m) << low | constant);
    } else {
        out.iter_mut()
            .enumerate()
            .for_each(|(i, f)| *f = deposit(narrow_field(data, start(i) + at, m), to) | constant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::bits::{BitWriter, extract};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn portable_and_fast_kernels_agree(values in proptest::collection::vec(any::<u64>(), 1..100), to in 1u64.., constant: u64) {
            let width = to.count_ones();
            let mut writer = BitWriter::default();
            for &v in &values {
                writer.push(extract(v, to), width);
            }
            let data = writer.finish();
            let starts: Vec<u64> = (0..values.len() as u64).map(|i| i * u64::from(width)).collect();
            let ids = vec![0; values.len()];
            let expected: Vec<u64> = values.iter().map(|v| v & to | !to & constant).collect();
            let lane = Lane { constant: !to & constant, deviation_mask: to, ..Lane::default() };
            let bases = Bases { bytes: &[], width: 0, count: 1 };
            let dense = Starts::Dense { first: 0, width: width.into(), count: values.len() };
            for starts in [dense, Starts::Listed(&starts)] {
                let records = Records { data: &data, starts, ids: &ids };
                let mut out = vec![0; values.len()];
                lane_fields_any(&lane, &records, &bases, &[], &mut out, deposit);
                prop_assert_eq!(&out, &expected);
                lane_fields(&lane, &records, &bases, &[], &mut out);
                prop_assert_eq!(&out, &expected);
            }
        }
    }
}
