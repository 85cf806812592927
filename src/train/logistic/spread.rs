//! Covariances of rows about the means of their cells, and functions averaged over them.

use super::class_data::ClassData;
use super::class_rows::ClassRows;
use crate::error::{Error, Result};
use crate::sample::{ColumnMoments, CondensedSamples};
use crate::train::Standardiser;

/// Positive nodes and weights of Gauss and Hermite's rule of 20 nodes (Abramowitz and Stegun, table 25.10), for the
/// weight exp(-t^2).
const NODES: [(f64, f64); 10] = [
    (0.245_340_708_300_9, 4.622_436_696_006e-1),
    (0.737_473_728_545_4, 2.866_755_053_628e-1),
    (1.234_076_215_395_3, 1.090_172_060_200e-1),
    (1.738_537_712_116_6, 2.481_052_088_746e-2),
    (2.254_974_002_089_3, 3.243_773_342_238e-3),
    (2.788_806_058_428_1, 2.283_386_360_163e-4),
    (3.347_854_567_383_2, 7.802_556_478_532e-6),
    (3.944_764_040_115_6, 1.086_069_370_769e-7),
    (4.603_682_449_550_7, 4.399_340_992_273e-10),
    (5.387_480_890_011_2, 2.229_393_645_534e-13),
];

/// How rows scatter about the means of their cells, in the units of the features.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    pub(super) covariance: Covariance,
    /// For each feature the covariance over all rows with being of the second class, where that is known.
    pub(super) label: Option<Vec<f64>>,
}

/// Covariances of the features.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Covariance {
    /// The same in all cells: that of all rows less that of the means. d x d.
    Common(Vec<f64>),
    /// Each cell's own: upper triangles, row by row, sample by sample.
    Own(Vec<f64>),
}

impl Spread {
    /// One covariance for all cells, from the moments of all rows and the condensed samples; `None` if the moments lack a feature.
    ///
    /// # Errors
    /// Those of reading the samples.
    pub fn new(condensed: &ClassData, moments: &ColumnMoments) -> Result<Option<Self>> {
        let place = |name: &String| moments.columns.iter().position(|column| column == name);
        let Some(places) = condensed.features().iter().map(place).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let (k, n) = (moments.moments.columns(), moments.moments.count() as f64);
        let all = moments.moments.centred();
        let d = places.len();
        let mut covariance: Vec<f64> =
            places.iter().flat_map(|i| places.iter().map(move |j| i * k + j)).map(|at| all[at] / n).collect();
        let total = condensed.total();
        if n != total {
            return Ok(None);
        }
        let label = label(condensed, moments, &places, &all);
        let mut mean = vec![0.0; d];
        condensed.each(&mut |x, counts| {
            let weight = counts.iter().sum::<f64>() / total;
            mean.iter_mut().zip(x).for_each(|(mean, x)| *mean += weight * x);
        })?;
        condensed.each(&mut |x, counts| {
            let weight = counts.iter().sum::<f64>() / total;
            for ((row, x_i), mean_i) in covariance.chunks_exact_mut(d).zip(x).zip(&mean) {
                for ((entry, x_j), mean_j) in row.iter_mut().zip(x).zip(&mean) {
                    *entry -= weight * (x_i - mean_i) * (x_j - mean_j);
                }
            }
        })?;
        Ok(Some(Self { covariance: Covariance::Common(covariance), label }))
    }

