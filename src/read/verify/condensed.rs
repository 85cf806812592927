//! Checks condensed samples: stored ones, and covariances, are those of the rows.

use std::ops::Range;

use super::super::records::Picked;
use super::super::rows::Rows;
use super::super::{Projection, Reader, Source};
use super::values::by_node;
use crate::column::{Batch, Kind};
use crate::entrogede::Condensed;
use crate::error::{Error, Result};
use crate::format::{CellTarget, CellsSection};
use crate::sample::samples_of_rows;
use crate::write::{CellPlan, Covariances, Limit, SEGMENT_BYTES, Totals};

/// Cells that are compared at a time.
const CELLS: u64 = 1 << 12;

/// How far a covariance may be from the true one: as a share of itself, for its rounding to f32, and of the product
/// of both extents, for what the sums about their middles lose.
const ROUNDING: (f64, f64) = (1.0 / (1u64 << 22) as f64, 1.0 / (1u64 << 44) as f64);

fn bad(what: &str) -> Error {
    Error::corrupt(format!("condensed samples: {what}"))
}

impl<S: Source> Reader<S> {
    /// Checks the cells of a file, the samples and the covariances.
    pub(super) fn check_condensed(&self) -> Result<()> {
        let covariances = self.cell_covariances()?;
        let Some(section) = self.cells()? else { return Ok(()) };
        let table = self.condensed.as_ref().filter(|_| section.stored);
        if let Some(table) = table {
            check_shape(&section, table)?;
        } else if section.stored && section.cells > 0 {
            return Err(bad("they are not there"));
        }
        if self.rows() == 0 {
            // Of rows that are elsewhere.
            return if section.stored || section.cells == 0 { Ok(()) } else { Err(bad("there are no rows")) };
        }
        let schema = self.schema();
        let mut plan = CellPlan::of_section(schema, &section)?;
        let mut nodes: Vec<usize> = section.features.iter().map(|f| f.node.get() as usize).collect();
        if let CellTarget::Value(node) | CellTarget::Class(node) = section.target {
            nodes.push(node as usize);
        }
        nodes.sort_unstable();
        nodes.dedup();
        let projection = Projection::nodes_of(schema, &nodes);
        let segments = || (0..self.segments()).map(|segment| self.segment_columns(segment, &projection));
        plan.count(schema, segments())?;
        if plan.size().1 as u64 != section.cells {
            return Err(bad("the rows do not fall into as many cells as the file says"));
        }
        let mut totals = table.map(|_| plan.totals(Some(Limit::temporary()))).transpose()?;
        let mut products = covariances.as_ref().map(|_| plan.covariances(Limit::temporary())).transpose()?;
        for segment in segments() {
            let segment = segment?;
            let sums = plan.sums(schema, &segment);
            let sums = sums.map_err(|_| bad("a row has a class that the cells do not name"))?;
            if let Some(totals) = &mut totals {
                totals.add(sums)?;
            }
            if let Some(products) = &mut products {
                products.add(plan.products(schema, &segment)?)?;
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

    /// Columns of a segment's rows, by node.
    fn segment_columns(&self, segment: u64, projection: &Projection) -> Result<Batch> {
        let rows = self.segment_range(segment)?;
        let fields = (rows.end - rows.start).saturating_mul(self.schema().row_bytes() as u64);
        if fields > SEGMENT_BYTES as u64 {
            return Err(Error::corrupt(format!(
                "block {segment} has more rows than samples are rebuilt from"
            )));
        }
        let mut batch = Batch::default();
        self.stored_rows(rows, projection, &mut batch)?;
        Ok(by_node(self.schema(), projection, batch))
    }

    /// Some stored samples.
    fn stored_cells(&self, section: &CellsSection, table: &Rows, cells: Range<u64>) -> Result<Condensed> {
        let (rows, everything) = (cells.end - cells.start, Projection::all(&table.schema));
        let mut batch = Batch::default();
        let cells = Picked::Range(cells.start, rows as usize);
        table.take(&self.pages, &self.dictionaries, cells, None, &everything, &mut batch)?;
        samples_of_rows(section, &batch)
    }
}

/// The condensed table has a mean for every feature and value target, then weights.
fn check_shape(section: &CellsSection, table: &Rows) -> Result<()> {
    let means = section.features.len() + usize::from(matches!(section.target, CellTarget::Value(_)));
    let weights = section.labels.len().max(1);
    let nodes = table.schema.nodes();
    let fits = nodes.iter().enumerate().all(|(i, node)| {
        let (kind, nullable) = if i < means { (Kind::Float, node.nullable) } else { (Kind::Unsigned, false) };
        (node.kind, node.bits, node.nullable, node.parent) == (kind, 64, nullable, None)
    });
    if !fits || nodes.len() != means + weights || table.rows != section.cells {
        return Err(bad("they do not have the shape that the cells name"));
    }
    Ok(())
}

/// Whether samples are the same, bit for bit; cells without a value have no mean.
fn is_same(a: &Condensed, b: &Condensed) -> bool {
    let same = |a: &[f64], b: &[f64]| {
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
    };
    let targets = same(a.target.as_deref().unwrap_or(&[]), b.target.as_deref().unwrap_or(&[]));
    same(&a.means, &b.means) && targets && a.weights == b.weights
}

/// Whether the covariances of a cell are the same but for rounding.
fn is_near(section: &CellsSection, stored: &[f32], found: &[f32]) -> bool {
    let extents: Vec<f64> = section.features.iter().map(|f| f.hi.get() - f.lo.get()).collect();
    let pairs = extents.iter().enumerate().flat_map(|(i, a)| extents.iter().skip(i).map(move |b| a * b));
    stored.len() == found.len()
        && stored.iter().zip(found).zip(pairs).all(|((&a, &b), extent)| {
            let (a, b) = (f64::from(a), f64::from(b));
            a == b || (a - b).abs() <= ROUNDING.0 * a.abs().max(b.abs()) + ROUNDING.1 * extent
        })
}
