//! Bytes of each code group of a block.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::bits::field;
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::code_group::ONE_LOAD;
use crate::codec::grouped::layout::{MINI_BLOCK, WIDTH_BITS};
use crate::codec::record_parts::{GroupPart, LanePart, RecordParts};
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

impl Grouped {
    /// Bytes of each group, in order: the ids of all rows are counted.
    pub fn parts<S: ByteSource>(&self, pages: &Pages<S>) -> Result<RecordParts> {
        let frames = u128::from(self.head.rows.div_ceil(self.head.frame_rows()));
        let counts = self.counts(pages)?;
        let part = |(group, counts): (&crate::codec::grouped::code_group::Group, &Vec<u64>)| {
            let (entries, per) = self.code.entries(group);
            let lane = |(offset, place): (usize, usize)| {
                let lane = self.code.lanes.get(place)?;
                let widths = entries.iter().skip(offset).step_by(per.max(1)).map(|e| u128::from(e.width));
                Some(LanePart {
                    lane: lane.lane,
                    deviations: widths.zip(counts).map(|(width, &rows)| width * u128::from(rows)).sum(),
                    bases: group.bases as u128 * u128::from(lane.width + WIDTH_BITS),
                    minima: if lane.minimum.is_some() { frames * u128::from(lane.width) } else { 0 },
                })
            };
            GroupPart {
                lanes: group.lanes.clone().enumerate().filter_map(lane).collect(),
                bases: group.bases as u64,
                ids: u128::from(self.head.rows) * u128::from(group.id_bits),
            }
        };
        Ok(RecordParts {
            groups: self.code.groups.iter().zip(&counts).map(part).collect(),
            anchors: frames * u128::from(self.head.frame_bits() - u64::from(self.head.minima_bits)),
        })
    }

    /// For each group the rows of each id.
    fn counts<S: ByteSource>(&self, pages: &Pages<S>) -> Result<Vec<Vec<u64>>> {
        let mut counts: Vec<Vec<u64>> = self.code.groups.iter().map(|g| vec![0; 1 << g.id_bits]).collect();
        if self.ids == 0 {
            counts.iter_mut().flatten().for_each(|count| *count = self.head.rows);
            return Ok(counts);
        }
        // A group of one base has all rows, without an id to count.
        for (_, counts) in self.code.groups.iter().zip(&mut counts).filter(|(group, _)| group.id_bits == 0) {
            counts.fill(self.head.rows);
        }
        let (data, frames) = (self.head.records.piece.read(pages)?, self.head.frames.piece.read(pages)?);
        for first in (0..self.head.rows).step_by(MINI_BLOCK as usize) {
            let frame = self.head.frame_of(first) * self.head.frame_bits();
            let at = self.mini_block(&frames, frame, first);
            for j in 0..MINI_BLOCK.min(self.head.rows - first) {
                let ids = at.wrapping_add(j * self.ids);
                for (group, counts) in
                    self.code.groups.iter().zip(&mut counts).filter(|(group, _)| group.id_bits > 0)
                {
                    let id = field(&data, ids.wrapping_add(group.at), group.id_bits.min(ONE_LOAD));
                    // There are as many counts as ids of so many bits.
                    counts[id as usize] += 1;
                }
            }
        }
        Ok(counts)
    }
}
