//! The rows of a file with their classes, decoded as they are gone through.

use std::collections::HashMap;

use super::class_rows::{ClassRows, RowsNotHandedOut};
use crate::column::{Column, Kind, Node};
use crate::error::{Error, Result};
use crate::read::reader::Reader;
use crate::read::{ByteSource, Projection};
use crate::train::imputer::Imputer;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1 << 14;

/// Classes that messages name.
const NAMES: usize = 6;

/// The rows of a file, decoded batch by batch each time they are gone through.
pub struct FileRows<'a, S> {
    pub(super) reader: &'a Reader<S>,
    /// The features, then the target.
    projection: Projection,
    features: Vec<&'a Node>,
    target: &'a Node,
    labels: Vec<String>,
    imputer: Option<Imputer>,
}

debug_fields!(['a, S] FileRows { features });

/// A label of a file among the classes.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Named(usize),
    Unseen,
    /// Not a number, and no class of that name: as good as null.
    Nan,
}

/// The classes of labels, remembered, since labels repeat.
#[derive(Default)]
struct Known(HashMap<Vec<u8>, Class>);

impl<'a, S: ByteSource> FileRows<'a, S> {
    /// The rows of a file, with classes named as text.
    ///
    /// # Errors
    /// `Argument` for a file of no rows, a column that is not there, or a feature that is not numeric.
    pub fn new(reader: &'a Reader<S>, features: &[String], target: &str, labels: &[String]) -> Result<Self> {
        if reader.rows() == 0 {
            return Err(Error::argument("there are no rows in the file"));
        }
        let schema = reader.schema();
        let names: Vec<&str> = features.iter().map(String::as_str).chain([target]).collect();
        let projection = Projection::columns(schema, &names)?;
        let mut nodes: Vec<&Node> = projection.nodes().iter().map(|&n| &schema.nodes()[n]).collect();
        let target = nodes.pop().ok_or_else(|| Error::argument("no target"))?;
        if let Some(node) = nodes.iter().find(|node| !node.is_numeric_column()) {
            return Err(Error::argument(format!("column \"{}\" is not of single numbers", node.name)));
        }
        Ok(Self { reader, projection, features: nodes, target, labels: labels.to_vec(), imputer: None })
    }

    /// The same rows, with features that are missing filled in.
    pub fn imputed(mut self, imputer: Option<Imputer>) -> Self {
        self.imputer = imputer;
        self
    }

    /// Names of the features handed out: those of the file, then the columns that say what is missing.
    pub fn feature_names(&self) -> Vec<String> {
        let names: Vec<String> = self.features.iter().map(|node| node.name.clone()).collect();
        self.imputer.as_ref().map_or(names.clone(), |imputer| imputer.names(&names))
    }

    /// Checks that a class of the file is one of those named, by its target alone.
    ///
    /// # Errors
    /// `Argument` if none is; what reading brings.
    pub fn check_classes(&self) -> Result<()> {
        let (mut known, mut not) = (Known::default(), RowsNotHandedOut::default());
        let names = [self.target.name.as_str()];
        let projection = Projection::columns(self.reader.schema(), &names)?;
        for batch in self.reader.scan(&projection, 0..self.reader.rows(), BATCH_ROWS)? {
            let batch = batch?;
            let Some(target) = batch.columns.first() else { continue };
            for label in (0..batch.rows).filter_map(|row| target.label(row)) {
                if let Class::Named(_) = known.class(label, self, &mut not) {
                    return Ok(());
                }
            }
        }
        Err(Error::argument(format!(
            "no class of column \"{}\" ({}) is one of those trained on ({})",
            self.target.name,
            not.unseen.join(", "),
            self.labels.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ")
        )))
    }

    /// The class of a label: by its text, or if it is a number by its value, however it is written.
    fn class(&self, label: &[u8]) -> (Option<usize>, String) {
        let text = self.target.label_text(Some(label));
        let same = self.labels.iter().position(|own| *own == text);
        let is_number = self.target.is_numeric_column() && self.target.kind != Kind::Bool;
        let value = text.parse::<f64>().ok().filter(|_| is_number && same.is_none());
        let by_value = || {
            let value = value?;
            self.labels.iter().position(|own| own.parse::<f64>().is_ok_and(|own| own == value))
        };
        (same.or_else(by_value), text)
    }
}

impl Known {
    fn class<S: ByteSource>(
        &mut self,
        label: Vec<u8>,
        rows: &FileRows<S>,
        not: &mut RowsNotHandedOut,
    ) -> Class {
        *self.0.entry(label).or_insert_with_key(|label| match rows.class(label) {
            (Some(class), _) => Class::Named(class),
            (None, text) if rows.target.kind == Kind::Float && text == "NaN" => Class::Nan,
            (None, text) => {
                not.unseen_classes += 1;
                if not.unseen.len() < NAMES {
                    not.unseen.push(text);
                }
                Class::Unseen
            }
        })
    }
}

impl<S: ByteSource> ClassRows for FileRows<'_, S> {
    fn dimension(&self) -> usize {
        self.features.len() + self.imputer.as_ref().map_or(0, Imputer::flags)
    }

    fn classes(&self) -> usize {
        self.labels.len()
    }

    /// Rows of classes that were not named, without a class, or with a feature that is missing or not finite, are passed
    /// over.
    fn each(&self, row: &mut dyn FnMut(&[f64], &[f64])) -> Result<()> {
        self.each_counted(row).map(drop)
    }

    fn each_counted(&self, row: &mut dyn FnMut(&[f64], &[f64])) -> Result<RowsNotHandedOut> {
        let mut not = RowsNotHandedOut::default();
        let mut known = Known::default();
        let mut x = Vec::with_capacity(self.dimension());
        let mut counts = vec![0.0; self.labels.len()];
        for batch in self.reader.scan(&self.projection, 0..self.reader.rows(), BATCH_ROWS)? {
            let batch = batch?;
            let Some((target, columns)) = batch.columns.split_last() else { continue };
            let numbers: Vec<Vec<f64>> =
                self.features.iter().zip(columns).map(|(node, column)| node.numbers(column)).collect();
            let is_null = |column: &Column, i: usize| column.validity.as_ref().is_some_and(|v| v[i] == 0);
            for i in 0..batch.rows {
                let label = target.label(i).map(|label| known.class(label, self, &mut not));
                let class = match label {
                    Some(Class::Named(class)) => class,
                    Some(Class::Unseen) => {
                        not.rows.unseen_label += 1;
                        continue;
                    }
                    Some(Class::Nan) | None => {
                        not.rows.null_target += 1;
                        continue;
                    }
                };
                x.clear();
                let values = numbers.iter().zip(columns);
                x.extend(
                    values.map(|(numbers, column)| if is_null(column, i) { f64::NAN } else { numbers[i] }),
                );
                if let Some(imputer) = &self.imputer {
                    imputer.apply(&mut x);
                }
                if !x.iter().all(|v| v.is_finite()) {
                    not.rows.unusable_feature += 1;
                    continue;
                }
                counts[class] = 1.0;
                row(&x, &counts);
                counts[class] = 0.0;
            }
        }
        Ok(not)
    }
}
