//! Condensed samples of a file: read, or rebuilt from its rows to the bit.

use crate::column::{Batch, Values};
use crate::earned;
use crate::error::{Error, Result};
use crate::files::byte_source::ByteSource;
use crate::read::reader::Reader;
use crate::summary::cells::condensed::Condensed;
use crate::summary::cells::options::TargetKind;
use crate::summary::cells::plan::CellPlan;
use crate::summary::cells::section::{CellTarget, CellsSection};
use crate::summary::covariances::section::CovariancesSection;

/// Description of a file's condensed samples, without the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct CondensedInfo {
    /// Names of the features.
    pub features: Vec<String>,
    /// Name of the target, and whether it is a value or a class.
    pub target: Option<(String, TargetKind)>,
    /// Labels of a class target as text.
    pub labels: Vec<String>,
    /// Bits that cells were cut by, `beta`.
    pub beta: usize,
    /// True if the file stores the samples; otherwise they are rebuilt from its rows when asked for.
    pub stored: bool,
    /// Number of samples.
    pub samples: u64,
}

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

impl<S: ByteSource> Reader<S> {
    /// The condensed samples (paper, section 3), if the file was written with cells. A file that keeps
    /// only the cell bits is read through twice to rebuild them.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn condensed(&self) -> Result<Option<CondensedSamples>> {
        let Some(section) = self.cells()? else { return Ok(None) };
        let samples =
            if section.stored { self.stored_samples(&section)? } else { self.rebuild_samples(&section)? };
        let info = self.info_of(&section);
        let null_class = section.labels.iter().position(Option::is_none);
        Ok(Some(CondensedSamples {
            features: info.features,
            extents: section.features.iter().map(|f| (f.lo.get(), f.hi.get())).collect(),
            target: info.target,
            labels: info.labels,
            null_class,
            beta: info.beta,
            stored: info.stored,
            samples,
        }))
    }

    /// Description of the condensed samples, if the file was written with cells. No row is read, whether the samples are
    /// stored or not.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn condensed_info(&self) -> Result<Option<CondensedInfo>> {
        Ok(self.cells()?.map(|section| self.info_of(&section)))
    }

    fn info_of(&self, section: &CellsSection) -> CondensedInfo {
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
        CondensedInfo {
            features: section.features.iter().map(|f| name(f.node.get())).collect(),
            target,
            labels,
            beta: section.bits.len(),
            stored: section.stored,
            samples: section.cells,
        }
    }

    /// The covariances of the features of each condensed sample's rows about their mean, if the file was written with
    /// them: the upper triangle row by row, d (d + 1) / 2 numbers a sample, of the rows that have a finite value in every
    /// feature.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn cell_covariances(&self) -> Result<Option<Vec<f32>>> {
        let Some(CovariancesSection(numbers)) = self.summary()? else { return Ok(None) };
        let bad = || Error::corrupt("the covariances of cells are not as many as the cells name");
        let section = self.cells()?.filter(|section| section.stored).ok_or_else(bad)?;
        let d = section.features.len() as u128;
        if numbers.len() as u128 != u128::from(section.cells) * (d * (d + 1) / 2) {
            return Err(bad());
        }
        Ok(Some(numbers))
    }

    /// The stored condensed table.
    fn stored_samples(&self, section: &CellsSection) -> Result<Condensed> {
        let mut samples = Samples::new(section, self.checked_condensed_count()? as usize)?;
        self.each_condensed(|batch| samples.add(&batch))?;
        let samples = samples.finish();
        if samples.len() as u64 != section.cells {
            return Err(Error::corrupt("there are not as many condensed samples as the cells name"));
        }
        Ok(samples)
    }

    /// The condensed samples, from the rows: cells counted, then summed block by block as the writer does.
    fn rebuild_samples(&self, section: &CellsSection) -> Result<Condensed> {
        let schema = self.schema();
        let mut plan = CellPlan::from_section(schema, section)?;
        let rows = self.cell_rows(section);
        plan.count(schema, |count| rows.each(|batch, _| count(batch)))?;
        if plan.size().1 as u64 != section.cells {
            return Err(Error::corrupt("the rows do not fall into as many cells as the file says"));
        }
        // The sums, and the samples that are made of them.
        earned::check("the condensed samples", 2 * plan.total_bytes(), self.file_length())?;
        let mut totals = plan.totals(None)?;
        for segment in 0..self.segments() {
            let mut sums = plan.segment_sums();
            rows.each_of(segment, |batch, times| plan.add_sums(schema, batch, times, &mut sums))?;
            totals.add(sums.finish())?;
        }
        totals.condensed(0..totals.cells())
    }
}

/// Samples that are put together from rows of the condensed table.
pub(crate) struct Samples {
    condensed: Condensed,
    value: bool,
}

impl Samples {
    /// Room for so many samples of a section.
    ///
    /// # Errors
    /// `Memory`.
    pub fn new(section: &CellsSection, count: usize) -> Result<Self> {
        let features = section.features.len();
        let value = matches!(section.target, CellTarget::Value(_));
        let classes = section.labels.len();
        let condensed = Condensed {
            features,
            means: earned::with_room(count.saturating_mul(features))?,
            target: value.then(|| earned::with_room(count)).transpose()?,
            weights: earned::with_room(count.saturating_mul(classes.max(1)))?,
            classes,
        };
        Ok(Self { condensed, value })
    }

    /// Appends rows of the condensed table.
    pub fn add(&mut self, batch: &Batch) -> Result<()> {
        let Condensed { features: d, means, target, weights, classes } = &mut self.condensed;
        let (d, classes) = (*d, (*classes).max(1));
        let bad = || Error::corrupt("the condensed samples do not have the columns that the cells name");
        if batch.columns.len() != d + usize::from(self.value) + classes {
            return Err(bad());
        }
        let mut columns = earned::with_room(batch.columns.len())?;
        for column in &batch.columns {
            let Values::U64(v) = &column.values else { return Err(bad()) };
            columns.push((v, column.validity.as_deref()));
        }
        let mean = |k: usize, row: usize| {
            let (v, validity) = columns[k];
            let null = validity.is_some_and(|v| v[row] == 0);
            if null { f64::NAN } else { f64::from_bits(v[row]) }
        };
        let weights_at = d + usize::from(self.value);
        for row in 0..batch.rows {
            means.extend((0..d).map(|k| mean(k, row)));
            weights.extend((0..classes).map(|class| columns[weights_at + class].0[row]));
            if let Some(target) = target {
                target.push(mean(d, row));
            }
        }
        Ok(())
    }

    /// The samples.
    pub fn finish(self) -> Condensed {
        self.condensed
    }
}
