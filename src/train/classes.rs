//! Rows with how many of them are of each class.

use std::collections::HashMap;

use crate::column::{Column, Node};
use crate::error::{Error, Result};
use crate::read::{Projection, Reader, Source};
use crate::sample::CondensedSamples;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1 << 14;

/// Rows that can be gone through again and again, one after the other.
pub trait ClassRows {
    /// Number of features, d.
    fn dimension(&self) -> usize;

    /// Number of classes.
    fn classes(&self) -> usize;

    /// Hands out every row: its d features, and how many rows of each class it stands for. All are finite.
    ///
    /// # Errors
    /// What reading brings.
    fn each(&self, row: &mut dyn FnMut(&[f64], &[f64])) -> Result<()>;
}

/// Rows in memory: condensed samples with their soft labels, or rows of one class each.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassData {
    features: Vec<String>,
    target: String,
    labels: Vec<String>,
    /// n x d.
    x: Vec<f64>,
    /// n x classes.
    counts: Vec<f64>,
    left_out: usize,
}

impl ClassData {
    /// Rows from plain vectors, row-major: `x` is n x d, d = `features.len()`, `counts` is n x `labels.len()`. Rows with
    /// a number that is not finite, or of no count, are left out.
    ///
    /// # Errors
    /// `Argument` if the lengths do not fit together, or there are fewer than two classes.
    pub fn new(
        features: Vec<String>,
        target: String,
        labels: Vec<String>,
        x: &[f64],
        counts: &[f64],
    ) -> Result<Self> {
        let (d, classes) = (features.len(), labels.len());
        let n = counts.len() / classes.max(1);
        if classes < 2 {
            return Err(Error::argument(format!(
                "target \"{target}\" has {classes} classes; two at least are needed"
            )));
        }
        if d == 0 || n.checked_mul(d) != Some(x.len()) || n * classes != counts.len() {
            let what = format!("{} values and {} counts are no rows of {d} features", x.len(), counts.len());
            return Err(Error::argument(what));
        }
        let mut data = Self { features, target, labels, x: Vec::new(), counts: Vec::new(), left_out: 0 };
        for (row, counts) in x.chunks_exact(d).zip(counts.chunks_exact(classes)) {
            let finite = row.iter().chain(counts).all(|v| v.is_finite());
            if finite && counts.iter().all(|&c| c >= 0.0) && counts.iter().sum::<f64>() > 0.0 {
                data.x.extend_from_slice(row);
                data.counts.extend_from_slice(counts);
            } else {
                data.left_out += 1;
            }
        }
        Ok(data)
    }

    /// Condensed samples, with the rows of each class in their cells: never the most frequent class alone.
    ///
    /// # Errors
    /// `Argument` if their target is no class.
    pub fn of_condensed(condensed: &CondensedSamples) -> Result<Self> {
        let CondensedSamples { features, target, labels, samples, .. } = condensed;
        let Some((target, _)) = target.as_ref().filter(|_| samples.classes > 0) else {
            return Err(Error::argument(
                "the condensed samples have no rows a class: convert with --target COLUMN:class",
            ));
        };
        let counts: Vec<f64> = samples.weights.iter().map(|&w| w as f64).collect();
        Self::new(features.clone(), target.clone(), labels.clone(), &samples.means, &counts)
    }

    /// All rows of a file.
    ///
    /// # Errors
    /// As [`FileRows::new`]; `Corrupt` or `Io`.
    pub fn of_rows<S: Source>(
        reader: &Reader<S>,
        features: &[String],
        target: &str,
        labels: &[String],
    ) -> Result<Self> {
        let rows = FileRows::new(reader, features, target, labels)?;
        let (mut x, mut counts) = (Vec::new(), Vec::new());
        rows.each(&mut |row, of_class| {
            x.extend_from_slice(row);
            counts.extend_from_slice(of_class);
        })?;
        let mut data = Self::new(features.to_vec(), target.to_owned(), labels.to_vec(), &x, &counts)?;
        data.left_out = (reader.rows() as usize).saturating_sub(data.rows());
        Ok(data)
    }

