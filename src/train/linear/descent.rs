//! Gradient descent for linear regression: over rows on Candle tensors, or over second moments.

use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::gradient::{gradient, residual};
use super::{Dataset, DescentProgress, Fit, Gram, LinearModel};
use crate::error::{Error, Result};
use crate::train::Standardiser;
use crate::train::candle_error::candle;
use crate::train::split::{generator, shuffle};

/// How to descend. The default is the paper's: full batch at a learning rate of 0.001, until the norm
/// of the gradient is 1e-4.
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    /// Step length, alpha in equations 3 and 5.
    pub learning_rate: f64,
    /// Stop when the norm of the gradient (in standardised features, intercept included) is less.
    pub tolerance: f64,
    /// Stop after so many steps.
    pub max_steps: u64,
    /// Rows a step; none for all of them. Mini-batches walk through all rows in a random order, then
    /// through all rows in another.
    pub batch_rows: Option<usize>,
    /// Seed of the mini-batches' order.
    pub seed: u64,
    /// Steps between two looks at the loss and the gradient: the tolerance is tested and a
    /// [`DescentProgress`] kept then.
    pub check_every: u64,
}

impl Default for Descent {
    fn default() -> Self {
        Self {
            learning_rate: 0.001,
            tolerance: 1e-4,
            max_steps: 1_000_000,
            batch_rows: None,
            seed: 0,
            check_every: 100,
        }
    }
}

/// Minimises the weighted loss of equation 4 by equation 5, in float64 on a device, from zero. With
/// weights 1 that is the full data's loss and step (equations 2 and 3).
///
/// # Errors
/// `Argument` for options out of range, data without rows, or a descent that diverges.
pub fn gradient_descent(
    data: &Dataset,
    standardiser: &Standardiser,
    options: &Descent,
    device: &Device,
) -> Result<Fit> {
    if data.rows() == 0 {
        return Err(Error::argument("no usable rows to train on"));
    }
    let table = table(data, standardiser, device).map_err(candle)?;
    let batch_rows = options.batch_rows.unwrap_or(data.rows());
    let mut batches = Batches::new(table.clone(), data.rows(), batch_rows, options.seed);
    let start = Tensor::zeros((1, data.features().len() + 1), DType::F64, device).map_err(candle)?;
    let look = |parameters: &Tensor| {
        let (residual, gradient) = (residual(&table, parameters)?, gradient(&table, parameters)?);
        Ok((half_square(&residual)?, half_square(&gradient)?, parameters.flatten_all()?.to_vec1()?))
    };
    let mut step = |parameters: Tensor| {
        let step = (batches.next_gradient(&parameters)? * -options.learning_rate)?;
        parameters + step
    };
    let labels = (data.features(), data.target());
    descend(options, labels, standardiser, start, |p| look(p).map_err(candle), |p| step(p).map_err(candle))
}

impl Gram {
    /// Full-batch gradient descent in O(d^2) a step: the same steps as [`gradient_descent`] over the
    /// rows takes, up to rounding, without the rows.
    ///
    /// # Errors
    /// `Argument` for options out of range, mini-batches among them, or a descent that diverges.
    pub fn descend(&self, standardiser: &Standardiser, options: &Descent) -> Result<Fit> {
        if options.batch_rows.is_some() {
            return Err(Error::argument("moments know no mini-batches; leave the batch size out"));
        }
        let (matrix, right, target_square) = self.normal_equations(standardiser);
        let k = right.len();
        let gradient = |parameters: &[f64]| -> Vec<f64> {
            let dot = |row: &[f64]| row.iter().zip(parameters).map(|(a, b)| a * b).sum::<f64>();
            matrix.chunks_exact(k).zip(&right).map(|(row, r)| dot(row) - r).collect()
        };
        let look = |parameters: &Vec<f64>| {
            let gradient = gradient(parameters);
            // theta' A theta - 2 theta' b + y'y, with A theta - b the gradient.
            let twice: f64 =
                parameters.iter().zip(gradient.iter().zip(&right)).map(|(p, (g, r))| p * (g - r)).sum();
            let square: f64 = gradient.iter().map(|g| g * g).sum();
            Ok(((twice + target_square) / 2.0, square / 2.0, parameters.clone()))
        };
        let step = |mut parameters: Vec<f64>| {
            let gradient = gradient(&parameters);
            parameters.iter_mut().zip(&gradient).for_each(|(p, g)| *p -= options.learning_rate * g);
            Ok(parameters)
        };
        descend(options, (self.features(), self.target()), standardiser, vec![0.0; k], look, step)
    }

