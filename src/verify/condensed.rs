//! Checks condensed samples: stored ones, and covariances, are those of the rows.

use std::ops::Range;

use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::read::condensed::Samples;
use crate::read::reader::Reader;
use crate::read::table::TableView;
use crate::summary::cells::condensed::Condensed;
use crate::summary::cells::grid::{Feature, Grid};
use crate::summary::cells::plan::CellPlan;
use crate::summary::cells::runs::SegmentProducts;
use crate::summary::cells::section::{CellFeature, CellsSection};

use crate::summary::cells::spill::{Covariances, Limit, Totals};
use crate::summary::features;
use crate::summary::numbers::numbers;

/// Cells that are compared at a time.
const CELLS: u64 = 1 << 12;

/// How far a covariance may be from the true one: as a share of itself, for its rounding to f32, and of the product
/// of both extents, for what the sums about their middles lose.
const ROUNDING: (f64, f64) = (1.0 / (1u64 << 22) as f64, 1.0 / (1u64 << 44) as f64);

fn bad(what: &str) -> Error {
    Error::corrupt(format!("condensed samples: {what}"))
}

impl<S: ByteSource> Reader<S> {
    /// Checks the cells of a file, the samples and the covariances.
    pub(crate) fn check_condensed(&self) -> Result<()> {
        let covariances = self.cell_covariances()?;
        let Some(section) = self.cells()? else { return Ok(()) };
        let table = self.condensed_table()?.filter(|_| section.stored);
        if table.is_none() && section.stored && section.cells > 0 {
            return Err(bad("they are not there"));
        }
        if self.rows() == 0 {
            // Of rows that are elsewhere.
            return if section.stored || section.cells == 0 { Ok(()) } else { Err(bad("there are no rows")) };
        }
        if self.parts() > 1 && section.bits.is_empty() {
            return self.check_condensed_parts(section);
        }
        let schema = self.schema();
        let mut plan = CellPlan::from_section(schema, &section)?;
        let rows = self.cell_rows(&section);
        self.count_cells(&section, &mut plan)?;
        if plan.size().1 as u64 != section.cells {
            return Err(bad("the rows do not fall into as many cells as the file says"));
        }
        earned::check("the sums of the condensed samples", plan.total_bytes(), self.file_length())?;
        let mut totals = table.map(|_| plan.totals(Some(Limit::temporary()))).transpose()?;
        let mut products = covariances.as_ref().map(|_| plan.covariances(Limit::temporary())).transpose()?;
        for segment in 0..self.segments() {
            let (mut sums, mut own) = (plan.segment_sums(), SegmentProducts::new());
            rows.each_of(segment, |batch, times| {
                let added = plan.add_sums(schema, batch, times, &mut sums);
                added.map_err(|_| bad("a row has a class that the cells do not name"))?;
                match &products {
                    Some(_) => plan.add_products(schema, batch, times, &mut own),
                    None => Ok(()),
                }
            })?;
            if let Some(totals) = &mut totals {
                totals.add(sums.finish())?;
            }
            if let Some(products) = &mut products {
                products.add(own.finish())?;
            }
        }
        totals.as_mut().map_or(Ok(()), Totals::finish)?;
        products.as_mut().map_or(Ok(()), Covariances::finish)?;
        if let (Some(totals), Some(table)) = (&totals, table) {
            for first in (0..section.cells).step_by(CELLS as usize) {
                let cells = first..section.cells.min(first + CELLS);
                let stored = self.stored_cells(&section, table, cells.clone())?;
                if !is_same(&stored, &totals.condensed(cells.start as usize..cells.end as usize)?) {
                    return Err(bad("they are not those of the rows"));
                }
            }
        }
        if let (Some(products), Some(stored)) = (&products, &covariances) {
            let own = section.features.len() * (section.features.len() + 1) / 2;
            for (cell, stored) in stored.chunks_exact(own.max(1)).enumerate() {
                if !is_near(&section, stored, &products.of_cells(cell..cell + 1)?) {
                    return Err(bad("their covariances are not those of the rows"));
                }
            }
        }
        Ok(())
    }

