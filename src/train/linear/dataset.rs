//! Rows in memory: features, a target and a weight each.

use crate::error::{Error, Result};
use crate::read::reader::Reader;
use crate::read::{ByteSource, Projection};
use crate::sample::CondensedSamples;
use crate::train::Standardiser;
use crate::train::file_numbers::{each_row, number_columns};
use crate::train::imputer::Imputer;
use crate::train::means::RunningMeans;
use crate::train::passed_over::PassedOver;
use crate::train::usable_samples::UsableSamples;

/// Rows of `d` features with a target and a weight each. Every number in it is finite and every
/// weight positive; rows that were not so have been left out and counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    features: Vec<String>,
    target: String,
    x: Vec<f64>,
    y: Vec<f64>,
    weights: Vec<f64>,
    left_out: usize,
    passed_over: PassedOver,
}

impl Dataset {
    /// Rows from plain vectors: `x` is n x d, row-major, with d = `features.len()`; `y` and `weights`
    /// have n numbers, and no weights means 1 each.
    ///
    /// # Errors
    /// `Argument` if the lengths do not fit together.
    pub fn new(
        features: Vec<String>,
        target: String,
        x: Vec<f64>,
        y: Vec<f64>,
        weights: Option<Vec<f64>>,
    ) -> Result<Self> {
        let (n, d) = (y.len(), features.len());
        let weights = weights.unwrap_or_else(|| vec![1.0; n]);
        if n.checked_mul(d) != Some(x.len()) || weights.len() != n {
            return Err(Error::argument(format!(
                "{n} rows of {d} features need {n} x {d} values and {n} weights; there are {} and {}",
                x.len(),
                weights.len()
            )));
        }
        let passed_over = PassedOver::default();
        let mut data = Self { features, target, x, y, weights, left_out: 0, passed_over };
        let usable = |i: usize| {
            data.weights[i] > 0.0
                && data.weights[i].is_finite()
                && data.y[i].is_finite()
                && data.row(i).iter().all(|v| v.is_finite())
        };
        let keep: Vec<usize> = (0..n).filter(|&i| usable(i)).collect();
        if keep.len() < n {
            let null_target = (0..n).filter(|&i| !data.y[i].is_finite()).count();
            let unusable_feature = (n - keep.len() - null_target) as u64;
            data = data.subset(&keep)?;
            data.left_out = n - keep.len();
            data.passed_over =
                PassedOver { unusable_feature, null_target: null_target as u64, ..PassedOver::default() };
        }
        Ok(data)
    }

    /// All rows of a file, weight 1 each.
    ///
    /// # Errors
    /// `Argument` for a column that is not there or not numeric; `Corrupt` or `Io` from reading.
    pub fn from_rows<S: ByteSource>(reader: &Reader<S>, features: &[String], target: &str) -> Result<Self> {
        Self::from_rows_imputed(reader, features, target, None)
    }

    /// As [`from_rows`](Self::from_rows), with features that are missing filled in.
    ///
    /// # Errors
    /// As [`from_rows`](Self::from_rows).
    pub fn from_rows_imputed<S: ByteSource>(
        reader: &Reader<S>,
        features: &[String],
        target: &str,
        imputer: Option<&Imputer>,
    ) -> Result<Self> {
        let (mut x, mut y, mut filled) = (Vec::new(), Vec::new(), Vec::new());
        each_row(reader, features, Some(target), &mut |row, target| {
            match imputer {
                Some(imputer) => {
                    filled.clear();
                    filled.extend_from_slice(row);
                    imputer.apply(&mut filled);
                    x.extend_from_slice(&filled);
                }
                None => x.extend_from_slice(row),
            }
            y.push(target);
        })?;
        let names = imputer.map_or_else(|| features.to_vec(), |imputer| imputer.names(features));
        Self::new(names, target.to_owned(), x, y, None)
    }

    /// Condensed samples with the rows of their cells as weights. A feature without a mean in every sample is none.
    ///
    /// # Errors
    /// `Argument` if their target is a class or there is none.
    pub fn from_condensed(condensed: &CondensedSamples) -> Result<Self> {
        Self::from_condensed_imputed(condensed, false)
    }

    /// As [`from_condensed`](Self::from_condensed), with means of cells that are missing filled in by those of the feature
    /// if so wanted.
    ///
    /// # Errors
    /// As [`from_condensed`](Self::from_condensed).
    pub fn from_condensed_imputed(condensed: &CondensedSamples, impute: bool) -> Result<Self> {
        let UsableSamples { features, mut means, target, weights, .. } = UsableSamples::new(condensed);
        let (Some(target), Some(y)) = (target, &condensed.samples.target) else {
            return Err(Error::argument(
                "the condensed samples have no mean of a target: convert with --target COLUMN:value",
            ));
        };
        if impute {
            let imputer = Imputer::from_weighted(features.len(), &means, &weights);
            means.chunks_exact_mut(features.len().max(1)).for_each(|row| imputer.fill(row));
        }
        let rows: f64 = weights.iter().sum();
        let mut data = Self::new(features, target, means, y.clone(), Some(weights))?;
        if data.left_out > 0 {
            let unusable_value = (rows - data.total_weight()).round() as u64;
            data.passed_over = PassedOver { unusable_value, ..PassedOver::default() };
        }
        Ok(data)
    }

