//! The fields of some rows of a block in code groups: found, decoded, and framed.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use std::borrow::Cow;

use crate::bits::{field, mask};
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::code_group::{GroupLane, corrupt};
use crate::codec::grouped::find::GroupedFields;
use crate::codec::grouped::frame_of_reference::Slope;
use crate::codec::grouped::kernel::Chunk;
use crate::codec::row_selection::RowSelection;
use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

impl GroupedFields {
    /// Reads the wanted lanes of some rows of a block.
    pub fn read<S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        pages: &Pages<S>,
        rows: RowSelection,
    ) -> Result<()> {
        if let Some(lone) = &grouped.lone {
            return self.read_lone(grouped, lone, pages, rows);
        }
        let (frames, has_wrapped) = match &grouped.steady {
            Some(steady) => self.read_steady(grouped, steady, pages, rows)?,
            None => self.read_based(grouped, pages, rows)?,
        };
        let lanes =
            grouped.code.lanes.iter().zip(&self.fields).zip(&self.wanted).filter(|(_, wanted)| **wanted);
        let is_wider = |lane: &GroupLane, fields: &[u64]| {
            lane.loose && fields.iter().fold(0, |all, field| all | field) & !mask(lane.width) != 0
        };
        if has_wrapped || lanes.into_iter().any(|((lane, fields), _)| is_wider(lane, fields)) {
            return Err(corrupt("a field is wider than its lane"));
        }
        self.add_frames(grouped, &frames);
        Ok(())
    }

    /// Reads the wanted lanes of rows that have base ids or bits of their own number. True if a least field and its
    /// deviation exceed 64 bits.
    fn read_based<'p, S: ByteSource>(
        &mut self,
        grouped: &Grouped,
        pages: &'p Pages<S>,
        rows: RowSelection,
    ) -> Result<(Cow<'p, [u8]>, bool)> {
        let (frames, data) = self.find(grouped, pages, rows)?;
        let chunk = Chunk { grouped, runs: &self.runs, data: &data, wanted: &self.wanted };
        if !self.places.decode(chunk, &mut self.fields) {
            return Err(corrupt("a row names a base that does not exist, or lies outside"));
        }
        Ok((frames, self.places.has_wrapped()))
    }

    /// Adds the minima of frames and their slopes.
    fn add_frames(&mut self, grouped: &Grouped, frames: &[u8]) {
        for ((lane, fields), _) in
            grouped.code.lanes.iter().zip(&mut self.fields).zip(&self.wanted).filter(|(_, wanted)| **wanted)
        {
            let Some((at, width)) = lane.minimum else { continue };
            let mut from = 0;
            let mut last = (u64::MAX, 0);
            for run in &self.runs {
                if last.0 != run.frame {
                    last = (run.frame, field(frames, run.frame + at, width));
                }
                let to = from + run.count as usize;
                let fields = fields.get_mut(from..to).unwrap_or(&mut []);
                if lane.slope == Slope::default() {
                    fields.iter_mut().for_each(|value| *value = value.wrapping_add(last.1) & mask(width));
                } else {
                    for (j, value) in fields.iter_mut().enumerate() {
                        let line = last.1.wrapping_add(lane.slope.at(run.place + j));
                        *value = value.wrapping_add(line) & mask(width);
                    }
                }
                from = to;
            }
        }
    }
}