    /// Puts all rows into the cells of a plan, and checks the extents of the features.
    fn count_cells(&self, section: &CellsSection, plan: &mut CellPlan) -> Result<()> {
        let (schema, rows) = (self.schema(), self.cell_rows(section));
        let nodes: Vec<usize> = section.features.iter().map(|f| f.node.get() as usize).collect();
        let mut ranges = vec![features::Range::EMPTY; nodes.len()];
        plan.count(schema, |count| {
            rows.each(|batch, _| {
                let columns = numbers(schema, batch, &nodes);
                ranges.iter_mut().zip(&columns).for_each(|(range, column)| range.add(&column.column()));
                count(batch)
            })
        })?;
        let extents = Grid::from_ranges(&ranges).features;
        let same =
            |(own, stored): (&Feature, &CellFeature)| (own.lo, own.hi) == (stored.lo.get(), stored.hi.get());
        match extents.iter().zip(&section.features).all(same) {
            true => Ok(()),
            false => Err(bad("the extent of a feature is not that of the rows")),
        }
    }

    /// Checks the samples of a file that rows were appended to: those of its parts one after the other, of which it is not
    /// known which rows they are of. They stand for as many rows, of each class, as there are.
    fn check_condensed_parts(&self, section: CellsSection) -> Result<()> {
        let Some(table) = self.condensed_table()?.filter(|_| section.stored) else {
            return Err(bad("they are not there"));
        };
        let schema = self.schema();
        let mut plan = CellPlan::from_section(schema, &section)?;
        self.count_cells(&section, &mut plan)?;
        let (rows, mut totals) = (self.cell_rows(&section), plan.totals(None)?);
        for segment in 0..self.segments() {
            let mut sums = plan.segment_sums();
            rows.each_of(segment, |batch, times| {
                let added = plan.add_sums(schema, batch, times, &mut sums);
                added.map_err(|_| bad("a row has a class that the cells do not name"))
            })?;
            totals.add(sums.finish())?;
        }
        totals.finish()?;
        let mut found = totals.condensed(0..totals.cells())?.weights;
        for first in (0..section.cells).step_by(CELLS as usize) {
            let stored = self.stored_cells(&section, table, first..section.cells.min(first + CELLS))?;
            for weights in stored.weights.chunks_exact(found.len().max(1)) {
                for (left, weight) in found.iter_mut().zip(weights) {
                    let rest = left.checked_sub(*weight);
                    *left = rest.ok_or_else(|| bad("they stand for more rows than there are"))?;
                }
            }
        }
        if found.iter().any(|&left| left > 0) {
            return Err(bad("they stand for fewer rows than there are"));
        }
        Ok(())
    }

    /// Some stored samples.
    fn stored_cells(
        &self,
        section: &CellsSection,
        table: &TableView,
        cells: Range<u64>,
    ) -> Result<Condensed> {
        let mut samples = Samples::new(section, (cells.end - cells.start) as usize)?;
        samples.add(&self.condensed_rows(table, cells.start, cells.end - cells.start)?)?;
        Ok(samples.finish())
    }
}

/// True if samples are the same, bit for bit; cells without a value have no mean.
fn is_same(a: &Condensed, b: &Condensed) -> bool {
    let same = |a: &[f64], b: &[f64]| {
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
    };
    let targets = match (&a.target, &b.target) {
        (Some(a), Some(b)) => same(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    same(&a.means, &b.means) && targets && a.weights == b.weights
}

/// True if the covariances of a cell are the same but for rounding.
fn is_near(section: &CellsSection, stored: &[f32], found: &[f32]) -> bool {
    let extents: Vec<f64> = section.features.iter().map(|f| f.hi.get() - f.lo.get()).collect();
    let pairs = extents.iter().enumerate().flat_map(|(i, a)| extents.iter().skip(i).map(move |b| a * b));
    stored.len() == found.len()
        && stored.iter().zip(found).zip(pairs).all(|((&a, &b), extent)| {
            let (a, b) = (f64::from(a), f64::from(b));
            a == b || (a - b).abs() <= ROUNDING.0 * a.abs().max(b.abs()) + ROUNDING.1 * extent
        })
}
