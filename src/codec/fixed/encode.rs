//! Fields to fixed records: base positions chosen, then layout, base table and records as bit streams.

use crate::bits::{BitWriter, extract, id_bits, mask};
use crate::codec::block_entry::BlockEntry;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::fixed::bases::{Bases, Role, select_bases};
use crate::codec::fixed::head::FixedHead;
use crate::codec::fixed::planes::BitPlanes;
use crate::codec::kind::RecordHead;
use crate::codec::lanes::Lanes;

/// The role (constant, base, deviation) of every bit of a block. Lanes and rows are indices.
pub(crate) struct Cut {
    rows: usize,
    widths: Vec<u8>,
    masks: Vec<Masks>,
    chosen: Bases,
}

/// Where a lane's bits go.
#[derive(Clone, Copy, Default)]
struct Masks {
    one: u64,
    base: u64,
    deviation: u64,
}

/// A lane's part of a record: for one run of positions a shift and a mask, else an extraction.
struct Part {
    lane: usize,
    positions: u64,
    low: u32,
    width: u32,
    run: bool,
}

impl Cut {
    /// Chooses the base positions of lanes of these widths, whose bits are `planes`.
    pub fn new(widths: Vec<u8>, planes: &BitPlanes, tau: usize) -> Self {
        let chosen = select_bases(planes, tau);
        let mut roles = chosen.roles.iter();
        let masks = widths.iter().map(|&width| Masks::of(width, &mut roles)).collect();
        Self { rows: planes.rows(), widths, masks, chosen }
    }

    /// The block's entry, but for its places.
    pub fn entry(&self) -> BlockEntry {
        let chosen = &self.chosen;
        let total: usize = self.widths.iter().map(|&w| usize::from(w)).sum();
        BlockEntry {
            rows: (self.rows as u64).into(),
            base_count: (chosen.count as u64).into(),
            total_bits: (total as u32).into(),
            base_bits: (chosen.base_bits as u32).into(),
            deviation_bits: (chosen.deviation_bits as u32).into(),
            constant_bits: ((total - chosen.base_bits - chosen.deviation_bits) as u32).into(),
            record_kind: FixedHead::NUMBER,
            id_bits: id_bits(chosen.count as u64) as u8,
            ..BlockEntry::default()
        }
    }

    /// Which bits are constant, of the base, of the record.
    pub fn layout(&self) -> Vec<u8> {
        let mut writer = BitWriter::default();
        let parts: [fn(&Masks) -> u64; 2] = [|m| m.base | m.deviation, |m| m.one | m.deviation];
        for part in parts {
            self.masks.iter().zip(&self.widths).for_each(|(m, &width)| writer.push(part(m), width.into()));
        }
        writer.finish()
    }

    /// The base table: each base's bits, taken from the first row that has it.
    pub fn bases(&self, field: impl Fn(usize, usize) -> u64) -> Vec<u8> {
        let bits = self.chosen.count as u128 * self.chosen.base_bits as u128;
        let mut writer = BitWriter::with_capacity(bits);
        let lanes: Vec<_> = self.masks.iter().enumerate().filter(|(_, m)| m.base != 0).collect();
        let mut next = 0;
        for (row, &id) in self.chosen.ids.iter().enumerate() {
            if id as usize == next && bits > 0 {
                next += 1;
                for &(lane, m) in &lanes {
                    writer.push(extract(field(lane, row), m.base), m.base.count_ones());
                }
            }
        }
        writer.finish()
    }

    /// The records: base id, then deviations lane by lane.
    pub fn records(&self, field: impl Fn(usize, usize) -> u64) -> Vec<u8> {
        let entry = self.entry();
        let part = |(lane, m): (usize, &Masks)| {
            let (low, width) = (m.deviation.trailing_zeros(), m.deviation.count_ones());
            let run = width > 0 && m.deviation >> low == mask(width);
            Part { lane, positions: m.deviation, low, width, run }
        };
        let parts: Vec<Part> = self.masks.iter().enumerate().map(part).filter(|p| p.width > 0).collect();
        let id_bits = u32::from(entry.id_bits);
        let record_bits = u128::from(entry.id_bits) + u128::from(entry.deviation_bits.get());
        let mut writer = BitWriter::with_capacity(self.rows as u128 * record_bits);
        for (row, &id) in self.chosen.ids.iter().enumerate() {
            writer.push(id.into(), id_bits);
            for p in &parts {
                let field = field(p.lane, row);
                let bits = if p.run { field >> p.low & mask(p.width) } else { extract(field, p.positions) };
                writer.push(bits, p.width);
            }
        }
        writer.finish()
    }
}

impl Masks {
    /// The masks of a lane of `width` bits, whose roles come next.
    fn of<'r>(width: u8, roles: &mut impl Iterator<Item = &'r Role>) -> Self {
        let mut masks = Self::default();
        for (bit, role) in (0..width).zip(roles) {
            match role {
                Role::Zero => {}
                Role::One => masks.one |= 1 << bit,
                Role::Base => masks.base |= 1 << bit,
                Role::Deviation => masks.deviation |= 1 << bit,
            }
        }
        masks
    }
}

/// Encodes the lanes of a segment: chooses base positions, then cuts the records.
pub(crate) fn encode(lanes: Lanes, tau: usize) -> EncodedBlock {
    let own = &lanes.lanes;
    let mut planes = BitPlanes::new(lanes.rows());
    for lane in own {
        planes.push_lane(lane.transform.width, &lane.fields);
    }
    let cut = Cut::new(own.iter().map(|l| l.transform.width).collect(), &planes, tau);
    drop(planes);
    let field = |lane: usize, row: usize| own[lane].fields[row];
    let records = EncodedBlock {
        layout: cut.layout(),
        bases: cut.bases(field),
        records: cut.records(field),
        ..EncodedBlock::new(cut.entry())
    };
    lanes.around(records)
}
