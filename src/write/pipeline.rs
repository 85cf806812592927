//! The last pass: segments are encoded side by side and written in order.

use rayon::prelude::*;

use super::block::{EncodedBlock, Lanes};
use super::cells::{CellPlan, Words};
use super::file::{Blocks, FileWriter};
use super::images::encode_images;
use super::moments::MomentPlan;
use super::options::{Coding, ImageTransform};
use super::read_back;
use super::strings::Dictionary;
use crate::column::{Batch, Schema, Values};
use crate::entrogede::{CellCovariances, CellProducts, CellSums, CellTotals, Moments};
use crate::error::{ErrorKind, Result};
use crate::image::ImageErrors;

/// What a segment becomes, and what it adds to the file's sums.
struct Encoded {
    /// One a storage group.
    blocks: Vec<EncodedBlock>,
    sums: Option<CellSums>,
    products: Option<CellProducts>,
    moments: Option<Moments>,
}

/// Encodes the segments of one table.
pub(super) struct Pipeline<'a> {
    pub schema: &'a Schema,
    pub dictionaries: &'a [Option<Dictionary>],
    pub coding: Coding,
    pub tau: usize,
    pub plan: Option<&'a CellPlan>,
    pub totals: Option<CellTotals<Words>>,
    pub covariances: Option<CellCovariances<Words>>,
    pub moments: Option<(MomentPlan, Moments)>,
    pub images: ImageTransform,
    /// What near-lossless coding changed, by storage group.
    pub errors: Vec<ImageErrors>,
    pub blocks: Blocks,
}

impl Pipeline<'_> {
    fn encode(&self, segment: &Batch) -> Result<Encoded> {
        let sums = self.plan.map(|p| p.sums(self.schema, segment)).transpose()?;
        let products = self.plan.filter(|_| self.covariances.is_some());
        let products = products.map(|p| p.products(self.schema, segment)).transpose()?;
        let lanes = Lanes::of(self.schema, segment, self.dictionaries, self.coding)?;
        let moments = self.moments.as_ref().map(|(plan, _)| plan.sums(self.schema, segment, &lanes.lanes));
        let mut blocks = vec![lanes.encode(self.tau)];
        for (node, column) in self.schema.nodes().iter().zip(&segment.columns) {
            if let (Some(shape), Values::U8(pixels)) = (node.image, &column.values) {
                blocks.push(encode_images(
                    shape,
                    pixels,
                    self.images.of(shape, self.coding.layout),
                    self.tau,
                )?);
            }
        }
        #[cfg(test)]
        super::read_back::damage::apply(self.schema, &mut blocks);
        read_back::check(self.schema, self.dictionaries, segment, &blocks)?;
        blocks.iter_mut().for_each(|block| block.coefficients = Vec::new());
        Ok(Encoded { blocks, sums, products, moments })
    }

    fn commit(&mut self, out: &mut FileWriter, encoded: Encoded) -> Result<()> {
        if let (Some(totals), Some(sums)) = (&mut self.totals, &encoded.sums) {
            totals.add(sums);
        }
        if let (Some(covariances), Some(products)) = (&mut self.covariances, &encoded.products) {
            covariances.add(products);
        }
        if let (Some((_, total)), Some(moments)) = (&mut self.moments, &encoded.moments) {
            total.merge(moments)?;
        }
        self.errors.resize(encoded.blocks.len(), ImageErrors::default());
        self.errors.iter_mut().zip(&encoded.blocks).for_each(|(all, block)| all.merge(&block.errors));
        out.segment(&mut self.blocks, encoded.blocks)
    }

    /// Encodes and writes all segments; while some are encoded the next are read.
    pub fn run(
        &mut self,
        out: &mut FileWriter,
        mut segments: impl Iterator<Item = Result<Batch>> + Send,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<()> {
        let at_once = rayon::current_num_threads();
        let mut group = next_group(&mut segments, at_once)?;
        while !group.is_empty() {
            let this = &*self;
            let encode = || group.par_iter().map(|s| this.encode(s)).collect::<Vec<_>>();
            let (encoded, next) = if at_once > 1 {
                rayon::join(encode, || next_group(&mut segments, at_once))
            } else {
                (encode(), Ok(Vec::new()))
            };
            for encoded in encoded {
                let segment = self.blocks.segments();
                let encoded = encoded.map_err(|e| match e.kind() {
                    ErrorKind::Internal => e.at(format_args!("segment {segment}")),
                    _ => e,
                })?;
                self.commit(out, encoded)?;
            }
            progress(self.blocks.rows());
            group = if at_once > 1 { next? } else { next_group(&mut segments, at_once)? };
        }
        Ok(())
    }
}

fn next_group(segments: &mut impl Iterator<Item = Result<Batch>>, most: usize) -> Result<Vec<Batch>> {
    segments.take(most).collect()
}
