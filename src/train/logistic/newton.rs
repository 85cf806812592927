//! Newton's method for logistic regression: over rows in memory, or over a file as it is decoded.

use std::time::Instant;

use super::class_data::ClassData;
use super::class_rows::ClassRows;
use super::model::LogisticModel;
use super::spread::{Covariance, Spread, softplus};
use crate::error::{Error, Result};
use crate::train::Standardiser;
use crate::train::means::RunningMeans;
use crate::train::semidefinite::solve_semidefinite;

/// How to get to the least loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Newton {
    /// Stop when the norm of the gradient (a row's mean, standardised features, intercepts included) is less.
    pub tolerance: f64,
    /// Stop after so many steps.
    pub max_steps: u64,
    /// Penalty on half the squared standardised weights, added to the mean loss; it keeps weights finite where a plane
    /// parts the classes.
    pub ridge: f64,
}

impl Default for Newton {
    fn default() -> Self {
        Self { tolerance: 1e-8, max_steps: 100, ridge: 1e-9 }
    }
}

/// A trained model and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct LogisticFit {
    /// The model.
    pub model: LogisticModel,
    /// Steps taken.
    pub steps: u64,
    /// The gradient fell below the tolerance.
    pub converged: bool,
    /// Its norm where it was last looked at: for a polished model before the last step.
    pub gradient_norm: f64,
    /// Seconds it took.
    pub seconds: f64,
}

