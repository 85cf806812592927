//! Cells and condensed samples of a table: the second pass, and the sums of the third.

use super::labels::Labels;
use super::options::{CellLimit, Options, TargetKind};
use super::spill::{Covariances, Limit, Products, Totals};
use super::survey::{Numbers, Survey, numbers};
use super::table::{Table, for_each_batch};
use crate::column::{Batch, Column, Kind, Node, Schema, SchemaBuilder, Values};
use crate::entrogede::{
    CellBit, CellBits, CellKeys, CellLayout, CellMap, CellProducts, CellSums, Condensed, FeatureColumn, Grid,
    MAX_CELL_BITS, Prefixes, SegmentProducts, SegmentSums, choose_bits, fit_bits,
};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{CellBitEntry, CellFeature, CellTarget, CellsSection, MAX_CELLS};

/// How rows are put into cells, and what is summed there.
pub(crate) struct CellPlan {
    features: Vec<usize>,
    target: Option<(usize, TargetKind)>,
    grid: Grid,
    bits: Vec<CellBit>,
    keys: CellKeys,
    map: CellMap,
    layout: CellLayout,
    labels: Option<Labels>,
    stored_labels: Vec<Option<Vec<u8>>>,
    low_entropy: bool,
}

/// Most cells and, if it is given, the number of bits.
fn limit(options: &Options, rows: u64, target: bool) -> Result<Option<(u64, Option<usize>)>> {
    let most = match options.cells {
        CellLimit::None => return Ok(None),
        CellLimit::Default if !target => return Ok(None),
        CellLimit::Default => (rows / 100).clamp(100, MAX_CELLS),
        CellLimit::Most(most) => most,
        CellLimit::Share(share) if (0.0..=1.0).contains(&share) => (rows as f64 * share) as u64,
        CellLimit::Share(share) => {
            return Err(Error::argument(format!("{share} is no share of the rows: 0 to 1")));
        }
        CellLimit::Beta(beta) if beta <= MAX_CELL_BITS => return Ok(Some((MAX_CELLS, Some(beta)))),
        CellLimit::Beta(_) => return Err(Error::argument(format!("beta is at most {MAX_CELL_BITS}"))),
    };
    if most > MAX_CELLS {
        return Err(Error::argument(format!("{most} condensed samples are too many: at most {MAX_CELLS}")));
    }
    Ok(Some((most.max(1), None)))
}