    /// Each cell's own, as a file stores them ([`Reader::cell_covariances`](crate::Reader::cell_covariances)), and the
    /// moments of all rows if there are any. `condensed` is of all the samples.
    ///
    /// # Errors
    /// `Argument` if there are not as many covariances as samples.
    pub fn from_cells(
        condensed: &ClassData,
        samples: &CondensedSamples,
        covariances: &[f32],
        moments: Option<&ColumnMoments>,
    ) -> Result<Self> {
        let (d, classes) = (samples.samples.features, samples.samples.classes.max(1));
        let triangle = d * (d + 1) / 2;
        if d != condensed.dimension() {
            return Err(Error::argument("a spread needs a mean of every feature"));
        }
        if triangle == 0 || covariances.len() != samples.samples.len() * triangle {
            return Err(Error::argument("there are not as many covariances as condensed samples"));
        }
        // Samples that were left out of the data have none either.
        let usable = |(means, weights): (&[f64], &[u64])| {
            let mut classes =
                weights.iter().enumerate().filter(|(class, _)| Some(*class) != samples.null_class);
            means.iter().all(|v| v.is_finite()) && classes.any(|(_, &w)| w > 0)
        };
        let rows = samples.samples.means.chunks_exact(d).zip(samples.samples.weights.chunks_exact(classes));
        let kept = rows.zip(covariances.chunks_exact(triangle)).filter(|(row, _)| usable(*row));
        let own = kept.flat_map(|(_, own)| own.iter().map(|&v| f64::from(v))).collect();
        let label = moments.filter(|moments| moments.moments.count() as f64 == condensed.total()).and_then(
            |moments| {
                let place = |name: &String| moments.columns.iter().position(|column| column == name);
                let places = condensed.features().iter().map(place).collect::<Option<Vec<_>>>()?;
                label(condensed, moments, &places, &moments.moments.centred())
            },
        );
        Ok(Self { covariance: Covariance::Own(own), label })
    }

    /// A sample's own covariance times a vector of d numbers, into one of d.
    pub(super) fn own_times(&self, sample: usize, with: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        self.each_own(sample, with.len(), &mut |i, j, v| {
            out[i] += v * with[j];
            if i != j {
                out[j] += v * with[i];
            }
        });
    }

    /// Calls with the places and the numbers of a sample's own triangle.
    pub(super) fn each_own(&self, sample: usize, d: usize, each: &mut dyn FnMut(usize, usize, f64)) {
        let Covariance::Own(all) = &self.covariance else { return };
        let own = all.iter().skip(sample * (d * (d + 1) / 2));
        let places = (0..d).flat_map(|i| (i..d).map(move |j| (i, j)));
        places.zip(own).for_each(|((i, j), v)| each(i, j, *v));
    }

    /// In standardised features.
    pub(super) fn standardised(&self, standardiser: &Standardiser) -> Self {
        let scale = standardiser.scale();
        let all = || scale.iter().flat_map(|a| scale.iter().map(move |b| a * b));
        let upper = || scale.iter().enumerate().flat_map(|(i, a)| scale.iter().skip(i).map(move |b| a * b));
        Self {
            covariance: match &self.covariance {
                Covariance::Common(common) => {
                    Covariance::Common(common.iter().zip(all()).map(|(v, by)| v / by).collect())
                }
                Covariance::Own(own) => {
                    let triangle = (scale.len() * (scale.len() + 1) / 2).max(1);
                    let samples = own.chunks_exact(triangle);
                    Covariance::Own(
                        samples.flat_map(|own| own.iter().zip(upper()).map(|(v, by)| v / by)).collect(),
                    )
                }
            },
            label: self.label.as_ref().map(|label| label.iter().zip(scale).map(|(l, a)| l / a).collect()),
        }
    }
}

/// Covariances of features with being of the second of two classes; none if classes are no numbers.
fn label(
    condensed: &ClassData,
    moments: &ColumnMoments,
    places: &[usize],
    centred: &[f64],
) -> Option<Vec<f64>> {
    let target = moments.target.then(|| moments.columns.len() - 1)?;
    let [first, second] = condensed.labels() else { return None };
    let step = second.parse::<f64>().ok()? - first.parse::<f64>().ok()?;
    let (k, n) = (moments.columns.len(), moments.moments.count() as f64);
    Some(places.iter().map(|i| centred[i * k + target] / (n * step)).collect())
}