    /// The (d + 1) x (d + 1) matrix A, the vector b and the mean square of the target with which the
    /// loss of parameters for standardised features is `(theta' A theta - 2 theta' b + y'y) / 2`.
    fn normal_equations(&self, standardiser: &Standardiser) -> (Vec<f64>, Vec<f64>, f64) {
        let d = self.dimension();
        let shift = |j: usize| match j.checked_sub(1) {
            None => 1.0,
            Some(j) if j == d => self.mean(d),
            Some(j) => (self.mean(j) - standardiser.mean()[j]) / standardiser.scale()[j],
        };
        let scale = |j: usize| if j == d { 1.0 } else { standardiser.scale()[j] };
        let entry = |i: usize, j: usize| {
            let spread = match (i.checked_sub(1), j.checked_sub(1)) {
                (Some(i), Some(j)) => self.covariance(i, j) / (scale(i) * scale(j)),
                _ => 0.0,
            };
            spread + shift(i) * shift(j)
        };
        let matrix = (0..=d).flat_map(|i| (0..=d).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect();
        (matrix, (0..=d).map(|i| entry(i, d + 1)).collect(), entry(d + 1, d + 1))
    }
}

/// The loop both descents share. `look` gives the loss, half the squared norm of the gradient, and the
/// parameters; `step` takes one step.
fn descend<P>(
    options: &Descent,
    (features, target): (&[String], &str),
    standardiser: &Standardiser,
    mut parameters: P,
    look: impl Fn(&P) -> Result<(f64, f64, Vec<f64>)>,
    mut step: impl FnMut(P) -> Result<P>,
) -> Result<Fit> {
    options.check()?;
    let (mut steps, mut seconds, mut history) = (0, 0.0, Vec::new());
    loop {
        let (loss, half_square, values) = look(&parameters)?;
        let gradient_norm = (2.0 * half_square).sqrt();
        if !(loss.is_finite() && gradient_norm.is_finite()) {
            let rate = options.learning_rate;
            return Err(Error::argument(format!(
                "gradient descent diverged by step {steps}: lower the learning rate of {rate}"
            )));
        }
        let converged = gradient_norm < options.tolerance;
        if converged || steps == options.max_steps {
            let model = LinearModel::from_standardised(features, target, &values, standardiser);
            history.push(DescentProgress { step: steps, seconds, loss, gradient_norm, parameters: values });
            return Ok(Fit {
                model,
                steps,
                seconds,
                converged,
                gradient_norm,
                dependent: Vec::new(),
                history,
            });
        }
        history.push(DescentProgress { step: steps, seconds, loss, gradient_norm, parameters: values });
        let started = Instant::now();
        let until = options.max_steps.min(steps.saturating_add(options.check_every));
        while steps < until {
            parameters = step(parameters)?;
            steps += 1;
        }
        seconds += started.elapsed().as_secs_f64();
    }
}

impl Descent {
    fn check(&self) -> Result<()> {
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(Error::argument(format!(
                "a learning rate of {} is not a positive number",
                self.learning_rate
            )));
        }
        if self.check_every == 0 || self.batch_rows == Some(0) {
            return Err(Error::argument("steps between checks and rows a step are at least 1"));
        }
        Ok(())
    }
}

/// Standardised features with a 1 before and the target after them, a column of the data a row of the
/// tensor, (d + 2) x n; all times the root of the row's share of the weight, so that sums of products
/// are weighted means.
fn table(data: &Dataset, standardiser: &Standardiser, device: &Device) -> candle_core::Result<Tensor> {
    let (n, k) = (data.rows(), data.features().len() + 1);
    let total = data.total_weight();
    let mut values = vec![0.0; (k + 1) * n];
    for i in 0..n {
        let root = (data.weights()[i] / total).sqrt();
        let row = [1.0].into_iter().chain(standardiser.apply(data.row(i))).chain([data.y()[i]]);
        row.enumerate().for_each(|(j, value)| values[j * n + i] = value * root);
    }
    Tensor::from_vec(values, (k + 1, n), device)
}

/// Rows some at a time: all of them, or slices of a fresh order in each epoch.
struct Batches {
    table: Tensor,
    batch_rows: usize,
    epoch: Tensor,
    order: Vec<u32>,
    next: usize,
    random: ChaCha8Rng,
}

impl Batches {
    fn new(table: Tensor, n: usize, batch_rows: usize, seed: u64) -> Self {
        let order = (0..n as u32).collect();
        Self { epoch: table.clone(), table, batch_rows, order, next: n, random: generator(seed) }
    }

    /// The next slice's gradient, as an estimate of the gradient of all rows.
    fn next_gradient(&mut self, parameters: &Tensor) -> candle_core::Result<Tensor> {
        let n = self.order.len();
        if self.batch_rows >= n {
            return gradient(&self.table, parameters);
        }
        if self.next >= n {
            shuffle(&mut self.order, &mut self.random);
            let order = Tensor::from_slice(&self.order, n, self.table.device())?;
            self.epoch = self.table.index_select(&order, 1)?;
            self.next = 0;
        }
        let count = self.batch_rows.min(n - self.next);
        let slice = self.epoch.narrow(1, self.next, count)?;
        self.next += count;
        gradient(&slice, parameters)? * (n as f64 / count as f64)
    }
}

fn half_square(values: &Tensor) -> candle_core::Result<f64> {
    Ok(values.sqr()?.sum_all()?.to_scalar::<f64>()? / 2.0)
}
