//! Least squares from second moments, in O(d^3) for any number of rows.

use std::time::Instant;

use super::{Dataset, Fit, LinearModel};
use crate::error::{Error, Result};
use crate::sample::ColumnMoments;
use crate::train::Standardiser;
use crate::train::means::RunningMeans;
use crate::train::semidefinite::solve_semidefinite;

/// Means and centred second moments of d features and the target: all that least squares, ridge and
/// every full-batch gradient step need to know about the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Gram {
    features: Vec<String>,
    target: String,
    mean: Vec<f64>,
    covariance: Vec<f64>,
}

/// Weighted least squares of the rows (equation 11), with an optional ridge; see [`Gram::solve`].
///
/// # Errors
/// `Argument` if there are no rows, or for a ridge that is negative or not finite.
pub fn closed_form(data: &Dataset, ridge: f64) -> Result<Fit> {
    let started = Instant::now();
    let mut fit = Gram::from_dataset(data)?.solve(ridge)?;
    fit.seconds = started.elapsed().as_secs_f64();
    Ok(fit)
}

impl Gram {
    /// From numbers: d + 1 means and a (d + 1) x (d + 1) covariance matrix (divided by the sum of the
    /// weights), the target last in both.
    ///
    /// # Errors
    /// `Argument` if the lengths do not fit together or a number is not finite.
    pub fn new(features: Vec<String>, target: String, mean: Vec<f64>, covariance: Vec<f64>) -> Result<Self> {
        let k = features.len() + 1;
        if mean.len() != k || Some(covariance.len()) != k.checked_mul(k) {
            return Err(Error::argument(format!(
                "{k} columns need {k} means and {k} x {k} covariances; there are {} and {}",
                mean.len(),
                covariance.len()
            )));
        }
        if !mean.iter().chain(&covariance).all(|v| v.is_finite()) {
            return Err(Error::argument(
                "means and covariances are not finite: there are no usable rows, or values too large to square",
            ));
        }
        Ok(Self { features, target, mean, covariance })
    }

    /// From the moments of a file that has a value for a target.
    ///
    /// # Errors
    /// `Argument` if the target is a class or there is none, or if no row was summed.
    pub fn from_moments(moments: &ColumnMoments) -> Result<Self> {
        let ColumnMoments { columns, target: true, moments } = moments else {
            return Err(Error::argument(
                "the moments have no target that is a value: convert with --target COLUMN:value",
            ));
        };
        let (target, features) =
            columns.split_last().ok_or_else(|| Error::argument("moments of no columns"))?;
        let n = moments.count() as f64;
        let mean = (0..moments.columns()).map(|i| moments.mean(i)).collect();
        let covariance = moments.centred().into_iter().map(|sum| sum / n).collect();
        Self::new(features.to_vec(), target.clone(), mean, covariance)
    }

    /// The matrix of weighted rows, in two passes: means first, then products of the differences from them.
    ///
    /// # Errors
    /// `Argument` if there are no rows.
    pub fn from_dataset(data: &Dataset) -> Result<Self> {
        let k = data.features().len() + 1;
        let total = data.total_weight();
        let values = |i: usize| data.row(i).iter().copied().chain([data.y()[i]]);
        let (mut means, mut row) = (RunningMeans::new(k), vec![0.0; k]);
        for (i, weight) in data.weights().iter().enumerate() {
            row.iter_mut().zip(values(i)).for_each(|(to, v)| *to = v);
            means.add(&row, *weight);
        }
        let mean = means.finish();

        let mut covariance = vec![0.0; k * k];
        let mut centred = vec![0.0; k];
        for (i, weight) in data.weights().iter().enumerate() {
            centred.iter_mut().zip(values(i)).zip(&mean).for_each(|((c, v), mean)| *c = v - mean);
            for (row, a) in covariance.chunks_exact_mut(k).zip(&centred) {
                row.iter_mut().zip(&centred).for_each(|(sum, b)| *sum += weight * a * b);
            }
        }
        covariance.iter_mut().for_each(|sum| *sum /= total);
        Self::new(data.features().to_vec(), data.target().to_owned(), mean, covariance)
    }

