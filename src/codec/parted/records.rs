//! Parted records as the records of a table.

#![deny(clippy::disallowed_methods, reason = "numbers of a file are allocated through crate::earned alone")]

use crate::bits::{SLACK, id_bits, mask};
use crate::codec::block_entry::BlockEntry;
use crate::codec::context::Context;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::fixed::lane::Lane;
use crate::codec::grouped::block::Grouped;
use crate::codec::grouped::encode::fits;
use crate::codec::grouped::head::GroupedHead;
use crate::codec::kind::{LaneFields, RecordHead, TableRecords};
use crate::codec::lanes::Lanes;
use crate::codec::parted::PIECE_ALIGN;
use crate::codec::parted::encode::encode;
use crate::codec::parted::head::PartedHead;
use crate::codec::parted::keys::may_repeat;
use crate::codec::parted::layout::{PartEntry, PartedLayout, corrupt};
use crate::codec::parted::part::{CHUNK, PartFields, PartRecords};
use crate::codec::parted::row_map::RowMap;
use crate::codec::piece::Piece;
use crate::codec::record_parts::{GroupPart, LanePart, RecordParts};
use crate::codec::row_selection::RowSelection;
use crate::codec::transform::lane_transform::LaneTransform;
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::pages::Pages;

/// Parted records of a table.
pub(crate) struct Parted {
    head: PartedHead,
    parts: Vec<PartRecords>,
    /// For each lane, and then for the index of each part, its part, and its place among the lanes of the part.
    places: Vec<(usize, usize)>,
}

/// Memory of a decoder.
#[derive(Default)]
pub(crate) struct PartedFields {
    /// One a part.
    parts: Vec<PartFields>,
}

/// Some rows of a block.
pub(crate) struct PartedRows<'c> {
    parted: &'c Parted,
    fields: &'c mut PartedFields,
}

impl TableRecords for Parted {
    type Head = PartedHead;
    type Fields<'p> = PartedFields;
    type Rows<'c> = PartedRows<'c>;

    const CHUNK: usize = CHUNK;

    // Each part costs a random row a map and a record.
    const PRICE: Option<u64> = Some(103);

    fn takes(lanes: &Lanes) -> bool {
        lanes.coding().has_tuples() && fits(lanes.lanes.len()) && may_repeat(lanes)
    }

    fn encode(lanes: Lanes, _: usize) -> Option<EncodedBlock> {
        encode(lanes)
    }

    fn read<S: ByteSource>(
        context: Context<S>,
        head: PartedHead,
        transforms: &[LaneTransform],
        limits: &[u64],
        layout: Option<Vec<u8>>,
    ) -> Result<(Self, Vec<Lane>)> {
        let pages = context.pages;
        let mut lanes = earned::with_room(transforms.len())?;
        for (t, &most) in transforms.iter().zip(limits) {
            lanes.push(Lane { deviation_mask: mask(t.width.into()), ..Lane::new(t, most)? });
        }
        let total = transforms.iter().map(|t| u64::from(t.width)).sum::<u64>();
        if total != u64::from(head.total_bits) {
            return Err(Error::corrupt("a block's lanes do not fit its bit counts"));
        }
        let layout = match layout {
            Some(layout) => layout,
            None => head.layout.without_slack(pages)?,
        };
        let layout = PartedLayout::read(&layout, transforms.len())?;
        let mut this = Self { head, parts: earned::with_room(layout.0.len())?, places: Vec::new() };
        earned::resize(&mut this.places, transforms.len() + layout.0.len(), (0, 0))?;
        let index = |(part, _): &(PartEntry, Vec<u32>)| id_bits(part.tuples.rows.get()) as u8;
        let indexes: Vec<u8> = layout.0.iter().map(index).collect();
        let mut bases = 0u64;
        for (number, (part, lanes)) in layout.0.into_iter().enumerate() {
            let map = RowMap::read(&part, head.rows, head.records.piece.offset)?;
            let (tuples, pieces) = this.tuples(&part.tuples)?;
            let pieces_fit = map.piece().iter().chain(&pieces).all(|piece| this.holds(piece));
            if !pieces_fit {
                return Err(corrupt("a piece of a part lies outside the records"));
            }
            let mut widths = earned::with_room(lanes.len())?;
            for (place, &lane) in lanes.iter().enumerate() {
                // `PartedLayout::read` found each lane once.
                let lane = lane as usize;
                widths
                    .push(transforms.get(lane).map_or_else(|| indexes[lane - transforms.len()], |t| t.width));
                this.places[lane] = (number, place);
            }
            let own = widths.iter().map(|width| u64::from(*width)).sum::<u64>();
            if own != u64::from(tuples.total_bits) {
                return Err(corrupt("the lanes of a part do not fit its bit counts"));
            }
            bases = bases.saturating_add(tuples.base_count);
            let tuples = Grouped::read(pages, tuples, &widths, None)?;
            this.parts.push(PartRecords { map, tuples, lanes, pieces });
        }
        match bases == head.base_count {
            true => Ok((this, lanes)),
            false => Err(corrupt("the parts do not have as many bases as the block")),
        }
    }