impl CellPlan {
    /// Chooses the bits on the survey's sample and counts the cells in a pass over the table.
    pub(super) fn make(
        table: &dyn Table,
        features: &[usize],
        survey: &mut Survey,
        options: &Options,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Option<Self>> {
        let schema = table.schema();
        let Some((most, beta)) = limit(options, survey.rows, survey.target.is_some())? else {
            return Ok(None);
        };
        if survey.rows == 0 {
            return Ok(None);
        }
        if features.is_empty() {
            return Err(Error::argument(
                "condensed samples need numeric columns besides the target, and there are none",
            ));
        }
        let grid = Grid::of(&survey.ranges);
        let order = if options.low_entropy_cells { CellBits::Low } else { CellBits::High };
        let mut bits = choose_bits(&grid, &survey.sample, order);
        if beta.is_none() {
            bits = fit_bits(&grid, &survey.sample, bits, most as usize);
        }
        let mut prefixes = match beta {
            Some(beta) => Prefixes::fixed(beta.min(bits.len()), most as usize),
            None => Prefixes::largest(bits.len(), most as usize),
        };
        let keys = CellKeys::new(&grid, &bits)?;
        let (mut found, mut rows) = (Vec::new(), 0);
        for_each_batch(table, |batch| {
            let columns = numbers(schema, &batch, features);
            let columns: Vec<_> = columns.iter().map(Numbers::column).collect();
            keys.of_segment(batch.rows, &columns, &mut found);
            found.iter().try_for_each(|&key| prefixes.insert(key))?;
            rows += batch.rows as u64;
            progress(rows);
            Ok(())
        })?;
        let map = prefixes.finish();
        bits.truncate(map.beta());
        let keys = CellKeys::new(&grid, &bits)?;
        let mut labels = survey.target_labels.take();
        let stored_labels = labels.as_mut().map(Labels::number).unwrap_or_default();
        let is_value = matches!(survey.target, Some((_, TargetKind::Value)));
        let mut specials: Vec<bool> = survey.ranges.iter().map(|r| r.specials).collect();
        specials.extend(is_value.then_some(survey.target_range.specials));
        let layout = CellLayout { specials, target: is_value, classes: stored_labels.len() };
        Ok(Some(Self {
            features: features.to_vec(),
            target: survey.target,
            grid,
            bits,
            keys,
            map,
            layout,
            labels,
            stored_labels,
            low_entropy: options.low_entropy_cells,
        }))
    }

    /// The plan that a file's cells section describes, with the cells that `keys_of` counts.
    pub fn of_section(schema: &Schema, section: &CellsSection) -> Result<Self> {
        let features: Vec<usize> = section.features.iter().map(|f| f.node.get() as usize).collect();
        let numeric = |&n: &usize| schema.nodes().get(n).is_some_and(Node::is_numeric_column);
        let target = match section.target {
            CellTarget::None => None,
            CellTarget::Value(n) => Some((n as usize, TargetKind::Value)),
            CellTarget::Class(n) => Some((n as usize, TargetKind::Class)),
        };
        let is_value = matches!(target, Some((_, TargetKind::Value)));
        if !features.iter().all(numeric) || (is_value && !target.iter().all(|(n, _)| numeric(n))) {
            return Err(Error::corrupt("cells: a feature is not numeric"));
        }
        let extents =
            section.features.iter().map(|f| crate::entrogede::Feature { lo: f.lo.get(), hi: f.hi.get() });
        let grid = Grid { features: extents.collect() };
        let bits: Vec<_> =
            section.bits.iter().map(|b| CellBit { feature: b.feature.get(), bit: b.bit.get() }).collect();
        let keys = CellKeys::new(&grid, &bits)?;
        let labels = match target {
            Some((n, TargetKind::Class)) => {
                schema.nodes().get(n).map(|n| Labels::stored(n, &section.labels)).transpose()?
            }
            _ => None,
        };
        // What occurs is not known: counting everywhere gives the same means.
        let specials = vec![true; features.len() + usize::from(is_value)];
        let layout = CellLayout { specials, target: is_value, classes: section.labels.len() };
        let map = Prefixes::fixed(bits.len(), MAX_CELLS as usize).finish();
        Ok(Self {
            features,
            target,
            grid,
            bits,
            keys,
            map,
            layout,
            labels,
            stored_labels: section.labels.clone(),
            low_entropy: section.low_entropy,
        })
    }

    /// Counts the cells of the rows that `each` hands out batch by batch.
    pub fn count(
        &mut self,
        schema: &Schema,
        each: impl FnOnce(&mut dyn FnMut(&Batch) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        let mut prefixes = Prefixes::fixed(self.bits.len(), MAX_CELLS as usize);
        let mut found = Vec::new();
        each(&mut |batch| {
            let columns = numbers(schema, batch, &self.features);
            let columns: Vec<_> = columns.iter().map(Numbers::column).collect();
            self.keys.of_segment(batch.rows, &columns, &mut found);
            found.iter().try_for_each(|&key| prefixes.insert(key))
        })?;
        self.map = prefixes.finish();
        Ok(())
    }

    /// Bytes of the sums of all cells.
    pub fn total_bytes(&self) -> u128 {
        8 * self.map.len() as u128 * self.layout.words_per_cell() as u128
    }

    /// Empty sums of a segment.
    pub fn segment_sums(&self) -> SegmentSums {
        SegmentSums::new(self.layout.clone())
    }

    /// Adds rows to the sums of a segment, each so many times.
    pub fn add_sums(
        &self,
        schema: &Schema,
        rows: &Batch,
        times: Option<&[u64]>,
        to: &mut SegmentSums,
    ) -> Result<()> {
        self.with_cells(schema, rows, |cells, columns, classes| to.add(cells, columns, classes, times))
    }

    /// Adds rows to the products of a segment, each so many times.
    pub fn add_products(
        &self,
        schema: &Schema,
        rows: &Batch,
        times: Option<&[u64]>,
        to: &mut SegmentProducts,
    ) -> Result<()> {
        let columns = numbers(schema, rows, &self.features);
        let columns: Vec<_> = columns.iter().map(Numbers::column).collect();
        to.add(&self.grid, &self.cells_of(rows.rows, &columns)?, &columns, times);
        Ok(())
    }

    /// Bits and cells.
    pub fn size(&self) -> (usize, usize) {
        (self.map.beta(), self.map.len())
    }

    /// Sums a segment.
    pub fn sums(&self, schema: &Schema, segment: &Batch) -> Result<CellSums> {
        self.with_cells(schema, segment, |cells, columns, classes| {
            CellSums::of_segment(&self.layout, cells, columns, classes)
        })
    }

    /// Hands out the cells, the columns and the classes of rows.
    fn with_cells<T>(
        &self,
        schema: &Schema,
        segment: &Batch,
        with: impl FnOnce(&[u32], &[FeatureColumn], &[u32]) -> T,
    ) -> Result<T> {
        let mut nodes = self.features.clone();
        nodes.extend(self.target.filter(|_| self.layout.target).map(|(t, _)| t));
        let columns = numbers(schema, segment, &nodes);
        let columns: Vec<_> = columns.iter().map(Numbers::column).collect();
        let features = columns.get(..self.features.len()).ok_or_else(changed)?;
        let cells = self.cells_of(segment.rows, features)?;
        let classes = match (&self.labels, self.target) {
            (Some(labels), Some((t, _))) => {
                let column = segment.columns.get(t).ok_or_else(changed)?;
                Some(labels.classes(column, segment.rows)?)
            }
            _ => None,
        };
        Ok(with(&cells, &columns, classes.as_deref().unwrap_or(&[])))
    }

    /// Sums of a segment's products.
    pub fn products(&self, schema: &Schema, segment: &Batch) -> Result<CellProducts> {
        let columns = numbers(schema, segment, &self.features);
        let columns: Vec<_> = columns.iter().map(Numbers::column).collect();
        Ok(CellProducts::of_segment(&self.grid, &self.cells_of(segment.rows, &columns)?, &columns))
    }

    /// The cell of every row.
    fn cells_of(&self, rows: usize, features: &[FeatureColumn]) -> Result<Vec<u32>> {
        let mut keys = Vec::new();
        self.keys.of_segment(rows, features, &mut keys);
        keys.iter().map(|&key| self.map.cell(key).ok_or_else(changed)).collect()
    }

    /// Empty totals, in memory or beyond a limit in a scratch file.
    pub fn totals(&self, limit: Option<Limit>) -> Result<Totals> {
        Totals::zeros(self.layout.clone(), self.map.len(), limit)
    }

    /// Empty sums of products, in memory or beyond a limit in a scratch file.
    pub fn covariances(&self, limit: Limit) -> Result<Covariances> {
        Covariances::zeros(Products { features: self.features.len() }, self.map.len(), Some(limit))
    }

    /// The cells section.
    pub fn section(&self, stored: bool) -> CellsSection {
        let feature = |(&node, f): (&usize, &crate::entrogede::Feature)| CellFeature {
            node: (node as u32).into(),
            zero: 0.into(),
            lo: f.lo.into(),
            hi: f.hi.into(),
        };
        let bit = |b: &CellBit| CellBitEntry { feature: b.feature.into(), bit: b.bit.into() };
        CellsSection {
            features: self.features.iter().zip(&self.grid.features).map(feature).collect(),
            bits: self.bits.iter().map(bit).collect(),
            target: match self.target {
                Some((t, TargetKind::Value)) => CellTarget::Value(t as u32),
                Some((t, _)) => CellTarget::Class(t as u32),
                None => CellTarget::None,
            },
            stored,
            low_entropy: self.low_entropy,
            cells: self.map.len() as u64,
            labels: self.stored_labels.clone(),
        }
    }

    /// The schema of the condensed table: means of features, of a value target, then weights.
    pub fn condensed_schema(&self, schema: &Schema) -> Result<Schema> {
        let mut builder = SchemaBuilder::default();
        let node =
            |n: usize| schema.nodes().get(n).ok_or_else(|| Error::corrupt("cells: a column is missing"));
        let value = self.target.filter(|_| self.layout.target).map(|(t, _)| t);
        for (&n, &specials) in self.features.iter().chain(&value).zip(&self.layout.specials) {
            builder.push(None, &node(n)?.name, Kind::Float, specials, 64, 0)?;
        }
        if self.stored_labels.is_empty() {
            builder.push(None, "weight", Kind::Unsigned, false, 64, 0)?;
        }
        for label in &self.stored_labels {
            let text =
                self.target.map_or(Ok(String::new()), |(t, _)| Ok(node(t)?.label_text(label.as_deref())))?;
            builder.push(None, &format!("weight:{text}"), Kind::Unsigned, false, 64, 0)?;
        }
        Ok(builder.finish())
    }
}

fn changed() -> Error {
    Error::new(ErrorKind::Input, "the input changed between two readings of it")
}

/// Condensed samples as rows of the condensed table.
pub(super) fn condensed_batch(schema: &Schema, condensed: &Condensed) -> Batch {
    let (m, d) = (condensed.len(), condensed.features);
    let floats = |values: Vec<f64>, nullable: bool| Column {
        validity: nullable.then(|| values.iter().map(|x| u8::from(!x.is_nan())).collect()),
        values: Values::U64(
            values.iter().map(|x| if nullable && x.is_nan() { 0 } else { x.to_bits() }).collect(),
        ),
    };
    let pick =
        |all: &[f64], k: usize| -> Vec<f64> { all.iter().skip(k).step_by(d.max(1)).copied().collect() };
    let mut means: Vec<Vec<f64>> = (0..d).map(|k| pick(&condensed.means, k)).collect();
    means.extend(condensed.target.clone());
    let nullable = schema.nodes().iter().map(|n| n.nullable);
    let mut columns: Vec<Column> =
        means.into_iter().zip(nullable).map(|(v, nullable)| floats(v, nullable)).collect();
    let classes = condensed.classes.max(1);
    for class in 0..classes {
        let weights = condensed.weights.iter().skip(class).step_by(classes).copied().collect();
        columns.push(Column { validity: None, values: Values::U64(weights) });
    }
    Batch { rows: m, columns }
}
