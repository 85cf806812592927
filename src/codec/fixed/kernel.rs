//! The decode kernel: the fields of one lane in some records of a block.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::bits::{deposit, field, mask};
use crate::codec::fixed::lane::Lane;
use crate::earned;
use crate::error::{Error, Result};

/// Some records of a block, all within their bytes.
pub(crate) struct Records<'a> {
    data: &'a [u8],
    starts: Starts<'a>,
    /// Base ids; meaningless unless a lane with bits in the base table is read.
    ids: &'a [u32],
}

impl<'a> Records<'a> {
    /// Records of `width` bits that begin at `starts` in `data`.
    ///
    /// # Errors
    /// `Corrupt` unless each record, and 8 bytes after it, are within `data`.
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
    pub fn read_ids(&self, bits: u32, bases: u64, ids: &mut Vec<u32>) -> Result<()> {
        if bits > 32 {
            return Err(Error::corrupt("a block has more than 2^32 bases"));
        }
        earned::resize(ids, self.len(), 0)?;
        if first_bits(self, bits, ids) >= bases {
            return Err(Error::corrupt("a record names a base that does not exist"));
        }
        Ok(())
    }
}

/// The bits at which records begin.
#[derive(Clone, Copy)]
pub(crate) enum Starts<'a> {
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
pub(crate) struct Bases<'a> {
    pub bytes: &'a [u8],
    /// Bits of a base.
    pub width: u64,
    pub count: u64,
}

/// The base parts of a lane's fields, base by base; worth making where a scan meets each base often.
pub(crate) enum BaseParts {
    /// Half the memory, for lanes of up to 32 bits.
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl BaseParts {
    /// Decodes the base table for one lane.
    pub fn of(lane: &Lane, bases: &Bases) -> Self {
        let parts = (0..bases.count).map(|id| base_part(lane, bases, id, deposit));
        match (lane.base_mask | lane.constant) >> 32 {
            0 => BaseParts::Narrow(parts.map(|p| p as u32).collect()),
            _ => BaseParts::Wide(parts.collect()),
        }
    }
}

#[inline(always)]
fn base_part(lane: &Lane, bases: &Bases, id: u64, deposit: impl Fn(u64, u64) -> u64) -> u64 {
    let bits = field(bases.bytes, id * bases.width + lane.base_offset, lane.base_mask.count_ones());
    lane.constant | deposit(bits, lane.base_mask)
}

/// Writes the lane's field of every record to `out`. `parts` are those of the lane, if they are made.
pub(crate) fn lane_fields(
    lane: &Lane,
    records: &Records,
    bases: &Bases,
    parts: Option<&BaseParts>,
    out: &mut [u64],
) {
    #[cfg(target_arch = "x86_64")]
    if crate::processor::has_bits() {
        // SAFETY: the processor has what the function needs.
        unsafe { lane_fields_bmi2(lane, records, bases, parts, out) };
        return;
    }
    lane_fields_any(lane, records, bases, parts, out, deposit);
}

/// `lane_fields` for processors that deposit bits in one instruction.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn lane_fields_bmi2(
    lane: &Lane,
    records: &Records,
    bases: &Bases,
    parts: Option<&BaseParts>,
    out: &mut [u64],
) {
    lane_fields_any(lane, records, bases, parts, out, |value, mask| {
        std::arch::x86_64::_pdep_u64(value, mask)
    });
}

#[inline(always)]
fn lane_fields_any(
    lane: &Lane,
    records: &Records,
    bases: &Bases,
    parts: Option<&BaseParts>,
    out: &mut [u64],
    deposit: impl Fn(u64, u64) -> u64 + Copy,
) {
    // Without ids all records take base 0. A check for that once, out of the loops, would double them.
    let id = |i: usize| records.ids.get(i).copied().unwrap_or(0);
    match parts {
        _ if lane.base_mask == 0 => join(lane, records, out, deposit, |_| lane.constant),
        None => join(lane, records, out, deposit, |i| base_part(lane, bases, id(i).into(), deposit)),
        Some(BaseParts::Narrow(parts)) => {
            join(lane, records, out, deposit, |i| parts.get(id(i) as usize).map_or(0, |&p| p.into()))
        }
        Some(BaseParts::Wide(parts)) => {
            // `read_ids` found all ids below the number of bases; a panic in the loop would keep it from vectors.
            join(lane, records, out, deposit, |i| parts.get(id(i) as usize).copied().unwrap_or(0))
        }
    }
}

