//! Condensed samples of a file: read, or rebuilt from its rows to the bit.

use crate::column::{Batch, Values};
use crate::entrogede::Condensed;
use crate::error::{Error, Result};
use crate::format::{CellTarget, CellsSection, SectionKind};
use crate::read::{Projection, Reader, Source};
use crate::write::{CellPlan, SEGMENT_BYTES, TargetKind};

/// The condensed samples of a file, and what they are samples of.
#[derive(Clone, Debug, PartialEq)]
pub struct CondensedSamples {
    /// Names of the features, in the order of the means.
    pub features: Vec<String>,
    /// Least and greatest finite value of each feature in the file; 0 and 0 where there is none.
    pub extents: Vec<(f64, f64)>,
    /// Name of the target, and whether it is a value (the samples have its mean) or a class (a weight a class).
    pub target: Option<(String, TargetKind)>,
    /// Labels of a class target as text, in the order of the weights.
    pub labels: Vec<String>,
    /// The class of the rows whose target is null, if there are such rows: models have no such class.
    pub null_class: Option<usize>,
    /// Bits that cells were cut by, `beta`.
    pub beta: usize,
    /// The file stores the samples; otherwise they were rebuilt.
    pub stored: bool,
    /// Means and weights.
    pub samples: Condensed,
}

impl<S: Source> Reader<S> {
    /// The condensed samples (paper, section 3), if the file was written with cells. A file that keeps
    /// only the cell bits is read through twice to rebuild them.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn condensed(&self) -> Result<Option<CondensedSamples>> {
        let Some(section) = self.cells()? else { return Ok(None) };
        let samples =
            if section.stored { self.stored_samples(&section)? } else { self.rebuild_samples(&section)? };
        let schema = self.schema();
        let node = |n: u32| schema.nodes().get(n as usize);
        let name = |n: u32| node(n).map_or(String::new(), |n| n.name.clone());
        let (target, labels) = match section.target {
            CellTarget::None => (None, Vec::new()),
            CellTarget::Value(t) => (Some((name(t), TargetKind::Value)), Vec::new()),
            CellTarget::Class(t) => {
                let text =
                    |l: &Option<Vec<u8>>| node(t).map_or(String::new(), |n| n.label_text(l.as_deref()));
                (Some((name(t), TargetKind::Class)), section.labels.iter().map(text).collect())
            }
        };
        let null_class = section.labels.iter().position(Option::is_none);
        Ok(Some(CondensedSamples {
            features: section.features.iter().map(|f| name(f.node.get())).collect(),
            extents: section.features.iter().map(|f| (f.lo.get(), f.hi.get())).collect(),
            target,
            labels,
            null_class,
            beta: section.bits.len(),
            stored: section.stored,
            samples,
        }))
    }

    /// The covariances of the features of each condensed sample's rows about their mean, if the file was written with
    /// them: the upper triangle row by row, d (d + 1) / 2 numbers a sample, of the rows that have a finite value in every
    /// feature.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn cell_covariances(&self) -> Result<Option<Vec<f32>>> {
        let Some(bytes) = self.bulk_section(SectionKind::CELL_COVARIANCES)? else { return Ok(None) };
        let bad = || Error::corrupt("the covariances of cells are not as many as the cells name");
        let section = self.cells()?.filter(|section| section.stored).ok_or_else(bad)?;
        let d = section.features.len() as u128;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || numbers.len() as u128 != u128::from(section.cells) * (d * (d + 1) / 2) {
            return Err(bad());
        }
        let numbers: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if numbers.iter().all(|v| v.is_finite()) { Ok(Some(numbers)) } else { Err(bad()) }
    }

    /// The stored condensed table.
    fn stored_samples(&self, section: &CellsSection) -> Result<Condensed> {
        let batch = self.condensed_rows()?;
        if batch.rows as u64 != section.cells {
            return Err(Error::corrupt("there are not as many condensed samples as the cells name"));
        }
        samples_of_rows(section, &batch)
    }

    /// The condensed samples, from the rows: cells counted, then summed block by block as the writer does.
    fn rebuild_samples(&self, section: &CellsSection) -> Result<Condensed> {
        let schema = self.schema();
        let mut plan = CellPlan::of_section(schema, section)?;
        let everything = Projection::all(schema);
        let blocks = || (0..self.segments()).map(|b| self.block_rows(b, &everything));
        plan.count(schema, blocks())?;
        if plan.size().1 as u64 != section.cells {
            return Err(Error::corrupt("the rows do not fall into as many cells as the file says"));
        }
        let mut totals = plan.totals(None)?;
        for block in blocks() {
            totals.add(plan.sums(schema, &block?)?)?;
        }
        totals.condensed(0..totals.cells())
    }

    fn block_rows(&self, block: u64, projection: &Projection) -> Result<Batch> {
        let rows = self.segment_range(block)?;
        let fields = (rows.end - rows.start).saturating_mul(self.schema().row_bytes() as u64);
        if fields > SEGMENT_BYTES as u64 {
            return Err(Error::corrupt(format!("block {block} has more rows than samples are rebuilt from")));
        }
        let mut batch = Batch::default();
        self.stored_rows(rows, projection, &mut batch)?;
        Ok(batch)
    }
}

/// Rows of the condensed table as samples.
pub(crate) fn samples_of_rows(section: &CellsSection, batch: &Batch) -> Result<Condensed> {
    let d = section.features.len();
    let value = matches!(section.target, CellTarget::Value(_));
    let classes = section.labels.len();
    let m = batch.rows;
    let bad = || Error::corrupt("the condensed samples do not have the columns that the cells name");
    if batch.columns.len() != d + usize::from(value) + classes.max(1) {
        return Err(bad());
    }
    let mut columns = Vec::with_capacity(batch.columns.len());
    for column in &batch.columns {
        let Values::U64(v) = &column.values else { return Err(bad()) };
        columns.push((v, column.validity.as_deref()));
    }
    let mean = |k: usize, row: usize| {
        let (v, validity) = columns.get(k).copied().unwrap_or((&EMPTY, None));
        let null = validity.is_some_and(|v| v.get(row) == Some(&0));
        if null { f64::NAN } else { v.get(row).map_or(f64::NAN, |&x| f64::from_bits(x)) }
    };
    let weights_at = d + usize::from(value);
    let weight = |class: usize, row: usize| {
        columns.get(weights_at + class).and_then(|(v, _)| v.get(row)).copied().unwrap_or(0)
    };
    Ok(Condensed {
        features: d,
        means: (0..m).flat_map(|row| (0..d).map(move |k| (k, row))).map(|(k, row)| mean(k, row)).collect(),
        target: value.then(|| (0..m).map(|row| mean(d, row)).collect()),
        weights: (0..m)
            .flat_map(|row| (0..classes.max(1)).map(move |c| (c, row)))
            .map(|(c, row)| weight(c, row))
            .collect(),
        classes,
    })
}

static EMPTY: Vec<u64> = Vec::new();
