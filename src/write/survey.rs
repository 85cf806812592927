//! The first pass: what must be known of the whole table before any of it is encoded.

use rayon::prelude::*;

use crate::codec::coding::Coding;
use crate::codec::strings::encode::{Dictionary, strings};
use crate::column::append::are_strings;
use crate::column::values::{Batch, Column, Values};
use crate::error::{Error, Result};
use crate::format::schema::{Kind, Schema};
use crate::summary::cells::labels::Labels;
use crate::summary::cells::options::{CellLimit, TargetKind};
use crate::summary::cells::sample::Sample;
use crate::summary::features::Range;
use crate::summary::numbers::{Numbers, numbers};
use crate::write::dictionaries::Dictionaries;
use crate::write::options::Options;
use crate::write::report::{ColumnRoles, TargetColumn};
use crate::write::roles::Roles;
use crate::write::table::{Table, for_each_batch};
use crate::write::texts::Texts;

/// Values that a target may have to be taken for a class.
const AUTO_CLASSES: usize = 1000;
/// Classes that rows may be stored by.
const STORED_CLASSES: usize = 1 << 20;

/// Findings of the first pass.
pub(crate) struct Survey {
    pub rows: u64,
    pub dictionaries: Dictionaries,
    pub ranges: Vec<Range>,
    pub sample: Sample,
    /// Range of a value target, and whether nulls or non-finite values occur in it.
    pub target_range: Range,
    pub target: Option<(usize, TargetKind)>,
    pub target_labels: Option<Labels>,
    pub class_labels: Option<Labels>,
    /// Rows whose target is null or not finite.
    pub target_nulls: u64,
    /// For each node that is text, why it may be taken for numbers.
    pub doubts: Vec<Option<String>>,
}

/// True if a first pass is needed at all.
pub(crate) fn is_needed(schema: &Schema, roles: &Roles, options: &Options) -> bool {
    schema.strings() > 0
        || roles.class.is_some()
        || roles.target.is_some()
        || !matches!(options.summaries.cells, CellLimit::None | CellLimit::Default)
}

/// Makes the first pass.
pub(crate) fn survey(
    table: &dyn Table,
    roles: &Roles,
    coding: Coding,
    progress: &(dyn Fn(u64) -> Result<()> + Sync),
) -> Result<Survey> {
    let schema = table.schema();
    let given = given_dictionaries(table, coding)?;
    let mut pass = FirstPass::new(schema, roles, &given)?;
    for_each_batch(table, |batch| {
        pass.add(schema, roles, &batch);
        progress(pass.rows)
    })?;
    pass.finish(schema, roles, coding, given)
}

/// The dictionaries that the table brings, by node.
fn given_dictionaries(table: &dyn Table, coding: Coding) -> Result<Vec<Option<Dictionary>>> {
    let schema = table.schema();
    let mut dictionaries: Vec<Option<Dictionary>> = (0..schema.nodes().len()).map(|_| None).collect();
    for (node, values) in table.dictionaries() {
        let (Values::Bytes { offsets, data }, Some(slot)) = (values, dictionaries.get_mut(*node)) else {
            return Err(Error::argument(format!(
                "a dictionary of node {node}, which has none or no strings"
            )));
        };
        if !are_strings(offsets, data) {
            let name = &schema.nodes()[*node].name;
            return Err(Error::argument(format!(
                "column \"{name}\": its dictionary's offsets do not fit its bytes"
            )));
        }
        *slot = Dictionary::new(&strings(offsets, data).collect::<Vec<_>>(), coding);
    }
    Ok(dictionaries)
}

/// The first pass on its way.
struct FirstPass {
    rows: u64,
    texts: Texts,
    ranges: Vec<Range>,
    sample: Sample,
    target_range: Range,
    target_labels: Option<Labels>,
    class_labels: Option<Labels>,
    target_nulls: u64,
}

impl FirstPass {
    fn new(schema: &Schema, roles: &Roles, given: &[Option<Dictionary>]) -> Result<Self> {
        let labels = |node: usize, most: usize| Labels::new(&schema.nodes()[node], most);
        let target_labels = match roles.target {
            Some((t, TargetKind::Class | TargetKind::Auto)) => Some(labels(t, AUTO_CLASSES)?),
            _ => None,
        };
        Ok(Self {
            rows: 0,
            texts: Texts::new(schema, given),
            ranges: vec![Range::EMPTY; roles.features.len()],
            sample: Sample::new(roles.features.len()),
            target_range: Range::EMPTY,
            target_labels,
            class_labels: roles.class.map(|c| labels(c, STORED_CLASSES)).transpose()?,
            target_nulls: 0,
        })
    }

    /// Adds the rows of a batch, which fits the schema.
    fn add(&mut self, schema: &Schema, roles: &Roles, batch: &Batch) {
        self.texts.add(batch);
        if let Some(((t, _), labels)) = roles.target.zip(self.target_labels.as_mut()) {
            labels.add(&batch.columns[t], batch.rows);
        }
        if let Some((c, labels)) = roles.class.zip(self.class_labels.as_mut()) {
            labels.add(&batch.columns[c], batch.rows);
        }
        let features = numbers(schema, batch, &roles.features);
        let columns: Vec<_> = features.iter().map(Numbers::column).collect();
        self.ranges.par_iter_mut().zip(&columns).for_each(|(r, c)| r.add(c));
        self.sample.add(self.rows, batch.rows, &columns);
        if let Some((t, _)) = roles.target {
            let target = numbers(schema, batch, &[t]);
            target.iter().for_each(|n| self.target_range.add(&n.column()));
            self.target_nulls += match target.first().filter(|_| schema.nodes()[t].is_numeric_column()) {
                Some(n) => n.column().iter().filter(|x| !x.is_some_and(f64::is_finite)).count() as u64,
                None => nulls(&batch.columns[t]),
            };
        }
        self.rows += batch.rows as u64;
    }

