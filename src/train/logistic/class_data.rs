//! Rows in memory with how many of them are of each class.

use super::class_rows::ClassRows;
use super::file_rows::FileRows;
use crate::error::{Error, Result};
use crate::read::ByteSource;
use crate::read::reader::Reader;
use crate::sample::CondensedSamples;
use crate::train::imputer::Imputer;
use crate::train::passed_over::PassedOver;
use crate::train::usable_samples::UsableSamples;

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
    passed_over: PassedOver,
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
        let mut data = Self {
            features,
            target,
            labels,
            x: Vec::new(),
            counts: Vec::new(),
            left_out: 0,
            passed_over: PassedOver::default(),
        };
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

    /// Condensed samples, with the rows of each class in their cells: never the most frequent class alone. A null is no
    /// class, and a feature without a mean in every sample is no feature.
    ///
    /// # Errors
    /// `Argument` if their target is no class.
    pub fn from_condensed(condensed: &CondensedSamples) -> Result<Self> {
        Self::from_condensed_imputed(condensed, false)
    }

    /// As [`from_condensed`](Self::from_condensed), with means of cells that are missing filled in by those of the feature
    /// if so wanted.
    ///
    /// # Errors
    /// As [`from_condensed`](Self::from_condensed).
    pub fn from_condensed_imputed(condensed: &CondensedSamples, impute: bool) -> Result<Self> {
        let UsableSamples { features, mut means, target, labels, weights, null_target } =
            UsableSamples::new(condensed);
        let Some(target) = target.filter(|_| condensed.samples.classes > 0) else {
            return Err(Error::argument(
                "the condensed samples have no rows a class: convert with --target COLUMN:class",
            ));
        };
        if impute {
            let rows: Vec<f64> =
                weights.chunks_exact(labels.len().max(1)).map(|counts| counts.iter().sum()).collect();
            let imputer = Imputer::from_weighted(features.len(), &means, &rows);
            means.chunks_exact_mut(features.len().max(1)).for_each(|row| imputer.fill(row));
        }
        let mut data = Self::new(features, target, labels, &means, &weights)?;
        let rows: f64 = weights.iter().sum();
        data.passed_over = PassedOver {
            unusable_feature: (rows - data.total()).round() as u64,
            null_target,
            ..PassedOver::default()
        };
        Ok(data)
    }

    /// All rows of a file.
    ///
    /// # Errors
    /// As [`FileRows::new`]; `Corrupt` or `Io`.
    pub fn from_rows<S: ByteSource>(
        reader: &Reader<S>,
        features: &[String],
        target: &str,
        labels: &[String],
    ) -> Result<Self> {
        Self::from_file_rows(&FileRows::new(reader, features, target, labels)?, target, labels)
    }

    /// The rows of a file, imputed as they say.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn from_file_rows<S: ByteSource>(
        rows: &FileRows<S>,
        target: &str,
        labels: &[String],
    ) -> Result<Self> {
        let (mut x, mut counts) = (Vec::new(), Vec::new());
        let not = rows.each_counted(&mut |row, of_class| {
            x.extend_from_slice(row);
            counts.extend_from_slice(of_class);
        })?;
        let mut data = Self::new(rows.feature_names(), target.to_owned(), labels.to_vec(), &x, &counts)?;
        data.left_out = (rows.reader.rows() as usize).saturating_sub(data.rows());
        data.passed_over = not.rows;
        Ok(data)
    }

    /// Some rows, in the order given. Rows that are not there are passed over.
    pub fn subset(&self, rows: &[usize]) -> Self {
        let (d, classes) = (self.features.len(), self.labels.len());
        let pick = |values: &[f64], per: usize| -> Vec<f64> {
            // As documented, rows that are not there are passed over.
            rows.iter().filter_map(|&i| values.get(i * per..(i + 1) * per)).flatten().copied().collect()
        };
        let passed_over = PassedOver::default();
        Self {
            x: pick(&self.x, d),
            counts: pick(&self.counts, classes),
            left_out: 0,
            passed_over,
            ..self.clone()
        }
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

    /// Rows of the file that are not used, by reason: of condensed samples the rows that they stand for.
    pub fn passed_over(&self) -> PassedOver {
        self.passed_over
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
