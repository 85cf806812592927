//! Cells and condensed samples of a table: the second pass, and the sums of the third.

use crate::column::values::{Batch, Column, Values};
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::{Kind, Node, Schema};
use crate::format::schema_builder::SchemaBuilder;
use crate::summary::cells::bits::CellBit;
use crate::summary::cells::condensed::Condensed;
use crate::summary::cells::grid::Grid;
use crate::summary::cells::keys::CellKeys;
use crate::summary::cells::labels::Labels;
use crate::summary::cells::map::{CellMap, Prefixes};
use crate::summary::cells::options::TargetKind;
use crate::summary::cells::runs::{SegmentProducts, SegmentSums};
use crate::summary::cells::section::{CellBitEntry, CellFeature, CellTarget, CellsSection, MAX_CELLS};
use crate::summary::cells::spill::{Covariances, Limit, Products, Totals};
use crate::summary::cells::sums::{CellLayout, CellSums};
use crate::summary::covariances::products::CellProducts;
use crate::summary::features::FeatureColumn;
use crate::summary::numbers::{Numbers, numbers};

/// How rows are put into cells, and what is summed there.
pub(crate) struct CellPlan {
    pub features: Vec<usize>,
    pub target: Option<(usize, TargetKind)>,
    pub grid: Grid,
    pub bits: Vec<CellBit>,
    pub keys: CellKeys,
    pub map: CellMap,
    pub layout: CellLayout,
    pub labels: Option<Labels>,
    pub stored_labels: Vec<Option<Vec<u8>>>,
    pub low_entropy: bool,
}

impl CellPlan {
    /// The plan that a file's cells section describes, with the cells that `keys_of` counts.
    pub fn from_section(schema: &Schema, section: &CellsSection) -> Result<Self> {
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
        let extents = section
            .features
            .iter()
            .map(|f| crate::summary::cells::grid::Feature { lo: f.lo.get(), hi: f.hi.get() });
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
            CellSums::from_segment(&self.layout, cells, columns, classes)
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
                labels.classes(column, segment.rows)?
            }
            _ => Vec::new(),
        };
        Ok(with(&cells, &columns, &classes))
    }

    /// Sums of a segment's products.
    pub fn products(&self, schema: &Schema, segment: &Batch) -> Result<CellProducts> {
        let columns = numbers(schema, segment, &self.features);
        let columns: Vec<_> = columns.iter().map(Numbers::column).collect();
        Ok(CellProducts::from_segment(&self.grid, &self.cells_of(segment.rows, &columns)?, &columns))
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
        let feature = |(&node, f): (&usize, &crate::summary::cells::grid::Feature)| CellFeature {
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
pub(crate) fn condensed_batch(schema: &Schema, condensed: &Condensed) -> Batch {
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