    fn finish(
        self,
        schema: &Schema,
        roles: &Roles,
        coding: Coding,
        given: Vec<Option<Dictionary>>,
    ) -> Result<Survey> {
        let doubts = self.texts.doubts();
        let target = self.target(schema, roles)?;
        let Self { rows, texts, ranges, sample, target_range, target_labels, class_labels, target_nulls } =
            self;
        if let (Some(c), Some(labels)) = (roles.class, &class_labels) {
            refuse_many(schema, c, labels, STORED_CLASSES)?;
        }
        let dictionaries = texts.dictionaries(coding, given);
        let target_labels = target_labels.filter(|_| target.is_some_and(|(_, k)| k == TargetKind::Class));
        Ok(Survey {
            rows,
            dictionaries,
            ranges,
            sample,
            target_range,
            target,
            target_labels,
            class_labels,
            target_nulls,
            doubts,
        })
    }

    /// The target as a class or a value.
    ///
    /// # Errors
    /// `Argument` for one that is neither, or null in every row.
    fn target(&self, schema: &Schema, roles: &Roles) -> Result<Option<(usize, TargetKind)>> {
        let Some((t, kind)) = roles.target else { return Ok(None) };
        let (node, labels) = (&schema.nodes()[t], self.target_labels.as_ref());
        let kind = resolve(schema, t, kind, labels);
        if let (TargetKind::Class, Some(labels)) = (kind, labels) {
            refuse_many(schema, t, labels, AUTO_CLASSES)?;
        }
        if self.rows > 0 && self.target_nulls == self.rows && !roles.are_given {
            return Err(Error::argument(format!(
                "target \"{}\" is null or not finite in every row: there is nothing to predict",
                node.name
            )));
        }
        if kind == TargetKind::Value && !node.is_numeric_column() {
            return Err(Error::argument(format!(
                "target \"{}\" is neither numeric nor a class of at most {AUTO_CLASSES} values",
                node.name
            )));
        }
        Ok(Some((t, kind)))
    }
}

/// Nulls of a column.
fn nulls(column: &Column) -> u64 {
    column.validity.iter().flatten().filter(|valid| **valid == 0).count() as u64
}

impl Survey {
    /// The roles of the columns, if a target is named.
    pub fn columns(&self, schema: &Schema, roles: &Roles) -> Option<ColumnRoles> {
        let (target, kind) = self.target?;
        let name = |node: usize| schema.nodes()[node].name.clone();
        let doubt = |node: usize| self.doubts.get(node).cloned().flatten();
        let constant = roles.features.iter().zip(&self.ranges).filter(|(_, range)| range.lo == range.hi);
        let others = schema.columns().filter(|&column| column != target);
        let others = others.filter_map(|column| {
            let why = roles.reason(schema, column)?;
            let doubt = doubt(column).filter(|_| why == "text").map_or(String::new(), |d| format!(": {d}"));
            Some((name(column), why + &doubt))
        });
        Some(ColumnRoles {
            features: roles.features.iter().map(|&node| name(node)).collect(),
            constant: constant.map(|(&node, _)| name(node)).collect(),
            others: others.collect(),
            target: TargetColumn {
                name: name(target),
                classes: (kind == TargetKind::Class)
                    .then(|| self.target_labels.as_ref().map_or(0, |labels| labels.values() as u64)),
                null_rows: self.target_nulls,
                doubt: doubt(target),
            },
        })
    }

    /// Takes the features without a finite value in any row out of the roles where there is a target: nothing can be
    /// learnt from them, and no row would have a value in every feature.
    pub fn drop_empty_features(&mut self, roles: &mut Roles) {
        let empty = |i: &usize| self.ranges.get(*i).is_some_and(|range| range.lo > range.hi);
        if roles.target.is_none() || self.rows == 0 || !(0..roles.features.len()).any(|i| empty(&i)) {
            return;
        }
        let kept: Vec<usize> = (0..roles.features.len()).filter(|i| !empty(i)).collect();
        self.sample.keep(&kept);
        let gone = roles.features.iter().enumerate().filter(|(i, _)| empty(i)).map(|(_, &node)| node);
        roles.empty = gone.collect();
        roles.features = kept.iter().map(|&i| roles.features[i]).collect();
        self.ranges = kept.iter().map(|&i| self.ranges[i]).collect();
    }
}

fn refuse_many(schema: &Schema, node: usize, labels: &Labels, most: usize) -> Result<()> {
    let name = &schema.nodes()[node].name;
    if labels.is_full() {
        return Err(Error::argument(format!(
            "column \"{name}\" has more than {most} values: too many classes"
        )));
    }
    Ok(())
}

/// A class or a value: as asked, or by type and number of values.
fn resolve(schema: &Schema, node: usize, kind: TargetKind, labels: Option<&Labels>) -> TargetKind {
    let node = &schema.nodes()[node];
    let few = |most: usize| labels.is_some_and(|l| !l.is_full() && l.values() <= most);
    match kind {
        TargetKind::Auto => match node.kind {
            Kind::Bool | Kind::Unsigned | Kind::Signed | Kind::Bytes | Kind::Text if few(AUTO_CLASSES) => {
                TargetKind::Class
            }
            Kind::Float if few(2) => TargetKind::Class,
            _ => TargetKind::Value,
        },
        kind => kind,
    }
}
