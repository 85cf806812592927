//! From a record to residuals: base ids, and deviation bits spread over the bits of their base.

use crate::bits::{SLACK, field, mask};
use crate::codec::tiles::groups::{GROUP_ROWS, Grid};
use crate::codec::tiles::planes::Layout;

/// The fixed part of every record of a coder.
pub(crate) struct Ids {
    /// True if a bit a group says if it has an id; without one its base is 0, and ids count from base 1.
    pub flagged: bool,
    /// Bits of an id, at most 12.
    pub bits: u32,
}

/// A record, ready to be read. Its flags are counted when it is made and read again with the groups, so that its bytes must
/// not change meanwhile: readers copy the records of maps.
pub(crate) struct Record<'a> {
    /// The record and `SLACK` more bytes.
    bytes: &'a [u8],
    /// Bits of the record, padding included.
    bits: u64,
    ids: &'a Ids,
    /// The first id, and the first deviation bit.
    first_id: u64,
    first_deviation: u64,
}

impl<'a> Record<'a> {
    /// The record of `length` bytes at the front of `bytes`; `None` if its ids are not within it.
    pub fn new(bytes: &'a [u8], length: usize, ids: &'a Ids, groups: usize) -> Option<Self> {
        let bits = (length as u64).checked_mul(8)?;
        if bytes.len() < length.checked_add(SLACK as usize)? || ids.bits > 12 {
            return None;
        }
        let groups = groups as u64;
        let (first_id, named) = if ids.flagged { (groups, ones(bytes, bits, groups)?) } else { (0, groups) };
        let first_deviation = first_id + named * u64::from(ids.bits);
        (first_deviation <= bits).then_some(Self { bytes, bits, ids, first_id, first_deviation })
    }

    /// Writes all residuals. False if an id names no base, or the deviations do not end where the record does.
    #[inline(always)]
    pub fn unpack(
        &self,
        bases: &[u128],
        grid: &Grid,
        layout: &Layout,
        residuals: &mut [u8],
        deposit: impl Fn(u64, u64) -> u64 + Copy,
    ) -> bool {
        if residuals.len() < layout.len() {
            return false;
        }
        let end = match (grid.group.width, grid.group.channels) {
            (2, 1) => self.groups::<2, 1>(bases, grid, layout, residuals, deposit),
            (2, 2) => self.groups::<2, 2>(bases, grid, layout, residuals, deposit),
            (2, 3) => self.groups::<2, 3>(bases, grid, layout, residuals, deposit),
            (2, 4) => self.groups::<2, 4>(bases, grid, layout, residuals, deposit),
            (3, 1) => self.groups::<3, 1>(bases, grid, layout, residuals, deposit),
            (3, 2) => self.groups::<3, 2>(bases, grid, layout, residuals, deposit),
            (4, 1) => self.groups::<4, 1>(bases, grid, layout, residuals, deposit),
            (4, 2) => self.groups::<4, 2>(bases, grid, layout, residuals, deposit),
            _ => None,
        };
        end.is_some_and(|end| {
            end.div_ceil(8) * 8 == self.bits && field(self.bytes, end, (self.bits - end) as u32) == 0
        })
    }

    /// The bit after the last deviation; `None` if something is outside of the record or the bases.
    #[inline(always)]
    fn groups<const W: usize, const C: usize>(
        &self,
        bases: &[u128],
        grid: &Grid,
        layout: &Layout,
        residuals: &mut [u8],
        deposit: impl Fn(u64, u64) -> u64 + Copy,
    ) -> Option<u64> {
        let id_mask = mask(self.ids.bits);
        let (mut flag_at, mut id_at, mut at) = (0, self.first_id, self.first_deviation);
        for set in 0..grid.sets {
            for row in 0..grid.down {
                let start = layout.row(set * C, row * GROUP_ROWS);
                for column in 0..grid.across {
                    // SAFETY: flags and ids lie in the record, as `new` found: there are as many ids as the flags that it
                    // counted in the same bytes, which nobody else writes.
                    let (flag, id) = unsafe { (self.load(flag_at) & 1, self.load(id_at) & id_mask) };
                    let base = if self.ids.flagged {
                        flag_at += 1;
                        id_at += u64::from(self.ids.bits) & flag.wrapping_neg();
                        (id + 1) & flag.wrapping_neg()
                    } else {
                        id_at += u64::from(self.ids.bits);
                        id
                    };
                    let places = bases.get(base as usize)? & grid.inside(row, column);
                    let mut values = 0u128;
                    for word in 0..(GROUP_ROWS * W * C).div_ceil(8) {
                        if at > self.bits {
                            return None;
                        }
                        let places = (places >> (64 * word)) as u64;
                        // SAFETY: `at` was compared with the end of the record just above.
                        let deviation = unsafe { self.load(at) };
                        values |= u128::from(deposit(deviation, places)) << (64 * word);
                        at += u64::from(places.count_ones());
                    }
                    // SAFETY: groups lie in the planes, which are padded to whole groups.
                    unsafe { store::<W, C>(values, residuals, start + column * W, layout) };
                }
            }
        }
        Some(at)
    }

    /// The 64 bits at bit `at`.
    ///
    /// # Safety
    /// `at` is at most the record's length: the slack after it is readable.
    #[inline(always)]
    unsafe fn load(&self, at: u64) -> u64 {
        debug_assert!(at <= self.bits);
        // SAFETY: the caller's promise; 9 bytes are less than the slack.
        unsafe {
            let bytes = self.bytes.as_ptr().add((at >> 3) as usize);
            let low = bytes.cast::<u64>().read_unaligned();
            let high = u64::from(*bytes.add(8));
            low >> (at & 7) | high << 1 << (63 - (at & 7))
        }
    }
}

/// Ones among the first `bits` bits; none if there are fewer than that.
fn ones(bytes: &[u8], available: u64, bits: u64) -> Option<u64> {
    if bits > available {
        return None;
    }
    let words = (0..bits).step_by(64);
    Some(words.map(|at| u64::from(field(bytes, at, (bits - at).min(64) as u32).count_ones())).sum())
}

/// Writes the values of a group whose first is at `at`.
///
/// # Safety
/// The group is within the planes.
#[inline(always)]
unsafe fn store<const W: usize, const C: usize>(
    values: u128,
    residuals: &mut [u8],
    at: usize,
    layout: &Layout,
) {
    for c in 0..C {
        for y in 0..GROUP_ROWS {
            let line = (values >> (8 * W * (c * GROUP_ROWS + y))) as u32;
            let at = at + layout.row(c, y) - layout.row(0, 0);
            debug_assert!(at + W <= residuals.len());
            // SAFETY: the caller's promise.
            unsafe {
                residuals.as_mut_ptr().add(at).copy_from_nonoverlapping(line.to_le_bytes().as_ptr(), W)
            };
        }
    }
}
