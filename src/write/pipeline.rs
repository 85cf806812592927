//! The last pass: segments are encoded side by side and written in order.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::codec::chunks::records::is_chunked;
use crate::codec::chunks::trained::Trained;
use crate::codec::coding::{Coding, ImageTransform};
use crate::codec::dct::errors::ImageErrors;
use crate::codec::encode;
use crate::codec::encoded_block::EncodedBlock;
use crate::codec::images::encode::encode_images;
use crate::codec::lanes::{Lanes, validities};
use crate::codec::lists::encode::move_lists;
use crate::codec::strings::encode::Dictionary;
use crate::codec::transform::encoded_lane::EncodedLane;
use crate::column::values::{Batch, Values};
use crate::earned::room;
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Schema;
use crate::summary::cells::plan::CellPlan;
use crate::summary::cells::spill::{Covariances, Totals};
use crate::summary::cells::sums::CellSums;
use crate::summary::covariances::products::CellProducts;
use crate::summary::kind::{RowSums, SegmentSum, SummaryKind};
use crate::summary::statistics::measure::Measures;
use crate::summary::statistics::table::StatisticsRows;
use crate::write::blocks::Blocks;
use crate::write::dictionaries::Dictionaries;
use crate::write::file::FileWriter;
use crate::write::options::Options;
use crate::write::read_back;
use crate::write::segments::{SEGMENT_BYTES, rows_within, segment_rows};

/// Memory for segments on the way, a thread.
const THREAD_BYTES: usize = 96 << 20;

/// An encoded segment, and its part of the file's sums.
struct Encoded {
    /// One a storage group.
    blocks: Vec<EncodedBlock>,
    sums: Option<CellSums>,
    products: Option<CellProducts>,
    /// One a summary.
    summaries: Vec<SegmentSum>,
    measures: Option<Measures>,
}

/// Encodes the segments of one table.
pub(crate) struct Pipeline<'a> {
    pub schema: &'a Schema,
    pub dictionaries: &'a [Option<Dictionary>],
    pub coding: Coding,
    pub tau: usize,
    pub plan: Option<&'a CellPlan>,
    pub totals: Option<Totals>,
    pub covariances: Option<Covariances>,
    /// The summaries that are sums over the rows.
    pub summaries: Vec<(&'static SummaryKind, Box<dyn RowSums>)>,
    /// Statistics of the segments.
    pub statistics: Option<StatisticsRows>,
    /// What chunks of the rows may be compressed with.
    pub trained: Option<Arc<Trained>>,
    pub images: ImageTransform,
    /// Errors of near-lossless coding, by storage group.
    pub errors: Vec<ImageErrors>,
    pub blocks: Blocks,
    /// The items of the lists, in the order of their nodes.
    pub items: Vec<Items<'a>>,
}

impl<'a> Pipeline<'a> {
    /// Encodes rows, without sums.
    pub fn new(schema: &'a Schema, options: &Options, dictionaries: &'a Dictionaries) -> Self {
        let mut of_items = dictionaries.items.iter();
        let items = |(node, schema)| {
            let dictionaries = of_items.next().unwrap_or(Dictionaries::NONE); // no survey was needed
            Items::new(node, Pipeline::new(schema, options, dictionaries), options)
        };
        Self {
            schema,
            items: schema.lists().map(items).collect(),
            dictionaries: &dictionaries.own,
            coding: Coding { apart: schema.table_groups().nth(1).is_some(), ..options.coding() },
            tau: options.layout.tau,
            plan: None,
            totals: None,
            covariances: None,
            summaries: Vec::new(),
            statistics: None,
            trained: None,
            images: options.images.transform,
            errors: Vec::new(),
            blocks: Blocks::default(),
        }
    }

    /// Goes on behind blocks that are written.
    pub fn resume(&mut self, mut blocks: Blocks) {
        for (items, own) in self.items.iter_mut().zip(std::mem::take(&mut blocks.items)) {
            items.rows = own.rows();
            items.pipeline.resume(own);
        }
        self.blocks = blocks;
    }

