//! Rows of blocks to values, storage group by storage group and column by column, a chunk of records at a time.

use crate::codec::RecordFields;
use crate::codec::block::Block;
use crate::codec::context::Context;
use crate::codec::row_selection::RowSelection;
use crate::codec::strings::decode::Strings;
use crate::codec::transform::limits::column_place;
use crate::codec::transform::target::Target;
use crate::column::prepare::{prepare, zero_nulls};
use crate::column::values::{Batch, Column, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::format::schema::{Kind, Node, Schema};
use crate::read::lists::{ListColumn, Lists, items_before};
use crate::read::output::{Fields, Output};
use crate::read::projection::Projection;

/// Rows of one block, and where their values go.
pub(crate) struct Part<'a> {
    /// Rows of the block, in any order.
    pub rows: RowSelection<'a>,
    /// The output row of the first, if they go one after the other.
    pub first: usize,
    /// The output row of each, if they do not.
    pub places: Option<&'a [u32]>,
}

/// One reading of rows, over all the blocks that hold them.
pub(crate) struct Decode<'a, S> {
    pub context: Context<'a, S>,
    /// The columns, by storage group in ascending order.
    pub groups: Vec<GroupColumns<'a>>,
    rows: usize,
    /// Most bytes of strings in several rows.
    most: u64,
}

/// The columns of one storage group that are being read.
pub(crate) struct GroupColumns<'a> {
    pub group: u32,
    columns: Vec<Output<'a>>,
}

/// Memory that decoding uses again from block to block, whatever their storage groups.
#[derive(Default)]
pub(crate) struct Kernels<'a> {
    records: RecordFields<'a>,
    /// Fields of the lanes at hand.
    low: Vec<u64>,
    high: Vec<u64>,
}

impl<'a, S: ByteSource> Decode<'a, S> {
    /// Makes the columns of `out` ready for so many rows.
    pub fn new(
        schema: &'a Schema,
        context: Context<'a, S>,
        projection: &Projection,
        rows: usize,
        out: &mut Batch,
    ) -> Result<Self> {
        let mut old = std::mem::take(&mut out.columns).into_iter();
        let mut columns: Vec<Output> = earned::with_room(projection.nodes().len())?;
        for (place, &number) in projection.nodes().iter().enumerate() {
            let node = schema.nodes().get(number);
            let node = node.ok_or_else(|| Error::argument(format!("no node {number} in this file")))?;
            if let Some(refusal) = schema.refusal(number) {
                return Err(refusal);
            }
            let codes = projection.codes() && node.dictionary.is_some();
            let mut column = old.next().unwrap_or(Column { validity: None, values: Values::None });
            prepare(&mut column, node, rows, codes)?;
            let wanted = node.kind.is_bytes() && !codes;
            let kept = if projection.is_only_checked() { None } else { Some(rows) };
            let strings = wanted.then(|| Strings::new(kept, node.kind == Kind::Text)).transpose()?;
            let strings = strings.map(|strings| strings.with_most(projection.prefix()));
            let lists = (node.kind == Kind::List).then(|| Lists::new(rows)).transpose()?;
            columns.push(Output { place, number, node, column, strings, lists, nulls: false });
        }
        Ok(Self { context, groups: by_group(columns), rows, most: projection.most() })
    }

    /// The columns of images: their storage groups, and the place of each row's values.
    pub fn images(&mut self) -> impl Iterator<Item = (u32, std::slice::ChunksMut<'_, u8>)> {
        let columns = self.groups.iter_mut().flat_map(|group| &mut group.columns);
        columns.filter_map(|c| match (&mut c.column.values, c.node.image) {
            (Values::U8(values), Some(_)) => {
                Some((c.node.group, values.chunks_mut(c.node.length.max(1) as usize)))
            }
            _ => None,
        })
    }

    /// Hands the columns over, those of lists without their items, and says where these are.
    ///
    /// # Errors
    /// `Corrupt` for strings that are none; `Memory` for more of them than may be.
    pub fn finish(self, out: &mut Batch) -> Result<Vec<ListColumn>> {
        let mut groups = self.groups.into_iter();
        let mut columns = groups.next().map_or(Vec::new(), |group| group.columns);
        columns.extend(groups.flat_map(|group| group.columns));
        columns.sort_unstable_by_key(|column| column.place);
        let strings = columns.iter().filter_map(|c| c.strings.as_ref());
        let bytes = strings.fold(0, |sum: u64, s| sum.saturating_add(s.bytes()));
        if self.rows > 1 && bytes > self.most {
            return Err(Error::memory(format!("{} rows have {bytes} bytes of strings, about", self.rows)));
        }
        let mut lists = Vec::new();
        let finish = |mut output: Output| {
            let (validity, values) = (output.column.validity.as_deref(), &mut output.column.values);
            match (output.strings, validity) {
                (Some(strings), validity) => {
                    strings.finish(validity, values).map_err(|e| e.at(column_place(&output.node.name)))?
                }
                (None, Some(validity)) => zero_nulls(validity, values),
                (None, None) => {}
            }
            if let (Some(own), Values::Lists { offsets, .. }) = (output.lists, &mut output.column.values) {
                own.offsets(offsets)?;
                lists.push(ListColumn { column: output.place, node: output.number, starts: own.starts });
            }
            Ok(output.column)
        };
        out.rows = self.rows;
        out.columns = columns.into_iter().map(finish).collect::<Result<_>>()?;
        Ok(lists)
    }
}