/// Mean loss, its gradient and its second derivatives. Parameters are, class by class but the first (whose logits are
/// 0), the intercept and a weight a feature.
struct Sums {
    loss: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl Newton {
    /// The least loss over rows, each counted as often as it stands for; where there is a `spread`, over rows that
    /// scatter normally about those given (two classes only).
    ///
    /// # Errors
    /// `Argument` if there are no rows, options are no numbers, or a spread comes with more than two classes.
    pub fn fit(&self, data: &ClassData, spread: Option<&Spread>) -> Result<LogisticFit> {
        self.check()?;
        if data.rows() == 0 {
            return Err(Error::argument("no usable rows to train on"));
        }
        if spread.is_some() && data.classes() != 2 {
            return Err(Error::argument("a spread is for two classes"));
        }
        let started = Instant::now();
        let standardiser = standardiser(data)?;
        let spread = spread.map(|spread| spread.standardised(&standardiser));
        let start = vec![0.0; (data.classes() - 1) * (data.dimension() + 1)];
        let sums = |at: &[f64]| self.sums(data, &standardiser, at, spread.as_ref());
        let (at, steps, norm) = self.descend(start, sums)?;
        Ok(LogisticFit {
            model: LogisticModel::from_standardised(data, &at, &standardiser),
            steps,
            converged: norm <= self.tolerance,
            gradient_norm: norm,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// So many exact steps from a model on, each over all rows: with a file's, memory for a batch of rows is enough.
    ///
    /// A step goes where the rows' loss, its slope and its curvature at the model, and beyond these the shape of the
    /// loss of the samples that the model was fitted on, are least together: Newton's step, bent as that loss bends.
    ///
    /// # Errors
    /// `Argument` if the rows or samples have other features or classes; what reading brings.
    pub fn polish(
        &self,
        model: &LogisticModel,
        rows: &dyn ClassRows,
        steps: u64,
        samples: &ClassData,
        spread: Option<&Spread>,
    ) -> Result<LogisticFit> {
        self.check()?;
        let fits = |rows: &dyn ClassRows| {
            rows.dimension() == model.features.len() && rows.classes() == model.labels.len()
        };
        if !fits(rows) || !fits(samples) {
            return Err(Error::argument(
                "the rows to polish on have other features or classes than the model",
            ));
        }
        let started = Instant::now();
        let standardiser = &model.standardiser;
        let spread = spread.map(|spread| spread.standardised(standardiser));
        let like = |at: &[f64]| self.sums(samples, standardiser, at, spread.as_ref());
        let mut at = model.standardised();
        let mut norm = f64::NAN;
        for _ in 0..steps {
            let exact = self.sums(rows, standardiser, &at, None)?;
            norm = length(&exact.gradient);
            let start = like(&at)?;
            let origin = at.clone();
            let bent = |to: &[f64]| -> Result<Sums> { Ok(exact.bent(&start, like(to)?, &origin, to)) };
            at = self.descend(at, bent)?.0;
        }
        Ok(LogisticFit {
            model: model.moved(&at),
            steps,
            converged: norm <= self.tolerance,
            gradient_norm: norm,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Newton's steps, or as much of them as makes a loss less, until its gradient is small; the parameters, the steps
    /// taken and the norm of the gradient.
    fn descend(
        &self,
        mut at: Vec<f64>,
        sums: impl Fn(&[f64]) -> Result<Sums>,
    ) -> Result<(Vec<f64>, u64, f64)> {
        let mut here = sums(&at)?;
        let mut steps = 0;
        while length(&here.gradient) > self.tolerance && steps < self.max_steps {
            let step = here.step();
            let mut share = 1.0;
            let next = loop {
                let to: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at - share * step).collect();
                let there = sums(&to)?;
                if there.loss <= here.loss {
                    break Some((to, there));
                }
                share /= 2.0;
                if share < 1e-10 {
                    break None; // no lower loss within rounding
                }
            };
            let Some((to, there)) = next else { break };
            (at, here, steps) = (to, there, steps + 1);
        }
        let norm = length(&here.gradient);
        Ok((at, steps, norm))
    }

    fn check(&self) -> Result<()> {
        let good = |v: f64| v >= 0.0 && v.is_finite();
        match good(self.tolerance) && good(self.ridge) {
            true => Ok(()),
            false => Err(Error::argument("tolerance and ridge must be finite numbers of at least 0")),
        }
    }

    fn sums(
        &self,
        rows: &dyn ClassRows,
        standardiser: &Standardiser,
        at: &[f64],
        spread: Option<&Spread>,
    ) -> Result<Sums> {
        let d = rows.dimension();
        let (per, p) = (d + 1, at.len());
        let mut sums = Sums { loss: 0.0, gradient: vec![0.0; p], hessian: vec![0.0; p * p] };
        // The spread along the weights: its variance and half that variance's slope; of every sample if it has its own.
        // A single class has no weights at all.
        let slopes = at.split_first().map_or(&[][..], |(_, slopes)| slopes);
        let mut towards = vec![0.0; per];
        let common = match spread.map(|spread| &spread.covariance) {
            Some(Covariance::Common(common)) => common.as_slice(),
            _ => &[],
        };
        towards.iter_mut().skip(1).zip(common.chunks_exact(d)).for_each(|(t, row)| *t = dot(row, slopes));
        let mut sample = 0;
        let exact = spread.and_then(|spread| spread.label.as_ref());
        let (mut z, mut total, mut second, mut positives) = (vec![1.0; per], 0.0, 0.0, 0.0);
        let mut logits = vec![0.0; rows.classes()];
        rows.each(&mut |x, counts| {
            z.iter_mut().skip(1).zip(standardiser.apply(x)).for_each(|(z, x)| *z = x);
            let weight: f64 = counts.iter().sum();
            total += weight;
            let Some(spread) = spread else {
                sums.add(at, &z, counts, &mut logits);
                return;
            };
            if common.is_empty() {
                spread.own_times(sample, slopes, &mut towards[1..]);
            }
            let (logit, variance) = (dot(at, &z), dot(&towards, at).max(0.0));
            let [value, first, slope, bend, fourth, by_variance] =
                softplus(logit, variance).map(|v| weight * v);
            // A spread is of two classes; the second one counts as 1.
            positives += counts[1];
            let positive = if exact.is_some() { 0.0 } else { counts[1] };
            sums.loss += value - positive * logit;
            second += by_variance;
            spread.each_own(sample, d, &mut |i, j, v| {
                let mut add = |i: usize, j: usize| sums.hessian[(i + 1) * p + j + 1] += by_variance * v;
                add(i, j);
                if i != j {
                    add(j, i);
                }
            });
            sample += 1;
            for ((gradient, z), t) in sums.gradient.iter_mut().zip(&z).zip(&towards) {
                *gradient += (first - positive) * z + by_variance * t;
            }
            for ((row, z_i), t_i) in sums.hessian.chunks_exact_mut(p).zip(&z).zip(&towards) {
                let (of_z, of_t) = (slope * z_i + bend * t_i, bend * z_i + fourth * t_i);
                row.iter_mut().zip(&z).zip(&towards).for_each(|((h, z), t)| *h += of_z * z + of_t * t);
            }
        })?;
        if let Some(label) = exact {
            let label = [positives].into_iter().chain(label.iter().map(|l| l * total));
            for ((gradient, label), at) in sums.gradient.iter_mut().zip(label).zip(at) {
                *gradient -= label;
                sums.loss -= label * at;
            }
        }
        for (row, spread) in sums.hessian.chunks_exact_mut(p).skip(1).zip(common.chunks_exact(d)) {
            row.iter_mut().skip(1).zip(spread).for_each(|(h, spread)| *h += second * spread);
        }
        sums.loss /= total;
        sums.gradient.iter_mut().chain(&mut sums.hessian).for_each(|v| *v /= total);
        for (i, &at) in at.iter().enumerate().filter(|(i, _)| i % per > 0) {
            sums.loss += self.ridge * at * at / 2.0;
            sums.gradient[i] += self.ridge * at;
            sums.hessian[i * p + i] += self.ridge;
        }
        Ok(sums)
    }
}

impl Sums {
    /// Adds a row: its values after a 1, and how often it is of each class. `logits` is room for one a class.
    fn add(&mut self, at: &[f64], z: &[f64], counts: &[f64], logits: &mut [f64]) {
        let (per, p, weight) = (z.len(), at.len(), counts.iter().sum::<f64>());
        logits.iter_mut().skip(1).zip(at.chunks_exact(per)).for_each(|(logit, at)| *logit = dot(at, z));
        let most = logits.iter().copied().fold(0.0, f64::max);
        let sum: f64 = logits.iter().map(|logit| (logit - most).exp()).sum();
        self.loss += weight * (most + sum.ln()) - dot(counts, logits);
        let share = |k: usize| (logits[k] - most).exp() / sum;
        for (k, row_blocks) in self.hessian.chunks_exact_mut(per * p).enumerate() {
            let own = share(k + 1);
            let wrong = weight * own - counts[k + 1];
            let gradient = self.gradient.iter_mut().skip(k * per);
            gradient.zip(z).for_each(|(gradient, z)| *gradient += wrong * z);
            for (row, z_i) in row_blocks.chunks_exact_mut(p).zip(z) {
                for (l, block) in row.chunks_exact_mut(per).enumerate() {
                    let by = weight * own * (f64::from(u8::from(k == l)) - share(l + 1)) * z_i;
                    block.iter_mut().zip(z).for_each(|(h, z_j)| *h += by * z_j);
                }
            }
        }
    }

    /// These sums, of a point, and what others have become on the way from there to another, beyond the second order.
    fn bent(&self, start: &Self, there: Self, from: &[f64], to: &[f64]) -> Self {
        let way: Vec<f64> = to.iter().zip(from).map(|(to, from)| to - from).collect();
        let hessian = self.hessian.iter().zip(&start.hessian).map(|(own, other)| own - other);
        let bend: Vec<f64> = hessian.collect();
        let turned: Vec<f64> = bend.chunks_exact(way.len().max(1)).map(|row| dot(row, &way)).collect();
        let slopes = self.gradient.iter().zip(&start.gradient).map(|(own, other)| own - other);
        let slopes: Vec<f64> = slopes.collect();
        Self {
            loss: there.loss + dot(&slopes, &way) + dot(&turned, &way) / 2.0,
            gradient: there.gradient.iter().zip(&slopes).zip(&turned).map(|((g, s), t)| g + s + t).collect(),
            hessian: there.hessian.iter().zip(&bend).map(|(h, bend)| h + bend).collect(),
        }
    }

    /// Newton's step, to be taken away: 0 for parameters that others can stand for.
    fn step(&self) -> Vec<f64> {
        let p = self.gradient.len();
        let diagonal = self.hessian.iter().step_by(p + 1);
        let scale: Vec<f64> = diagonal.map(|h| if *h > 0.0 { h.sqrt() } else { 1.0 }).collect();
        let scaled: Vec<f64> = self
            .hessian
            .chunks_exact(p)
            .zip(&scale)
            .flat_map(|(row, a)| row.iter().zip(&scale).map(move |(h, b)| h / (a * b)))
            .collect();
        let right: Vec<f64> = self.gradient.iter().zip(&scale).map(|(g, s)| g / s).collect();
        let (step, _) = solve_semidefinite(&scaled, &right);
        step.iter().zip(&scale).map(|(step, scale)| step / scale).collect()
    }
}

/// Means and deviations of the features, rows counted as often as they stand for.
fn standardiser(data: &ClassData) -> Result<Standardiser> {
    let mut means = RunningMeans::new(data.dimension());
    data.each(&mut |x, counts| means.add(x, counts.iter().sum()))?;
    let (mean, total) = (means.finish(), data.total());
    let mut variance = vec![0.0; data.dimension()];
    data.each(&mut |x, counts| {
        let weight = counts.iter().sum::<f64>() / total;
        variance.iter_mut().zip(x).zip(&mean).for_each(|((v, x), mean)| *v += weight * (x - mean).powi(2));
    })?;
    Ok(Standardiser::new(mean, variance.into_iter().map(f64::sqrt).collect()))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}