    /// The lanes of a storage group that is not of images.
    fn lanes(&self, group: u32, segment: &Batch, validities: &[Option<Vec<u8>>]) -> Result<Lanes> {
        let lanes = Lanes::of((self.schema, group), segment, validities, self.dictionaries, self.coding)?;
        Ok(lanes.with_trained(self.trained.clone()))
    }

    fn encode(&self, segment: &Batch) -> Result<Encoded> {
        let summed = || -> Result<_> {
            let sums = self.plan.map(|p| p.sums(self.schema, segment)).transpose()?;
            let products = self.plan.filter(|_| self.covariances.is_some());
            Ok((sums, products.map(|p| p.products(self.schema, segment)).transpose()?))
        };
        let validities = validities(self.schema, segment);
        let groups: Vec<u32> = (0..self.schema.groups()).collect();
        let lanes = || {
            let of_group = |&group: &u32| {
                let is_table = !self.schema.has_images(group);
                let lanes = || self.lanes(group, segment, &validities);
                is_table.then(lanes).transpose()
            };
            groups.par_iter().map(of_group).collect::<Vec<_>>().into_iter().collect::<Result<Vec<_>>>()
        };
        let (summed, lanes) = rayon::join(summed, lanes);
        let ((sums, products), lanes) = (summed?, lanes?);
        let lane = |node: usize| {
            let node = &self.schema.nodes()[node];
            lanes[node.group as usize].as_ref()?.lanes.get(node.first_value_lane() as usize)
        };
        let terms = self.summaries.iter().map(|(_, sums)| sums.terms(self.schema, segment, &lane));
        let terms: Vec<_> = terms.collect();
        let sum = move || terms.into_iter().map(|sum| sum()).collect();
        let encode_group = |(group, lanes): (u32, Option<Lanes>)| match lanes {
            Some(lanes) => encode(lanes, self.tau),
            None => self.encode_images(group, segment),
        };
        let lanes = groups.into_iter().zip(lanes).collect::<Vec<_>>();
        let encode_groups = || lanes.into_par_iter().map(encode_group).collect::<Vec<_>>();
        let measure = || self.statistics.as_ref().and_then(|rows| rows.of_segment(self.schema, segment));
        let ((summaries, measures), blocks) = rayon::join(|| (sum(), measure()), encode_groups);
        let mut blocks = blocks.into_iter().collect::<Result<Vec<_>>>()?;
        #[cfg(test)]
        crate::write::read_back::damage::apply(self.schema, &mut blocks);
        read_back::check(self.schema, self.dictionaries, self.trained.as_deref(), segment, &blocks)?;
        blocks.iter_mut().for_each(|block| block.coefficients = Vec::new());
        Ok(Encoded { blocks, sums, products, summaries, measures })
    }

    /// The blocks of a segment that is not written yet, one a storage group.
    pub fn blocks(&self, segment: &Batch) -> Result<Vec<EncodedBlock>> {
        Ok(self.encode(segment)?.blocks)
    }

    /// Encodes the images of a storage group.
    fn encode_images(&self, group: u32, segment: &Batch) -> Result<EncodedBlock> {
        let mut nodes = self.schema.group_nodes(group);
        let (Some((number, node)), None) = (nodes.next(), nodes.next()) else {
            return Err(Error::internal("a storage group of images has one column"));
        };
        let (Some(shape), Values::U8(pixels)) = (node.image, &segment.columns[number].values) else {
            return Err(Error::internal("a column of images has other values"));
        };
        encode_images(shape, pixels, self.images.of(shape, self.coding.layout), self.tau)
    }

