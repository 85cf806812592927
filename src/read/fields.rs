//! The decode kernel: the fields of one lane in some records of a block.

use super::block::Lane;
use crate::error::{Error, Result};
use crate::format::bits::{deposit, field, mask};

/// Some records of a block, all within their bytes.
pub(super) struct Records<'a> {
    data: &'a [u8],
    starts: Starts<'a>,
    /// Base ids; empty until they are asked for.
    ids: &'a [u32],
}

impl<'a> Records<'a> {
    /// Records of `width` bits that begin at `starts` in `data`.
    ///
    /// # Errors
    /// `Corrupt` unless each record, and 8 bytes behind it, lie within `data`.
    pub fn new(data: &'a [u8], starts: Starts<'a>, width: u64) -> Result<Self> {
        let last = match starts {
            Starts::Dense { first, width, count } => {
                (count as u64).checked_sub(1).and_then(|n| n.checked_mul(width)).map(|n| first.checked_add(n))
            }
            Starts::Listed(starts) => starts.iter().max().map(|&s| Some(s)),
        };
        let end = match last {
            None => Some(0),
            Some(last) => last.and_then(|l| l.checked_add(width)).map(|l| l / 8 + 8),
        };
        let fits = width == 0 || end.is_some_and(|e| e <= data.len() as u64);
        if !fits {
            return Err(Error::corrupt("records lie outside their bytes"));
        }
        Ok(Self { data, starts, ids: &[] })
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The same records with their base ids.
    pub fn with_ids<'b>(&self, ids: &'b [u32]) -> Records<'b>
    where
        'a: 'b,
    {
        Records { data: self.data, starts: self.starts, ids }
    }

    /// Reads the base ids, `bits` wide at the front of each record, each below `bases`.
    pub fn read_ids(&self, bits: u8, bases: u64, ids: &mut Vec<u32>) -> Result<()> {
        if bits > 32 {
            return Err(Error::corrupt("a block has more than 2^32 bases"));
        }
        let front = Lane { deviation_mask: mask(bits.into()), ..Lane::default() };
        let mut fields = vec![0; self.len()];
        lane_fields(&front, self, &Bases::NONE, &[], &mut fields);
        if fields.iter().any(|&id| id >= bases) {
            return Err(Error::corrupt("a record names a base that does not exist"));
        }
        ids.clear();
        ids.extend(fields.iter().map(|&id| id as u32));
        Ok(())
    }
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

impl Bases<'_> {
    /// One base of no bits.
    pub const NONE: Self = Self { bytes: &[], width: 0, count: 1 };
}

/// The base part of a lane's fields, base by base; worth making where a scan meets each base often.
pub(super) fn lane_bases(lane: &Lane, bases: &Bases) -> Vec<u64> {
    (0..bases.count).map(|id| base_part(lane, bases, id, deposit)).collect()
}

#[inline(always)]
fn base_part(lane: &Lane, bases: &Bases, id: u64, deposit: impl Fn(u64, u64) -> u64) -> u64 {
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
        Starts::Dense { first, width, count } => {
            let out = out.get_mut(..count.min(out.len())).unwrap_or(&mut []);
            deviations(lane, records.data, |i| first + i as u64 * width, out, deposit);
        }
        Starts::Listed(starts) => {
            let out = out.get_mut(..starts.len().min(out.len())).unwrap_or(&mut []);
            deviations(lane, records.data, |i| starts.get(i).copied().unwrap_or(0), out, deposit);
        }
    }
    if lane.base_mask == 0 {
        return;
    }
    if table.is_empty() {
        for (f, &id) in out.iter_mut().zip(records.ids) {
            *f |= base_part(lane, bases, u64::from(id), deposit);
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
    let load = |i: usize| {
        let bit = start(i) + at;
        // SAFETY: `Records::new` found 8 bytes behind every record, and the lane lies within it.
        let word = unsafe { data.as_ptr().add((bit >> 3) as usize).cast::<u64>().read_unaligned() };
        word >> (bit & 7) & m
    };
    if width == 0 {
        out.fill(constant);
    } else if width > 57 {
        out.iter_mut()
            .enumerate()
            .for_each(|(i, f)| *f = deposit(field(data, start(i) + at, width), to) | constant);
    } else if to >> low == m {
        out.iter_mut().enumerate().for_each(|(i, f)| *f = load(i) << low | constant);
    } else {
        out.iter_mut().enumerate().for_each(|(i, f)| *f = deposit(load(i), to) | constant);
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
            let expected: Vec<u64> = values.iter().map(|v| v & to | !to & constant).collect();
            let lane = Lane { constant: !to & constant, deviation_mask: to, ..Lane::default() };
            let dense = Starts::Dense { first: 0, width: width.into(), count: values.len() };
            for starts in [dense, Starts::Listed(&starts)] {
                let records = Records::new(&data, starts, width.into()).map_err(|e| TestCaseError::fail(e.to_string()))?;
                let mut out = vec![0; values.len()];
                lane_fields_any(&lane, &records, &Bases::NONE, &[], &mut out, deposit);
                prop_assert_eq!(&out, &expected);
                lane_fields(&lane, &records, &Bases::NONE, &[], &mut out);
                prop_assert_eq!(&out, &expected);
            }
        }
    }
}
