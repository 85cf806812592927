//! The layout of grouped records: code groups and their lanes (spec, chapter 4.4).

use zerocopy::little_endian::{I64, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{Error, Result};

/// Rows of a mini-block.
pub const MINI_BLOCK: u64 = 8;
/// Bits of a deviation's width in a base.
pub const WIDTH_BITS: u32 = 7;
/// Bases of a code group, times its lanes, summed over the groups: at most so many.
pub const MAX_ENTRIES: u64 = 1 << 15;
/// Lanes that grouped records may have.
pub const MAX_GROUPED_LANES: usize = 4096;
/// The smallest and the largest frame: 2^shift rows.
pub const FRAME_SHIFTS: std::ops::RangeInclusive<u8> = 3..=7;

/// The head of the layout: how many of each entry follow.
#[derive(Clone, Copy, Default, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Head {
    groups: U32,
    lanes: U32,
    anchors: AnchorLine,
}

/// Where mini-blocks begin, about: anchors are what is above this line.
#[derive(Clone, Copy, Default, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct AnchorLine {
    /// Where it begins, modulo 2^64.
    pub first: U64,
    /// Rise from one mini-block to the next, in units of 2^-16 bits.
    pub slope: U64,
}

impl AnchorLine {
    /// A line through the places of mini-blocks, at least one, none of which is below it, and the distance of each from it.
    pub fn below(places: &[u64]) -> (Self, Vec<u64>) {
        let steps = places.len().max(2) as u64 - 1;
        let rise = places[places.len() - 1];
        let slope = ((u128::from(rise) << 16) / u128::from(steps)) as u64;
        let flat = Self { first: 0.into(), slope: slope.into() };
        let above = |line: &Self| -> Vec<u64> {
            places.iter().enumerate().map(|(i, place)| place.wrapping_sub(line.at(i as u64))).collect()
        };
        let least = above(&flat).into_iter().map(u64::cast_signed).fold(i64::MAX, i64::min);
        let line = Self { first: least.cast_unsigned().into(), ..flat };
        let above = above(&line);
        (line, above)
    }

    /// The line at a mini-block.
    #[inline(always)]
    pub fn at(&self, mini_block: u64) -> u64 {
        self.first.get().wrapping_add(mini_block.wrapping_mul(self.slope.get()) >> 16)
    }
}

/// A code group: the next `lanes` lanes of the layout.
#[derive(Clone, Copy, Default, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct GroupEntry {
    pub bases: U32,
    pub lanes: U32,
}

/// A lane of a code group.
#[derive(Clone, Copy, Default, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct GroupedLane {
    pub lane: U32,
    /// 1 if frames hold a minimum of it.
    pub framed: u8,
    pub zero: [u8; 3],
    /// In units of 2^-16 a row; 0 without frames.
    pub slope: I64,
}

/// How a block is cut into code groups.
#[derive(Clone, Debug, Default)]
pub struct GroupedLayout {
    pub anchors: AnchorLine,
    pub groups: Vec<GroupEntry>,
    /// Group by group.
    pub lanes: Vec<GroupedLane>,
}

impl GroupedLayout {
    /// The layout's bytes; 16 zero bytes follow them in the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let counts = [self.groups.len(), self.lanes.len()].map(|n| U32::new(n as u32));
        let head = Head { groups: counts[0], lanes: counts[1], anchors: self.anchors };
        [head.as_bytes(), self.groups.as_bytes(), self.lanes.as_bytes()].concat()
    }

    /// Reads the layout of a block of so many lanes, each of which is in one group.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn read(bytes: &[u8], lanes: usize) -> Result<Self> {
        let wrong = |what: &str| Error::corrupt(format!("the layout of a block in code groups {what}"));
        let cut = || wrong("does not fit its length");
        let (head, rest) = Head::read_from_prefix(bytes).map_err(|_| cut())?;
        let groups = head.groups.get() as usize;
        if head.lanes.get() as usize != lanes || lanes > MAX_GROUPED_LANES || groups > lanes {
            return Err(wrong("does not have the lanes of its table"));
        }
        let (groups, rest) = <[GroupEntry]>::ref_from_prefix_with_elems(rest, groups).map_err(|_| cut())?;
        let (entries, rest) = <[GroupedLane]>::ref_from_prefix_with_elems(rest, lanes).map_err(|_| cut())?;
        if !rest.is_empty() {
            return Err(cut());
        }
        let (mut named, mut entry_count) = (0, 0u64);
        for group in groups {
            let (bases, own) = (u64::from(group.bases.get()), u64::from(group.lanes.get()));
            if bases == 0 || own == 0 {
                return Err(wrong("has a group without bases or lanes"));
            }
            named += own;
            entry_count = entry_count.saturating_add(bases * own);
        }
        if named != lanes as u64 || entry_count > MAX_ENTRIES {
            return Err(wrong("has groups that do not hold its lanes, or too many bases"));
        }
        let mut seen = vec![false; lanes];
        for lane in entries {
            let new =
                seen.get_mut(lane.lane.get() as usize).is_some_and(|seen| !std::mem::replace(seen, true));
            let plain = lane.framed == 0 && lane.slope.get() == 0;
            if !new || lane.zero != [0; 3] || lane.framed > 1 || (lane.framed == 0 && !plain) {
                return Err(wrong("names a lane twice, or one that is out of range"));
            }
        }
        Ok(Self { anchors: head.anchors, groups: groups.to_vec(), lanes: entries.to_vec() })
    }
}