    fn commit(&mut self, out: &mut FileWriter, encoded: Encoded) -> Result<()> {
        if let (Some(totals), Some(sums)) = (&mut self.totals, encoded.sums) {
            totals.add(sums)?;
        }
        if let (Some(covariances), Some(products)) = (&mut self.covariances, encoded.products) {
            covariances.add(products)?;
        }
        for ((_, sums), segment) in self.summaries.iter_mut().zip(encoded.summaries) {
            sums.add(segment)?;
        }
        if let Some(rows) = &mut self.statistics {
            rows.push(self.schema, encoded.measures);
        }
        self.errors.resize(encoded.blocks.len(), ImageErrors::default());
        self.errors.iter_mut().zip(&encoded.blocks).for_each(|(all, block)| all.merge(&block.errors));
        let mut blocks = encoded.blocks;
        if !self.items.is_empty() {
            for (group, block) in (0..).zip(&mut blocks) {
                let own =
                    self.items.iter_mut().filter(|items| self.schema.nodes()[items.node].group == group);
                let mut own: Vec<&mut Items> = own.collect();
                let firsts: Vec<u64> = own.iter().map(|items| items.rows).collect();
                let items = move_lists(&mut block.lists, &firsts)?;
                own.iter_mut().zip(items).for_each(|(all, items)| all.rows += items);
            }
        }
        out.segment(self.schema, &mut self.blocks, blocks)
    }

    /// Encodes and writes all segments; while some are encoded the next are read. Both are limited by the memory that
    /// they take: where segments are large, threads share the lanes of one instead.
    pub fn run(
        &mut self,
        out: &mut FileWriter,
        segments: impl Iterator<Item = Result<Batch>> + Send,
        progress: &(dyn Fn(u64) -> Result<()> + Sync),
    ) -> Result<()> {
        let threads = rayon::current_num_threads();
        let mut segments =
            Ahead { segments, schema: self.schema, budget: threads * THREAD_BYTES, next: None };
        let mut group = segments.group(threads)?;
        while !group.is_empty() {
            let this = &*self;
            let encode = || group.par_iter().map(|s| this.encode(s)).collect::<Vec<_>>();
            let (encoded, next) = if threads > 1 {
                rayon::join(encode, || segments.group(threads))
            } else {
                (encode(), Ok(Vec::new()))
            };
            // Each segment is followed by the items that it completes, however many are encoded at once: the bytes of a
            // file do not depend on the number of threads.
            let keeps_items = !self.items.is_empty();
            let mut segments_of_items = if keeps_items { group } else { Vec::new() }.into_iter();
            for encoded in encoded {
                let segment = self.blocks.segments();
                let encoded = encoded.map_err(|e| match e.kind() {
                    ErrorKind::Internal => e.at(format_args!("segment {segment}")),
                    _ => e,
                })?;
                self.commit(out, encoded)?;
                segments_of_items.next().map_or(Ok(()), |segment| self.push_items(out, segment))?;
            }
            progress(self.blocks.rows())?;
            group = if threads > 1 { next? } else { segments.group(threads)? };
        }
        Ok(())
    }

    /// Writes the items of a segment that is written, as far as they fill segments of their own.
    fn push_items(&mut self, out: &mut FileWriter, mut segment: Batch) -> Result<()> {
        for items in &mut self.items {
            if let Values::Lists { items: rows, .. } = &mut segment.columns[items.node].values {
                items.push(out, std::mem::take(rows))?;
            }
        }
        Ok(())
    }

    /// Writes the items that are left, once all rows are written.
    pub fn finish(&mut self, out: &mut FileWriter) -> Result<()> {
        for items in &mut self.items {
            items.finish(out)?;
        }
        self.blocks.items =
            self.items.iter_mut().map(|items| std::mem::take(&mut items.pipeline.blocks)).collect();
        Ok(())
    }
}

/// Segments, read in groups whose encoding stays within a budget of memory.
struct Ahead<'a, S> {
    segments: S,
    schema: &'a Schema,
    budget: usize,
    /// Read already, too large for the group before.
    next: Option<Batch>,
}

impl<S: Iterator<Item = Result<Batch>>> Ahead<'_, S> {
    /// The next segments, `most` or fewer, but one at least where any are left.
    fn group(&mut self, most: usize) -> Result<Vec<Batch>> {
        let (mut group, mut bytes) = (Vec::new(), 0);
        while group.len() < most && bytes < self.budget {
            let Some(segment) = self.next.take().map(Ok).or_else(|| self.segments.next()).transpose()? else {
                break;
            };
            bytes += self.cost(&segment);
            if bytes > self.budget && !group.is_empty() {
                self.next = Some(segment);
                break;
            }
            room(self.cost(&segment) as u64).map_err(|e| Error::io("cannot encode a segment", e))?;
            group.push(segment);
        }
        Ok(group)
    }

    /// Bytes that a segment takes, about, from the time that it is read until its block is written: its values twice (one
    /// segment is read ahead of each that is encoded), its fields (8 bytes each), their bins and groups (2 bytes each)
    /// and, where they cannot be compressed, records as large as the fields.
    fn cost(&self, segment: &Batch) -> usize {
        2 * segment.bytes() + segment.rows * self.schema.row_bytes() / 2 * 5
    }
}