    fn is_constant(&self) -> bool {
        self.parts.iter().all(|part| part.tuples.is_constant())
    }

    fn varies(&self, _: &[Lane], number: usize) -> bool {
        let place = self.places.get(number);
        place.is_none_or(|&(part, place)| self.parts[part].tuples.varies(place))
    }

    fn check<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
        for part in &self.parts {
            part.tuples.check(pages)?;
            part.map.check(pages, self.head.rows, part.tuples.head.rows)?;
        }
        self.check_pieces(pages)
    }

    fn parts<S: ByteSource>(&self, pages: &Pages<S>, _: &[Lane]) -> Result<RecordParts> {
        let mut all = RecordParts { groups: Vec::new(), anchors: 0 };
        // An index belongs to the lanes of the part that has it.
        let lanes = self.lanes();
        let mut indexes = earned::with_room(self.parts.len())?;
        earned::resize(&mut indexes, self.parts.len(), 0u128)?;
        for part in &self.parts {
            let mut own = part.tuples.parts(pages)?;
            for group in &mut own.groups {
                group.lanes.iter_mut().for_each(|lane| lane.lane = part.lanes[lane.lane] as usize);
                let is_index = |lane: &&LanePart| lane.lane >= lanes;
                for lane in group.lanes.iter().filter(is_index) {
                    let ids = if group.lanes.len() == 1 { std::mem::take(&mut group.ids) } else { 0 };
                    indexes[lane.lane - lanes] = ids + lane.deviations + lane.bases + lane.minima;
                }
                group.lanes.retain(|lane| lane.lane < lanes);
            }
            own.groups.retain(|group| !group.lanes.is_empty());
            if let Some(group) = own.groups.first_mut() {
                group.ids += 8 * part.map.piece().map_or(0, |piece| u128::from(piece.length));
            }
            all.groups.extend(own.groups);
            all.anchors += own.anchors;
        }
        for (part, index) in self.parts.iter().zip(indexes) {
            let own = |group: &&mut GroupPart| {
                group.lanes.iter().any(|lane| part.lanes.contains(&(lane.lane as u32)))
            };
            if let Some(group) = all.groups.iter_mut().find(own) {
                group.ids += index;
            }
        }
        Ok(all)
    }

    fn prefetch(&self, bytes: &[u8], row: u64) {
        for part in self.parts.iter().filter(|part| matches!(part.map, RowMap::Same)) {
            TableRecords::prefetch(&part.tuples, bytes, row);
        }
    }

    fn start<S: ByteSource>(
        &self,
        fields: &mut PartedFields,
        pages: &Pages<S>,
        _: &[Lane],
        wanted: impl Iterator<Item = usize>,
        rows: usize,
    ) -> Result<()> {
        fields.parts.resize_with(self.parts.len(), PartFields::default);
        fields.parts.iter_mut().for_each(|part| part.wanted.clear());
        for lane in wanted {
            let (part, place) = self.places[lane];
            fields.parts[part].wanted.push(place);
        }
        for (number, part) in self.parts.iter().enumerate() {
            if matches!(part.map, RowMap::Index) && !fields.parts[number].wanted.is_empty() {
                let (part, place) = self.index_of(number);
                fields.parts[part].wanted.push(place);
            }
        }
        for (part, own) in self.parts.iter().zip(&mut fields.parts).filter(|(_, own)| !own.wanted.is_empty())
        {
            own.tuples.start(&part.tuples, own.wanted.iter().copied())?;
            own.fields.resize_with(part.lanes.len(), Vec::new);
            own.decode_whole(part, pages, rows)?;
        }
        Ok(())
    }

    fn rows<'c, S: ByteSource>(
        &'c self,
        fields: &'c mut PartedFields,
        pages: &Pages<S>,
        rows: RowSelection,
    ) -> Result<PartedRows<'c>> {
        // Parts of rows have the indexes of others.
        for is_first in [true, false] {
            for number in 0..self.parts.len() {
                let part = &self.parts[number];
                let is_wanted = !fields.parts[number].wanted.is_empty();
                if is_wanted && is_first == matches!(part.map, RowMap::Same) {
                    self.index(fields, number);
                    fields.parts[number].read(part, pages, rows)?;
                }
            }
        }
        Ok(PartedRows { parted: self, fields })
    }
}

