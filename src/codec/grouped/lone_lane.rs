//! Blocks of one lane with base ids, as its kernels look it up: a column that is a storage group of its own.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::codec::grouped::code_group::{CodeGroups, GroupLane};
use crate::codec::grouped::head::GroupedHead;
use crate::codec::grouped::layout::MINI_BLOCK;
use crate::earned;
use crate::error::Result;

/// Ids of so many bits name one of sixteen bytes, which one shuffle looks up.
const MAX_ID_BITS: u32 = 4;
pub(crate) const BASES: usize = 1 << MAX_ID_BITS;
/// The widths of eight deviations add up to less than 2^8, so that one product of bytes has all their sums.
const MAX_WIDTH: u32 = 31;
/// The width of an id that names no base.
pub(crate) const NO_BASE: u8 = 0x80;
/// Rows side by side: those of a mini-block.
pub(crate) const ROWS: usize = MINI_BLOCK as usize;

/// The lane of a block that varies, alone. Others, such as the validity of a column without nulls, have one field.
pub(crate) struct Lone {
    /// Its place among the lanes of the groups.
    pub place: usize,
    pub id_bits: u32,
    /// The bits of a deviation, by id.
    pub widths: [u8; BASES],
    /// The least field, by id.
    pub lows: [u64; BASES],
    /// Bits of a row, at most.
    pub row_bits: u64,
    /// Where a frame holds its minimum.
    pub minimum: Option<(u64, u32)>,
    /// What the slope adds to each row of a frame, by mini-block.
    pub lines: Vec<[u64; ROWS]>,
    /// The bits of a field.
    pub mask: u64,
}

impl Lone {
    /// The lane of a block, if there is one with few bases and narrow deviations, and nothing else.
    ///
    /// # Errors
    /// `Memory`.
    pub fn new(head: &GroupedHead, code: &CodeGroups) -> Result<Option<Self>> {
        let mut varied = code.groups.iter().filter(|group| group.id_bits > 0);
        let (Some(group), None) = (varied.next(), varied.next()) else { return Ok(None) };
        let place = group.lanes.start;
        let entries = code.entries(group).0;
        let fits = group.lanes.len() == 1
            && group.id_bits <= MAX_ID_BITS
            && entries.iter().all(|entry| entry.width <= MAX_WIDTH);
        let others = code.groups.iter().filter(|group| group.id_bits == 0);
        let is_constant = |lane: &GroupLane| lane.minimum.is_none();
        let alone = others.into_iter().all(|group| {
            code.entries(group).0.iter().all(|entry| entry.width == 0)
                && code.lanes[group.lanes.clone()].iter().all(is_constant)
        });
        let lane = &code.lanes[place];
        if !fits || !alone || lane.wraps {
            return Ok(None);
        }
        let (mut widths, mut lows) = ([NO_BASE; BASES], [0; BASES]);
        let mut row_bits = 0;
        for (id, entry) in entries.iter().take(group.bases).enumerate() {
            (widths[id], lows[id]) = (entry.width as u8, entry.low);
            row_bits = row_bits.max(u64::from(group.id_bits + entry.width));
        }
        let mini_blocks = (head.frame_rows() / MINI_BLOCK) as usize;
        let mut lines = earned::with_room(mini_blocks)?;
        lines.extend((0..mini_blocks).map(|i| std::array::from_fn(|row| lane.slope.at(i * ROWS + row))));
        let mask = crate::bits::mask(lane.width);
        let (id_bits, minimum) = (group.id_bits, lane.minimum);
        Ok(Some(Self { place, id_bits, widths, lows, row_bits, minimum, lines, mask }))
    }
}