/// The items of a list: they are cut into segments of their own, whatever segments their lists are in.
pub(crate) struct Items<'a> {
    /// The node of the list.
    pub node: usize,
    pub pipeline: Pipeline<'a>,
    /// Items of the lists that are written.
    pub rows: u64,
    /// Items that do not fill a segment yet.
    pending: Batch,
    segment_rows: usize,
    /// True once a dictionary for them was trained, if it pays.
    is_trained: bool,
}

impl<'a> Items<'a> {
    /// No items of the list of a node; `pipeline` encodes them.
    pub fn new(node: usize, mut pipeline: Pipeline<'a>, options: &Options) -> Self {
        pipeline.coding.in_runs = true;
        let segment_rows = segment_rows(pipeline.schema, options.layout.segment_rows.max(1));
        let pending = Batch::empty(pipeline.schema);
        Self { node, pipeline, rows: 0, pending, segment_rows, is_trained: false }
    }

    /// Appends items, and writes the segments that are full.
    pub fn push(&mut self, out: &mut FileWriter, items: Batch) -> Result<()> {
        if self.pending.rows == 0 {
            self.pending = items;
        } else {
            self.pending.append(self.pipeline.schema, &items, 0..items.rows);
        }
        let (mut segments, mut from) = (Vec::new(), 0);
        while let Some(rows) = self.full(from) {
            segments.push(from..from + rows);
            from += rows;
        }
        if from == 0 {
            return Ok(());
        }
        let schema = self.pipeline.schema;
        let part = |rows: Range<usize>| {
            let mut part = Batch::empty(schema);
            part.append(schema, &self.pending, rows);
            part
        };
        if !std::mem::replace(&mut self.is_trained, true) {
            self.pipeline.trained = self.trained(out, &segments, &part)?.map(Arc::new);
        }
        let left = part(from..self.pending.rows);
        self.pipeline.run(out, segments.into_iter().map(|rows| Ok(part(rows))), &|_| Ok(()))?;
        self.pending = left;
        Ok(())
    }

    /// Trains a dictionary on the first segments, which `part` cuts, and writes it, if it pays.
    fn trained(
        &self,
        out: &mut FileWriter,
        segments: &[Range<usize>],
        part: &dyn Fn(Range<usize>) -> Batch,
    ) -> Result<Option<Trained>> {
        let lanes = |number: usize| -> Result<Option<Vec<EncodedLane>>> {
            let segment = part(segments[number].clone());
            let validities = validities(self.pipeline.schema, &segment);
            let lanes = self.pipeline.lanes(0, &segment, &validities)?;
            Ok(is_chunked(&lanes).then_some(lanes.lanes))
        };
        let Some(trained) = Trained::new(segments.len(), lanes)? else { return Ok(None) };
        let number = out.dictionary(&trained.stored)?;
        Ok(Some(trained.numbered(number)))
    }

    /// Rows of the segment that begins at one of the rows at hand, if it is full.
    fn full(&self, from: usize) -> Option<usize> {
        let most = (self.pending.rows - from).min(self.segment_rows);
        let rows = rows_within(&self.pending, from..from + most, SEGMENT_BYTES);
        let is_full = rows == self.segment_rows || self.pending.bytes_of(from..from + rows) >= SEGMENT_BYTES;
        (rows > 0 && is_full).then_some(rows)
    }

    /// Writes the last segment, and the items of its own lists.
    pub fn finish(&mut self, out: &mut FileWriter) -> Result<()> {
        let last = std::mem::take(&mut self.pending);
        if last.rows > 0 {
            self.pipeline.run(out, std::iter::once(Ok(last)), &|_| Ok(()))?;
        }
        self.pipeline.finish(out)
    }
}