/// Deviation bits at their positions, and the rest of record `i` from `base(i)`.
#[inline(always)]
fn join(
    lane: &Lane,
    records: &Records,
    out: &mut [u64],
    deposit: impl Fn(u64, u64) -> u64,
    base: impl Fn(usize) -> u64,
) {
    let (to, at) = (lane.deviation_mask, lane.deviation_offset);
    let (low, width) = (to.trailing_zeros(), to.count_ones());
    if width == 0 {
        out.iter_mut().enumerate().for_each(|(i, f)| *f = base(i));
    } else if to >> low == mask(width) {
        bits_of(records, at, width, out, |i, bits| bits << low | base(i));
    } else {
        bits_of(records, at, width, out, |i, bits| deposit(bits, to) | base(i));
    }
}

/// Writes the first bits of every record to `out`; the largest.
fn first_bits(records: &Records, width: u32, out: &mut [u32]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if crate::processor::has_bits() {
        // SAFETY: the processor has what the function needs.
        return unsafe { first_bits_bmi2(records, width, out) };
    }
    first_bits_any(records, width, out)
}

/// `first_bits` for processors that shift by any count in one instruction.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn first_bits_bmi2(records: &Records, width: u32, out: &mut [u32]) -> u64 {
    first_bits_any(records, width, out)
}

#[inline(always)]
fn first_bits_any(records: &Records, width: u32, out: &mut [u32]) -> u64 {
    let mut largest = 0;
    match width {
        0 => out.fill(0),
        _ => bits_of(records, 0, width, out, |_, bits| {
            largest = bits.max(largest);
            bits as u32
        }),
    }
    largest
}

/// Writes what `value` makes of the `width` bits (1 to 64) at bit `at` of every record `i`.
#[inline(always)]
fn bits_of<T>(records: &Records, at: u64, width: u32, out: &mut [T], mut value: impl FnMut(usize, u64) -> T) {
    let (data, m) = (records.data, mask(width));
    let within = records.len().min(out.len());
    let out = out.get_mut(..within).unwrap_or(&mut []);
    let load = |bit: u64| {
        // SAFETY: `Records::new` found 8 bytes behind every record, and the bits lie within it. Where they are follows
        // from row numbers and copies of the block entry and the layout: no byte of the data, which a map may change,
        // has a say.
        let word = unsafe { data.as_ptr().add((bit >> 3) as usize).cast::<u64>().read_unaligned() };
        word >> (bit & 7) & m
    };
    match records.starts {
        Starts::Dense { first, width: distance, .. } if width <= 57 => {
            for (i, out) in out.iter_mut().enumerate() {
                *out = value(i, load(first + at + i as u64 * distance));
            }
        }
        Starts::Dense { first, width: distance, .. } => {
            for (i, out) in out.iter_mut().enumerate() {
                *out = value(i, field(data, first + at + i as u64 * distance, width));
            }
        }
        Starts::Listed(starts) => {
            for (i, (out, start)) in out.iter_mut().zip(starts).enumerate() {
                *out = value(i, if width <= 57 { load(start + at) } else { field(data, start + at, width) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bits::{BitWriter, extract};

    /// One base of no bits.
    const NONE: Bases = Bases { bytes: &[], width: 0, count: 1 };

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
                lane_fields_any(&lane, &records, &NONE, None, &mut out, deposit);
                prop_assert_eq!(&out, &expected);
                lane_fields(&lane, &records, &NONE, None, &mut out);
                prop_assert_eq!(&out, &expected);
            }
        }
    }
}