    /// Some rows, in the order given. Rows that are not there are passed over.
    pub fn subset(&self, rows: &[usize]) -> Self {
        let (d, classes) = (self.features.len(), self.labels.len());
        let pick = |values: &[f64], per: usize| -> Vec<f64> {
            rows.iter().filter_map(|&i| values.get(i * per..(i + 1) * per)).flatten().copied().collect()
        };
        Self { x: pick(&self.x, d), counts: pick(&self.counts, classes), left_out: 0, ..self.clone() }
    }

    /// Number of rows, n.
    pub fn rows(&self) -> usize {
        self.counts.len() / self.labels.len()
    }

    /// Names of the features.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// Name of the target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The classes, as text.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Rows that all rows stand for.
    pub fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Rows left out for a missing or non-finite value.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

impl ClassRows for ClassData {
    fn dimension(&self) -> usize {
        self.features.len()
    }

    fn classes(&self) -> usize {
        self.labels.len()
    }

    fn each(&self, row: &mut dyn FnMut(&[f64], &[f64])) -> Result<()> {
        let rows = self.x.chunks_exact(self.features.len());
        rows.zip(self.counts.chunks_exact(self.labels.len())).for_each(|(x, counts)| row(x, counts));
        Ok(())
    }
}

/// The rows of a file, decoded batch by batch each time they are gone through.
pub struct FileRows<'a, S> {
    reader: &'a Reader<S>,
    /// The features, then the target.
    projection: Projection,
    features: Vec<&'a Node>,
    target: &'a Node,
    labels: HashMap<String, usize>,
}

impl<'a, S: Source> FileRows<'a, S> {
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
        let mut nodes: Vec<&Node> =
            projection.nodes().iter().filter_map(|&n| schema.nodes().get(n)).collect();
        let target = nodes.pop().ok_or_else(|| Error::argument("no target"))?;
        if let Some(node) = nodes.iter().find(|node| !node.is_numeric_column()) {
            return Err(Error::argument(format!("column \"{}\" is not of single numbers", node.name)));
        }
        let labels = labels.iter().cloned().zip(0..).collect();
        Ok(Self { reader, projection, features: nodes, target, labels })
    }
}

impl<S: Source> ClassRows for FileRows<'_, S> {
    fn dimension(&self) -> usize {
        self.features.len()
    }

    fn classes(&self) -> usize {
        self.labels.len()
    }

    /// Rows of classes that were not named, or with a feature that is missing or not finite, are passed over.
    fn each(&self, row: &mut dyn FnMut(&[f64], &[f64])) -> Result<()> {
        let mut known: HashMap<Option<Vec<u8>>, Option<usize>> = HashMap::new();
        let mut x = vec![0.0; self.features.len()];
        let mut counts = vec![0.0; self.labels.len()];
        for batch in self.reader.scan(&self.projection, 0..self.reader.rows(), BATCH_ROWS)? {
            let batch = batch?;
            let Some((target, columns)) = batch.columns.split_last() else { continue };
            let numbers: Vec<Vec<f64>> =
                self.features.iter().zip(columns).map(|(node, column)| node.numbers(column)).collect();
            let is_null =
                |column: &Column, i: usize| column.validity.as_ref().is_some_and(|v| v.get(i) == Some(&0));
            for i in 0..batch.rows {
                let class = *known
                    .entry(target.label(i))
                    .or_insert_with_key(|l| self.labels.get(&self.target.label_text(l.as_deref())).copied());
                for ((to, numbers), column) in x.iter_mut().zip(&numbers).zip(columns) {
                    *to = numbers.get(i).copied().filter(|_| !is_null(column, i)).unwrap_or(f64::NAN);
                }
                if let Some(count) = class.and_then(|class| counts.get_mut(class))
                    && x.iter().all(|v| v.is_finite())
                {
                    *count = 1.0;
                    row(&x, &counts);
                    counts.fill(0.0);
                }
            }
        }
        Ok(())
    }
}
