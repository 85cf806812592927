//! Grouped records: how they are cut, and their base tables (spec, chapter 4.4).

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::bits::{field, id_bits, mask};
use crate::codec::grouped::code_group::{CodeGroups, Entry, Group, GroupLane, ONE_LOAD, corrupt};
use crate::codec::grouped::frame_of_reference::Slope;
use crate::codec::grouped::head::GroupedHead;
#[cfg(target_arch = "x86_64")]
use crate::codec::grouped::lane_table::LaneTable;
use crate::codec::grouped::layout::{AnchorLine, GroupedLayout, MINI_BLOCK, WIDTH_BITS};
use crate::codec::grouped::lone_lane::Lone;
use crate::codec::grouped::steady_lanes::Steady;
use crate::codec::grouped::width_sums::{Sum, Unit};
use crate::earned;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// How the records of a block are cut, and its base tables.
pub(crate) struct Grouped {
    pub head: GroupedHead,
    pub code: CodeGroups,
    /// For each lane its place among the lanes of the groups.
    pub places: Vec<usize>,
    /// Bits of deviations by the ids of a few neighbouring groups.
    pub sums: Vec<Sum>,
    /// Groups that are decoded together.
    pub units: Vec<Unit>,
    /// The same for eight rows side by side, lane by lane.
    #[cfg(target_arch = "x86_64")]
    pub tables: Vec<LaneTable>,
    /// Bits of a row's base ids.
    pub ids: u64,
    pub anchors: AnchorLine,
    /// Bits of a row's deviations: at least, and at most.
    pub deviations: (u64, u64),
    /// Its lanes, if rows have as many bits each and few of them.
    pub steady: Option<Steady>,
    /// The lane that varies, if there is one with base ids, few bases and narrow deviations.
    pub lone: Option<Lone>,
}

impl Grouped {
    /// Reads the layout, unless it is at hand, and the base tables of a block whose lanes have these widths.
    pub fn read<S: ByteSource>(
        pages: &Pages<S>,
        head: GroupedHead,
        widths: &[u8],
        layout: Option<Vec<u8>>,
    ) -> Result<Self> {
        let layout = match layout {
            Some(layout) => layout,
            None => head.layout.without_slack(pages)?,
        };
        let layout = GroupedLayout::read(&layout, widths.len())?;
        let table = head.bases.piece.read(pages)?;
        let mut this = Self {
            head,
            code: CodeGroups {
                groups: earned::with_room(layout.groups.len())?,
                lanes: earned::with_room(layout.lanes.len())?,
                entries: Vec::new(),
            },
            places: vec![0; widths.len()],
            sums: Vec::new(),
            units: Vec::new(),
            #[cfg(target_arch = "x86_64")]
            tables: Vec::new(),
            ids: 0,
            anchors: layout.anchors,
            deviations: (0, 0),
            steady: None,
            lone: None,
        };
        let mut minimum = head.frame_rows() / MINI_BLOCK * u64::from(head.anchor_bits);
        for (place, lane) in layout.lanes.iter().enumerate() {
            let number = lane.lane.get() as usize;
            // `GroupedLayout::read` found each lane once.
            let width = u32::from(widths[number]);
            this.places[number] = place;
            let framed = (lane.framed == 1).then_some((minimum, width));
            minimum += framed.map_or(0, |(_, width)| width.into());
            let slope = Slope(lane.slope.get());
            this.code.lanes.push(GroupLane {
                lane: number,
                minimum: framed,
                slope,
                width,
                loose: false,
                wraps: false,
            });
        }
        let (mut at, mut next, mut bases) = (0, 0, 0u64);
        for group in &layout.groups {
            let count = group.bases.get() as usize;
            let lanes = next..next + group.lanes.get() as usize;
            next = lanes.end;
            let id_bits = id_bits(count as u64);
            let entries = this.code.entries.len();
            for _ in 0..count {
                for lane in this.code.lanes.get_mut(lanes.clone()).unwrap_or(&mut []) {
                    let low = field(&table, at, lane.width);
                    let width = field(&table, at + u64::from(lane.width), WIDTH_BITS) as u32;
                    at += u64::from(lane.width + WIDTH_BITS);
                    if width > lane.width {
                        return Err(corrupt("a deviation is wider than its lane"));
                    }
                    let most = low.checked_add(mask(width));
                    lane.loose |= most.is_none_or(|most| most > mask(lane.width));
                    lane.wraps |= most.is_none();
                    this.code.entries.push(Entry { low, width });
                }
            }
            let own = this.code.entries[entries..].chunks(lanes.len().max(1));
            let totals = own.map(|base| base.iter().map(|e| u64::from(e.width)).sum::<u64>());
            let bounds = totals.fold((u64::MAX, 0), |(least, most), t| (t.min(least), t.max(most)));
            this.deviations = (this.deviations.0 + bounds.0, this.deviations.1 + bounds.1);
            // At most twice the entries that the layout may name.
            earned::resize(&mut this.code.entries, entries + (lanes.len() << id_bits), Entry::default())?;
            this.code.groups.push(Group { at: this.ids, id_bits, bases: count, lanes, entries });
            this.ids += u64::from(id_bits);
            bases += count as u64;
        }
        let steady = this.deviations.0 == this.deviations.1;
        let fits = at == u64::from(head.base_bits)
            && bases == head.base_count
            && this.ids == u64::from(head.id_bits)
            && minimum == head.frame_bits()
            && (steady || head.anchor_bits > 0);
        this.steady = Steady::new(&head, &this.code);
        this.lone = Lone::new(&head, &this.code)?;
        this.sums = Sum::all(&this.code);
        this.units = Unit::all(&this.code);
        #[cfg(target_arch = "x86_64")]
        {
            this.tables = LaneTable::all(&this.code);
        }
        if fits { Ok(this) } else { Err(corrupt("base tables or frames do not fit the block's bit counts")) }
    }