    /// Number of features, d.
    pub fn dimension(&self) -> usize {
        self.features.len()
    }

    /// Names of the features.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// Name of the target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Mean of column `i`; the target is column d.
    pub(super) fn mean(&self, i: usize) -> f64 {
        self.mean[i]
    }

    /// Covariance of columns `i` and `j`; the target is column d.
    pub(super) fn covariance(&self, i: usize, j: usize) -> f64 {
        self.covariance[i * self.mean.len() + j]
    }

    /// Means and standard deviations of the features.
    pub fn standardiser(&self) -> Standardiser {
        let d = self.dimension();
        let deviation = (0..d).map(|j| self.covariance(j, j).max(0.0).sqrt()).collect();
        Standardiser::new(self.mean[..d].to_vec(), deviation)
    }

    /// Least squares in standardised features: the minimum of the mean squared error plus `ridge`
    /// times the squared norm of the standardised weights (the intercept is free).
    ///
    /// A Cholesky decomposition with pivoting; where features are linear combinations of others (a
    /// constant, a copy, fewer samples than features) the later-chosen ones get weight 0 and are
    /// named in [`Fit::dependent`]: still a least-squares optimum, though one of many.
    ///
    /// # Errors
    /// `Argument` for a ridge that is negative or not finite.
    pub fn solve(&self, ridge: f64) -> Result<Fit> {
        if !(ridge >= 0.0 && ridge.is_finite()) {
            return Err(Error::argument(format!("a ridge of {ridge} is not a finite number of at least 0")));
        }
        let started = Instant::now();
        let d = self.dimension();
        let standardiser = self.standardiser();
        let scale = standardiser.scale();
        let mut matrix = vec![0.0; d * d];
        for i in 0..d {
            for j in 0..d {
                matrix[i * d + j] = self.covariance(i, j) / (scale[i] * scale[j]);
            }
            matrix[i * d + i] += ridge;
        }
        let right: Vec<f64> = (0..d).map(|j| self.covariance(j, d) / scale[j]).collect();
        let (slopes, dependent) = solve_semidefinite(&matrix, &right);

        let residual = |i: usize| (0..d).map(|j| matrix[i * d + j] * slopes[j]).sum::<f64>() - right[i];
        let gradient_norm = (0..d).map(|i| residual(i).powi(2)).sum::<f64>().sqrt();
        let parameters: Vec<f64> = [self.mean(d)].into_iter().chain(slopes.iter().copied()).collect();
        Ok(Fit {
            model: LinearModel::from_standardised(&self.features, &self.target, &parameters, &standardiser),
            steps: 0,
            seconds: started.elapsed().as_secs_f64(),
            converged: true,
            gradient_norm,
            dependent: dependent.into_iter().map(|j| self.features[j].clone()).collect(),
            history: Vec::new(),
        })
    }

    /// Mean squared error of a model over the rows, without the rows.
    ///
    /// # Errors
    /// `Argument` if the model has other features.
    pub fn mse(&self, model: &LinearModel) -> Result<f64> {
        if model.features != self.features || model.weights.len() != self.dimension() {
            return Err(Error::argument(format!(
                "the model needs the features {}; the moments have {}",
                model.features.join(", "),
                self.features.join(", ")
            )));
        }
        let d = self.dimension();
        let bias = model.predict(&self.mean[..d]) - self.mean(d);
        let direction: Vec<f64> = model.weights.iter().copied().chain([-1.0]).collect();
        let spread: f64 = self
            .covariance
            .chunks_exact(d + 1)
            .zip(&direction)
            .map(|(row, a)| a * row.iter().zip(&direction).map(|(c, b)| c * b).sum::<f64>())
            .sum();
        // A sum of squares, but for rounding.
        Ok((bias * bias + spread).max(0.0))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_wrong_shape() {
        assert!(Gram::new(vec!["a".into()], "y".into(), vec![0.0; 2], vec![0.0; 3]).is_err());
        assert!(Gram::new(vec!["a".into()], "y".into(), vec![0.0, f64::NAN], vec![0.0; 4]).is_err());
    }
}
