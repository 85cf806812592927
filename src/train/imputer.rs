//! Features that are missing in a row, filled in.

use super::file_numbers::each_row;
use super::means::RunningMeans;
use super::usable_samples::UsableSamples;
use crate::error::Result;
use crate::read::ByteSource;
use crate::read::reader::Reader;
use crate::sample::CondensedSamples;

/// The replacement of a feature that is missing in a row: null, or a number that is not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impute {
    /// The mean of the feature.
    Mean,
    /// The mean, and another feature that is 1 where the value is missing, else 0.
    Flag,
}

/// The means of features, and which features get another that says where they are missing. Made from the rows trained
/// on, and applied in the same way to those tested on.
#[derive(Clone, Debug, PartialEq)]
pub struct Imputer {
    /// NaN for a feature without a finite value.
    means: Vec<f64>,
    /// Indices of the features that get another.
    flagged: Vec<usize>,
}

/// The features that rows of a file are trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct RowFeatures {
    /// Their names in the file: without those that are missing in every row.
    pub features: Vec<String>,
    /// Fills in missing values.
    pub imputer: Option<Imputer>,
}

impl RowFeatures {
    /// Looks at the rows of a file where its moments do not say that there are usable ones, or features are imputed.
    ///
    /// # Errors
    /// As [`Imputer::from_rows`].
    pub fn new<S: ByteSource>(
        reader: &Reader<S>,
        features: Vec<String>,
        impute: Option<Impute>,
    ) -> Result<Self> {
        let usable = reader.moments()?.is_some_and(|moments| moments.moments.count() > 0);
        if reader.rows() == 0 || usable && impute.is_none() {
            return Ok(Self { features, imputer: None });
        }
        let all = Imputer::from_rows(reader, &features, impute.unwrap_or(Impute::Mean))?;
        let usable: Vec<usize> = (0..features.len()).filter(|&i| all.means[i].is_finite()).collect();
        let flagged = |(at, i): (usize, &usize)| all.flagged.contains(i).then_some(at);
        let imputer = impute.map(|_| Imputer {
            means: usable.iter().map(|&i| all.means[i]).collect(),
            flagged: usable.iter().enumerate().filter_map(flagged).collect(),
        });
        let features = usable.iter().map(|&i| features[i].clone()).collect();
        Ok(Self { features, imputer })
    }
}

impl Imputer {
    /// From the rows of a file.
    ///
    /// # Errors
    /// `Argument` for a column that is not there or not numeric; `Corrupt` or `Io` from reading.
    pub fn from_rows<S: ByteSource>(reader: &Reader<S>, features: &[String], impute: Impute) -> Result<Self> {
        let mut means = RunningMeans::new(features.len());
        let mut missing = vec![false; features.len()];
        each_row(reader, features, None, &mut |row, _| {
            means.add(row, 1.0);
            missing.iter_mut().zip(row).for_each(|(missing, x)| *missing |= !x.is_finite());
        })?;
        let flagged = (0..features.len()).filter(|&i| impute == Impute::Flag && missing[i]).collect();
        Ok(Self { means: means.finish(), flagged })
    }

    /// From condensed samples, for [`Impute::Mean`]: of the features that have a mean in some of them.
    pub fn from_samples(condensed: &CondensedSamples) -> Self {
        let UsableSamples { features, means, labels, weights, .. } = UsableSamples::new(condensed);
        let rows = weights.chunks_exact(labels.len().max(1)).map(|counts| counts.iter().sum());
        Self::from_weighted(features.len(), &means, &rows.collect::<Vec<f64>>())
    }

    /// From weighted rows, row-major.
    pub(super) fn from_weighted(features: usize, rows: &[f64], weights: &[f64]) -> Self {
        let mut means = RunningMeans::new(features);
        for (row, weight) in rows.chunks_exact(features.max(1)).zip(weights) {
            means.add(row, *weight);
        }
        Self { means: means.finish(), flagged: Vec::new() }
    }

    /// Number of features besides the given ones.
    pub fn flags(&self) -> usize {
        self.flagged.len()
    }

    /// Names of the features, then of those that say where one is missing.
    pub fn names(&self, features: &[String]) -> Vec<String> {
        let flags = self.flagged.iter().map(|&i| format!("{} is missing", features[i]));
        features.iter().cloned().chain(flags).collect()
    }

    /// Fills in what is missing in a row of the features.
    pub(super) fn fill(&self, row: &mut [f64]) {
        for (x, mean) in row.iter_mut().zip(&self.means).filter(|(x, _)| !x.is_finite()) {
            *x = *mean;
        }
    }

    /// Appends the features that say what is missing, and fills it in.
    pub(super) fn apply(&self, row: &mut Vec<f64>) {
        let d = row.len();
        row.extend(self.flagged.iter().map(|_| 0.0));
        for (at, &i) in self.flagged.iter().enumerate() {
            row[d + at] = f64::from(u8::from(!row[i].is_finite()));
        }
        self.fill(row);
    }
}