    /// True if all rows are alike.
    pub fn is_constant(&self) -> bool {
        // The fields of a framed lane of no bits are 0, whatever its slope.
        let is_framed = |lane: &GroupLane| lane.minimum.is_some_and(|(_, width)| width > 0);
        self.ids == 0 && self.deviations.1 == 0 && !self.code.lanes.iter().any(is_framed)
    }

    /// True if rows may have different fields in a lane.
    pub fn varies(&self, lane: usize) -> bool {
        let Some((place, own)) = self.places.get(lane).and_then(|&p| Some((p, self.code.lanes.get(p)?)))
        else {
            return true;
        };
        let of_group =
            self.code.groups.iter().find(|group| group.lanes.contains(&place)).is_none_or(|group| {
                let (entries, per) = self.code.entries(group);
                let offset = place - group.lanes.start;
                group.id_bits > 0 || entries.iter().skip(offset).step_by(per.max(1)).any(|e| e.width > 0)
            });
        of_group || own.minimum.is_some_and(|(_, width)| width > 0)
    }

    /// Bits of a row, if all have as many.
    pub fn steady_bits(&self) -> u64 {
        self.ids + self.deviations.1
    }

    /// Bits of the deviations of the row whose ids are at a bit; `NO_BASE` or more if one names no base.
    pub fn row_bits(&self, ids: u64, load: impl Fn(u64) -> u64) -> u64 {
        self.sums.iter().map(|sum| sum.of(load(ids + sum.at))).sum()
    }

    /// Checks that mini-blocks follow each other and fill the records.
    pub fn check<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
        let head = &self.head;
        if self.is_constant() {
            let empty = head.records.piece.length == 0;
            return if empty { Ok(()) } else { Err(corrupt("bytes of rows that are all alike")) };
        }
        let length = head.record_bytes();
        let (data, frames) = (head.records.piece.read(pages)?, head.frames.piece.read(pages)?);
        let rows = head.rows;
        // Rows of frames alone, whose mini-blocks have as many bits each, follow each other whatever their number.
        let walked = if self.ids == 0 && head.anchor_bits == 0 { 0 } else { rows };
        let mut next = (rows - walked).saturating_mul(self.steady_bits());
        if next > 8 * length {
            return Err(corrupt("a mini-block is longer than the records"));
        }
        for first in (0..walked).step_by(MINI_BLOCK as usize) {
            let here = MINI_BLOCK.min(rows - first);
            let frame = head.frame_of(first) * head.frame_bits();
            let at = self.mini_block(&frames, frame, first);
            if at != next {
                return Err(corrupt("a mini-block does not follow the one before"));
            }
            next = at.saturating_add(here * self.ids);
            for j in 0..here {
                next += self.row_bits(at + j * self.ids, |bit| field(&data, bit, ONE_LOAD));
            }
            if next > 8 * length {
                return Err(corrupt("a mini-block is longer than the records"));
            }
        }
        // Anchors of mini-blocks that a last frame does not have.
        let framed = rows.div_ceil(head.frame_rows()).saturating_mul(head.frame_rows());
        let spare = rows.div_ceil(MINI_BLOCK)..framed / MINI_BLOCK;
        let frame_at = |i: u64| head.frame_of(i * MINI_BLOCK) * head.frame_bits();
        let anchor =
            |i: u64| field(&frames, frame_at(i) + head.anchor_within(i * MINI_BLOCK), head.anchor_bits);
        let tail = field(&data, next, (8 * length).saturating_sub(next).min(64) as u32);
        if next.div_ceil(8) != length || tail != 0 || spare.into_iter().any(|i| anchor(i) != 0) {
            return Err(corrupt("something follows the last mini-block"));
        }
        Ok(())
    }

    /// The bit at which the mini-block of a row begins, whose frame is at bit `frame` of `frames`.
    #[inline(always)]
    pub fn mini_block(&self, frames: &[u8], frame: u64, row: u64) -> u64 {
        match self.head.anchor_bits {
            0 => (row / MINI_BLOCK * MINI_BLOCK).saturating_mul(self.steady_bits()),
            bits => {
                let anchor = field(frames, frame + self.head.anchor_within(row), bits);
                self.anchors.at(row / MINI_BLOCK).wrapping_add(anchor)
            }
        }
    }
}