/// The columns of each storage group, in the order that they have.
fn by_group(mut columns: Vec<Output>) -> Vec<GroupColumns> {
    let Some(group) = columns.first().map(|column| column.node.group) else { return Vec::new() };
    if columns.iter().all(|column| column.node.group == group) {
        return vec![GroupColumns { group, columns }];
    }
    columns.sort_by_key(|column| column.node.group);
    let mut groups: Vec<GroupColumns> = Vec::new();
    for column in columns {
        match groups.last_mut() {
            Some(last) if last.group == column.node.group => last.columns.push(column),
            _ => groups.push(GroupColumns { group: column.node.group, columns: vec![column] }),
        }
    }
    groups
}

impl<'a> GroupColumns<'a> {
    /// Bytes of the fields that a row has in these columns.
    pub fn row_bytes(&self) -> u64 {
        self.columns.iter().map(|column| column.node.value_bytes()).sum()
    }

    /// Reads rows of a block, a chunk at a time.
    pub fn block<S: ByteSource>(
        &mut self,
        context: Context<'a, S>,
        kernels: &mut Kernels<'a>,
        block: &Block,
        part: Part,
    ) -> Result<()> {
        let pages = context.pages;
        let exceptions = block.head.exceptions.read(pages)?;
        for strings in self.columns.iter_mut().filter_map(|c| c.strings.as_mut()) {
            strings.start_block(pages, block)?;
        }
        let lanes = |node: &Node| node.first_lane..node.first_value_lane() + node.value_lanes();
        let wanted = self.columns.iter().flat_map(|c| lanes(c.node)).map(|lane| lane as usize);
        let wanted = wanted.filter(|&lane| !block.lanes[lane].is_constant());
        let step = kernels.records.start(&block.records, pages, &block.lanes, wanted, part.rows.len())?;
        for from in (0..part.rows.len()).step_by(step) {
            let to = part.rows.len().min(from + step);
            let rows = part.rows.slice(from, to);
            let places = part.places.map(|places| &places[from..to]);
            let target = Target { first: part.first + from, rows: places, stride: 1, offset: 0 };
            let source = kernels.records.rows(&block.records, pages, rows)?;
            let (low, high) = (&mut kernels.low, &mut kernels.high);
            let mut fields = Fields { block, rows: rows.len(), source, low, high };
            for output in &mut self.columns {
                let read = output.read(context, &mut fields, rows, &exceptions, target);
                read.map_err(|e| e.at(column_place(&output.node.name)))?;
            }
            self.starts(context, kernels, block, rows, target, step)?;
        }
        Ok(())
    }

    /// Finds the first items of the lists of some rows, whose lengths have been read.
    fn starts<S: ByteSource>(
        &mut self,
        context: Context<'a, S>,
        kernels: &mut Kernels<'a>,
        block: &Block,
        rows: RowSelection,
        target: Target,
        step: usize,
    ) -> Result<()> {
        for output in &mut self.columns {
            let Some(lists) = &mut output.lists else { continue };
            let (node, number) = (output.node, output.number);
            let place = |e: Error| e.at(column_place(&node.name));
            let list = block.lists.iter().find(|list| list.node == number);
            let list = list.ok_or_else(|| place(Error::corrupt("its lists are not in the block")))?;
            let before =
                items_before(list, rows, |wanted| kernels.lengths(context, block, node, wanted, step));
            lists.place(list, rows, target, &before.map_err(place)?).map_err(place)?;
        }
        Ok(())
    }
}

impl<'a> Kernels<'a> {
    /// The lengths of the lists of some rows of a block, decoded `step` rows at a time.
    fn lengths<S: ByteSource>(
        &mut self,
        context: Context<'a, S>,
        block: &Block,
        node: &Node,
        wanted: &[u64],
        step: usize,
    ) -> Result<Vec<u64>> {
        let mut lengths = earned::with_room(wanted.len())?;
        for rows in wanted.chunks(step.max(1)) {
            let source = self.records.rows(&block.records, context.pages, RowSelection::List(rows))?;
            let (low, high) = (&mut self.low, &mut self.high);
            let mut fields = Fields { block, rows: rows.len(), source, low, high };
            let from = lengths.len();
            let lane = fields.decode(node, node.first_value_lane(), false)?;
            lengths.extend(fields.low.iter().map(|&field| lane.minimum.wrapping_add(field)));
            if node.nullable {
                let lane = fields.decode(node, node.first_lane, false)?;
                for (length, &field) in lengths[from..].iter_mut().zip(&*fields.low) {
                    *length = if lane.minimum + field == 0 { 0 } else { *length };
                }
            }
        }
        Ok(lengths)
    }
}
