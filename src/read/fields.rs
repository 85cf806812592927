//! The decode kernel: the fields of one lane in some records of a block.

use super::block::Lane;
use crate::format::bits::{deposit, field, mask, narrow_field};

/// Some records of a block.
pub(super) struct Records<'a> {
    /// Bytes that hold them.
    pub data: &'a [u8],
    /// The bit of `data` at which each begins.
    pub starts: &'a [u64],
    /// Their base ids, each checked against the number of bases.
    pub ids: &'a [u32],
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
    deviations(lane, records, out);
    if lane.base_mask == 0 {
        out.iter_mut().for_each(|f| *f |= lane.constant);
    } else if table.is_empty() {
        for (f, &id) in out.iter_mut().zip(records.ids) {
            *f |= base_part(lane, bases, u64::from(id));
        }
    } else {
        for (f, &id) in out.iter_mut().zip(records.ids) {
            *f |= table.get(id as usize).copied().unwrap_or(0);
        }
    }
}

fn deviations(lane: &Lane, records: &Records, out: &mut [u64]) {
    let (to, width) = (lane.deviation_mask, lane.deviation_mask.count_ones());
    let at = lane.deviation_offset;
    let low = to.trailing_zeros();
    if width == 0 {
        out.fill(0);
    } else if width > 57 {
        spread(records, out, |data, start| deposit(field(data, start + at, width), to));
    } else if to >> low == mask(width) {
        let m = mask(width);
        spread(records, out, |data, start| narrow_field(data, start + at, m) << low);
    } else {
        scattered(records, at, to, out);
    }
}

/// Deviation bits at scattered positions: one bit deposit each.
fn scattered(records: &Records, at: u64, to: u64, out: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("bmi2") {
        // SAFETY: the processor has BMI2.
        unsafe { scattered_bmi2(records, at, to, out) };
        return;
    }
    scattered_portable(records, at, to, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi2")]
fn scattered_bmi2(records: &Records, at: u64, to: u64, out: &mut [u64]) {
    let m = mask(to.count_ones());
    for (f, &start) in out.iter_mut().zip(records.starts) {
        *f = std::arch::x86_64::_pdep_u64(narrow_field(records.data, start + at, m), to);
    }
}

#[cfg_attr(target_arch = "x86_64", allow(dead_code))] // x86-64 without BMI2, and every other machine
fn scattered_portable(records: &Records, at: u64, to: u64, out: &mut [u64]) {
    let m = mask(to.count_ones());
    spread(records, out, |data, start| deposit(narrow_field(data, start + at, m), to));
}

#[inline(always)]
fn spread(records: &Records, out: &mut [u64], load: impl Fn(&[u8], u64) -> u64) {
    for (f, &start) in out.iter_mut().zip(records.starts) {
        *f = load(records.data, start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::bits::{BitWriter, extract};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn kernels_agree(values in proptest::collection::vec(any::<u64>(), 1..100), to in 1u64..1 << 57) {
            let width = to.count_ones();
            let mut writer = BitWriter::default();
            for &v in &values {
                writer.push(extract(v, to), width);
            }
            let data = writer.finish();
            let starts: Vec<u64> = (0..values.len() as u64).map(|i| i * u64::from(width)).collect();
            let ids = vec![0; values.len()];
            let records = Records { data: &data, starts: &starts, ids: &ids };
            let expected: Vec<u64> = values.iter().map(|v| v & to).collect();
            let mut out = vec![0; values.len()];
            scattered_portable(&records, 0, to, &mut out);
            prop_assert_eq!(&out, &expected);
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("bmi2") {
                out.fill(0);
                // SAFETY: the processor has BMI2.
                unsafe { scattered_bmi2(&records, 0, to, &mut out) };
                prop_assert_eq!(&out, &expected);
            }
        }
    }
}