impl LaneFields for PartedRows<'_> {
    fn lane(&mut self, number: usize, _: &Lane, out: &mut Vec<u64>) -> Result<()> {
        let (part, place) = self.parted.places[number];
        std::mem::swap(&mut self.fields.parts[part].fields[place], out);
        Ok(())
    }
}

impl Parted {
    /// Lanes of the block.
    fn lanes(&self) -> usize {
        self.places.len() - self.parts.len()
    }

    /// The part that has the index of a part, and its place there.
    fn index_of(&self, part: usize) -> (usize, usize) {
        self.places[self.lanes() + part]
    }

    /// Hands a part its index of the rows at hand, if it has one.
    fn index(&self, fields: &mut PartedFields, number: usize) {
        if let RowMap::Index = self.parts[number].map {
            let (part, place) = self.index_of(number);
            let mut numbers = std::mem::take(&mut fields.parts[number].numbers);
            std::mem::swap(&mut fields.parts[part].fields[place], &mut numbers);
            fields.parts[number].numbers = numbers;
        }
    }

    /// The head of a part's tuples, and their pieces, in the places that they have in the file.
    fn tuples(&self, entry: &BlockEntry) -> Result<(GroupedHead, Vec<Piece>)> {
        let wrong = || corrupt("a part has tuples that are no grouped records");
        let unused = [entry.first_row, entry.transforms, entry.exceptions, entry.exceptions_length];
        let more = [entry.heap, entry.heap_length, entry.lists, entry.lists_length];
        if unused.iter().chain(&more).any(|field| field.get() != 0)
            || entry.record_kind != GroupedHead::NUMBER
            || entry.rows.get() == 0
            || entry.base_count.get() == 0
        {
            return Err(wrong());
        }
        let start = self.head.records.piece.offset;
        let place = |offset: u64| match offset {
            0 => Ok(0),
            offset => start.checked_add(offset).ok_or_else(wrong),
        };
        let placed = BlockEntry {
            layout: place(entry.layout.get())?.into(),
            bases: place(entry.bases.get())?.into(),
            records: place(entry.records.get())?.into(),
            offsets: place(entry.offsets.get())?.into(),
            ..*entry
        };
        let head = GroupedHead::parse(&placed)?.ok_or_else(wrong)?;
        let pieces = head.streams().into_iter().map(|(_, stream)| stream.piece);
        let pieces: Vec<Piece> = pieces.filter(|piece| piece.offset != 0 || piece.length != 0).collect();
        match pieces.iter().all(|piece| piece.offset != 0 && piece.length != 0) {
            true => Ok((head, pieces)),
            false => Err(wrong()),
        }
    }

    /// True if the records hold a piece.
    fn holds(&self, piece: &Piece) -> bool {
        let records = self.head.records.piece;
        piece.offset > records.offset && piece.ends_by(records.offset.saturating_add(records.length))
    }

    /// Checks that the pieces of the parts fill the records.
    fn check_pieces<S: ByteSource>(&self, pages: &Pages<S>) -> Result<()> {
        let mut pieces = Vec::new();
        for part in &self.parts {
            pieces.extend(part.map.piece());
            pieces.extend(&part.pieces);
        }
        pieces.sort_by_key(|piece| piece.offset);
        let records = self.head.records.piece;
        let mut gap = records.offset..records.offset + PIECE_ALIGN as u64;
        for piece in pieces {
            if gap.end != piece.offset {
                return Err(corrupt("their pieces do not follow each other"));
            }
            zeros(pages, gap)?;
            let end = piece.offset + piece.length;
            gap = end..records.offset + (end - records.offset).next_multiple_of(PIECE_ALIGN as u64);
        }
        match gap.end.checked_add(SLACK) == Some(records.offset + records.length) {
            true => zeros(pages, gap.start..gap.end + SLACK),
            false => Err(corrupt("their pieces do not fill them")),
        }
    }
}

/// Checks that bytes between pieces are zero.
fn zeros<S: ByteSource>(pages: &Pages<S>, gap: std::ops::Range<u64>) -> Result<()> {
    match pages.get(gap)?.iter().all(|byte| *byte == 0) {
        true => Ok(()),
        false => Err(corrupt("bytes between their pieces are not zero")),
    }
}
