//! K-means (Lloyd's algorithm from k-means++ seeds), the usual way to condense rows without a target
//! model: the control for cells.

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::Dataset;
use crate::error::{Error, Result};
use crate::sample::random::unit;
use crate::train::Standardiser;
use crate::train::split::generator;

/// A clustering of the rows of a data set by its standardised features.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    /// The cluster of each row, less than `clusters`.
    pub assignment: Vec<u32>,
    /// Clusters asked for; some may be empty.
    pub clusters: usize,
    /// Weighted mean of the squared distances to the nearest centre, after each round; it never grows.
    pub objective: Vec<f64>,
}

impl KMeans {
    /// Clusters the rows: the first centre and the others are drawn with the seed (k-means++), then at
    /// most `max_rounds` rounds, until no row changes its cluster. The result does not depend on the
    /// number of threads.
    ///
    /// # Errors
    /// `Argument` if there are no rows, clusters or rounds.
    pub fn new(data: &Dataset, clusters: usize, seed: u64, max_rounds: usize) -> Result<Self> {
        if data.rows() == 0 || clusters == 0 || clusters > u32::MAX as usize || max_rounds == 0 {
            return Err(Error::argument("k-means needs at least one row, one cluster and one round"));
        }
        let standardiser = Standardiser::from_dataset(data);
        let rows: Vec<Vec<f64>> =
            (0..data.rows()).map(|i| standardiser.apply(data.row(i)).collect()).collect();
        let mut centres = seeds(&rows, data.weights(), clusters, &mut generator(seed));
        let mut assignment = Vec::new();
        let mut objective = Vec::new();
        for _ in 0..max_rounds {
            let nearest: Vec<(u32, f64)> = rows.par_iter().map(|row| nearest(row, &centres)).collect();
            let sum: f64 = nearest.iter().zip(data.weights()).map(|((_, square), w)| square * w).sum();
            objective.push(sum / data.total_weight());
            let before = std::mem::replace(&mut assignment, nearest.iter().map(|(c, _)| *c).collect());
            if before == assignment {
                break;
            }
            move_centres(&mut centres, &rows, data.weights(), &assignment);
        }
        Ok(Self { assignment, clusters, objective })
    }
}

/// k-means++: each further centre is a row drawn by its weighted squared distance to the nearest
/// centre so far.
fn seeds(rows: &[Vec<f64>], weights: &[f64], clusters: usize, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let first = draw(weights, random);
    let mut centres = vec![rows[first].clone()];
    let mut nearest: Vec<f64> = rows.iter().map(|row| square_distance(row, &rows[first])).collect();
    while centres.len() < clusters.min(rows.len()) {
        let chances: Vec<f64> = nearest.iter().zip(weights).map(|(square, w)| square * w).collect();
        let chosen = draw(&chances, random);
        nearest.par_iter_mut().zip(rows).for_each(|(square, row)| {
            *square = square.min(square_distance(row, &rows[chosen]));
        });
        centres.push(rows[chosen].clone());
    }
    centres
}

/// An index drawn with the given chances (not all of them need be positive).
fn draw(chances: &[f64], random: &mut ChaCha8Rng) -> usize {
    let mut left = unit(random) * chances.iter().sum::<f64>();
    let passed = chances.iter().position(|chance| {
        left -= chance;
        left < 0.0
    });
    passed.unwrap_or(chances.len() - 1)
}

fn nearest(row: &[f64], centres: &[Vec<f64>]) -> (u32, f64) {
    let distances = centres.iter().zip(0u32..).map(|(centre, c)| (c, square_distance(row, centre)));
    distances.fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best })
}

fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Moves each centre to the weighted mean of its rows; one without rows stays.
fn move_centres(centres: &mut [Vec<f64>], rows: &[Vec<f64>], weights: &[f64], assignment: &[u32]) {
    let mut sums: Vec<(Vec<f64>, f64)> = centres.iter().map(|c| (vec![0.0; c.len()], 0.0)).collect();
    for ((row, w), &cluster) in rows.iter().zip(weights).zip(assignment) {
        let (sum, total) = &mut sums[cluster as usize];
        sum.iter_mut().zip(row).for_each(|(s, v)| *s += w * v);
        *total += w;
    }
    for (centre, (sum, total)) in centres.iter_mut().zip(sums) {
        if total > 0.0 {
            *centre = sum.into_iter().map(|s| s / total).collect();
        }
    }
}