/// Softplus of `z` averaged over normal noise of variance `s`, and the first four derivatives of the average by `z`; then
/// twice that by `s`. In the integral each two derivatives by `z` are twice one by `s`; of the sum over a few nodes that
/// stands for it the second, third and fourth here are d2/dz2, 2 d2/dz ds and 4 d2/ds2, so that a descent is given the
/// slope and the curvature of just the value that it is given.
pub(super) fn softplus(z: f64, s: f64) -> [f64; 6] {
    if s <= 0.0 {
        let [value, first, second, third, fourth] = at(z);
        return [value, first, second, third, fourth, second];
    }
    let (width, mut sums) = ((2.0 * s).sqrt(), [0.0; 6]);
    for (node, weight) in NODES {
        for side in [-node, node] {
            let [value, first, second, ..] = at(z + width * side);
            let by = 2.0 * side / width;
            let all = [value, first, second, second * by, second * by * by - first * by / s, first * by];
            sums.iter_mut().zip(all).for_each(|(sum, v)| *sum += weight * v);
        }
    }
    sums.map(|sum| sum / std::f64::consts::PI.sqrt())
}

fn at(z: f64) -> [f64; 5] {
    let p = 1.0 / (1.0 + (-z).exp());
    let slope = p * (1.0 - p);
    let bend = slope * (1.0 - 2.0 * p);
    [z.max(0.0) + (-z.abs()).exp().ln_1p(), p, slope, bend, bend * (1.0 - 2.0 * p) - 2.0 * slope * slope]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_has_the_moments_of_a_normal_distribution() {
        for (power, moment) in [(0, 1.0), (2, 1.0), (4, 3.0), (6, 15.0), (8, 105.0)] {
            let sum: f64 = NODES.iter().map(|(x, w)| 2.0 * w * (x * 2f64.sqrt()).powi(power)).sum();
            assert!((sum / std::f64::consts::PI.sqrt() - moment).abs() < 1e-9 * moment, "{power}");
        }
    }

    #[test]
    fn derivatives_are_those_of_the_values() {
        for (z, s) in [(0.3, 0.0), (-2.0, 1.5), (4.0, 0.2), (0.0, 6.0), (1.0, 900.0)] {
            let step = 1e-5;
            let slope = |k: usize, f: &dyn Fn(f64) -> [f64; 6]| (f(step)[k] - f(-step)[k]) / (2.0 * step);
            let (by_z, by_s) = (|by| softplus(z + by, s), |by| softplus(z, s + by));
            let here = softplus(z, s);
            let mut pairs = vec![(1, slope(0, &by_z)), (2, slope(1, &by_z))];
            match s > 0.0 {
                true => pairs.extend([
                    (3, 2.0 * slope(1, &by_s)),
                    (4, 2.0 * slope(5, &by_s)),
                    (5, 2.0 * slope(0, &by_s)),
                ]),
                false => pairs.extend([(3, slope(2, &by_z)), (4, slope(3, &by_z)), (5, slope(1, &by_z))]),
            }
            for (k, slope) in pairs {
                assert!((slope - here[k]).abs() < 1e-6, "{k} at {z}, {s}: {slope}, {}", here[k]);
            }
        }
    }

    /// Where noise is small a few nodes stand for the integral: each two derivatives by z are twice one by s.
    #[test]
    fn little_noise_is_integrated() {
        let (s, step) = (0.3, 1e-4);
        for z in [-2.0, 0.0, 1.5] {
            let [below, here, above] = [-step, 0.0, step].map(|by| softplus(z + by, s));
            for k in [3, 4] {
                let slope = (above[k - 1] - below[k - 1]) / (2.0 * step);
                assert!((slope - here[k]).abs() < 1e-6, "{k} at {z}: {slope} {}", here[k]);
            }
            assert!((here[5] - here[2]).abs() < 1e-8);
        }
    }
}