    /// Some rows, in the order given; a row may come several times.
    ///
    /// # Errors
    /// `Argument` for a row that is not there.
    pub fn subset(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|&&row| row >= self.rows()) {
            return Err(Error::argument(format!("no row {row}; there are {} rows", self.rows())));
        }
        Ok(Self {
            features: self.features.clone(),
            target: self.target.clone(),
            x: rows.iter().flat_map(|&i| self.row(i)).copied().collect(),
            y: rows.iter().map(|&i| self.y[i]).collect(),
            weights: rows.iter().map(|&i| self.weights[i]).collect(),
            left_out: 0,
            passed_over: PassedOver::default(),
        })
    }

    /// The same rows with some of the features, in the order given.
    ///
    /// # Errors
    /// `Argument` for a feature that is not there.
    pub fn with_features(&self, names: &[&str]) -> Result<Self> {
        let find = |name: &&str| {
            self.features.iter().position(|f| f == name).ok_or_else(|| {
                Error::argument(format!("no feature \"{name}\"; there are {}", self.features.join(", ")))
            })
        };
        let columns: Vec<usize> = names.iter().map(find).collect::<Result<_>>()?;
        Ok(Self {
            features: names.iter().map(|&n| n.to_owned()).collect(),
            x: (0..self.rows()).flat_map(|i| columns.iter().map(move |&j| self.row(i)[j])).collect(),
            ..self.clone()
        })
    }

    /// Means of features and target over groups of rows, weighted by the rows' weights: group
    /// `groups[i]` of `0..m` holds row `i`. A group's weight is the sum of its rows'; empty groups
    /// are left out.
    ///
    /// # Errors
    /// `Argument` if there is not one group a row, each less than `m`.
    pub fn condense(&self, groups: &[u32], m: usize) -> Result<Self> {
        if groups.len() != self.rows() || groups.iter().any(|&g| g as usize >= m) {
            return Err(Error::argument(format!("{} rows need one group below {m} each", self.rows())));
        }
        let d = self.features.len();
        let (mut x, mut y, mut weights) = (vec![0.0; m * d], vec![0.0; m], vec![0.0; m]);
        for (i, group) in groups.iter().map(|&g| g as usize).enumerate() {
            let w = self.weights[i];
            weights[group] += w;
            y[group] += w * self.y[i];
            x[group * d..(group + 1) * d].iter_mut().zip(self.row(i)).for_each(|(sum, v)| *sum += w * v);
        }
        for group in 0..m {
            y[group] /= weights[group];
            x[group * d..(group + 1) * d].iter_mut().for_each(|sum| *sum /= weights[group]);
        }
        let mut data = Self::new(self.features.clone(), self.target.clone(), x, y, Some(weights))?;
        (data.left_out, data.passed_over) = (0, PassedOver::default());
        Ok(data)
    }

    /// Number of rows, n.
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// Names of the features; there are d.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// Name of the target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The features, n x d, row-major.
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// The features of row `i`, which must be less than n.
    pub fn row(&self, i: usize) -> &[f64] {
        let d = self.features.len();
        &self.x[i * d..(i + 1) * d]
    }

    /// The targets, n.
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// The weights, n.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Sum of the weights.
    pub fn total_weight(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// Rows left out when the data was put together, for a missing or non-finite value.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Rows of the file that are not used, by reason: of condensed samples the rows that they stand for.
    pub fn passed_over(&self) -> PassedOver {
        self.passed_over
    }
}

impl Dataset {
    /// Checks that a file has the features and the target, and that all are numbers: before it is read.
    ///
    /// # Errors
    /// `Argument` for a column that is not there or not numeric.
    pub fn check<S: ByteSource>(reader: &Reader<S>, features: &[String], target: &str) -> Result<()> {
        let names: Vec<&str> = features.iter().map(String::as_str).chain([target]).collect();
        let projection = Projection::columns(reader.schema(), &names)?;
        number_columns(reader.schema(), &projection).map(drop)
    }
}

impl Standardiser {
    /// From weighted means and standard deviations of the data.
    pub fn from_dataset(data: &Dataset) -> Self {
        let mut means = RunningMeans::new(data.features().len());
        data.weights().iter().enumerate().for_each(|(i, &weight)| means.add(data.row(i), weight));
        let (mean, total) = (means.finish(), data.total_weight());
        let mut variance = vec![0.0; mean.len()];
        for (i, weight) in data.weights().iter().enumerate() {
            for ((sum, x), mean) in variance.iter_mut().zip(data.row(i)).zip(&mean) {
                *sum += weight * (x - mean).powi(2);
            }
        }
        Self::new(mean, variance.into_iter().map(|sum| (sum / total).sqrt()).collect())
    }
}
