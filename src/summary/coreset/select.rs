//! An exact coreset for least squares: few rows, with weights, that have the second moments of all.

use crate::error::{Error, Result};

/// Most features: the numbers of the second moments, squared, are kept.
const MAX_FEATURES: usize = 64;

/// Shares of a row's products that count as rounding.
const ROUNDING: f64 = 1e-9;

/// Rows taken in one after the other, of which no more are kept than second moments have numbers.
///
/// For z = (1, features, target) these are the D = (d + 2)(d + 3)/2 products of z with itself, summed. D kept rows
/// are a basis: the next row is a combination of them. Its weight is moved over to them along the combination, which
/// leaves all sums as they are, until it is gone or one of theirs is; that one makes way for the row (Caratheodory's
/// theorem, in the steps of the simplex method). O(D^2) a row.
pub struct Coreset {
    /// Means and deviations, so that products are of like size: any, as long as they are the same for all rows.
    centre: Vec<(f64, f64)>,
    /// D of them.
    slots: Vec<Slot>,
    /// Inverse of the matrix whose columns are the slots' products; D x D.
    inverse: Vec<f64>,
    /// Sums of the products of all rows so far.
    sums: Vec<f64>,
    changes: usize,
}

debug_fields!([] Coreset { centre, changes });

/// A place in the basis: a row, or one product alone, of weight 0, until a row takes its place.
struct Slot {
    /// Features and target.
    row: Option<Vec<f64>>,
    products: Vec<f64>,
    weight: f64,
}

impl Coreset {
    /// No rows yet, of d features and a target, with about these means and deviations.
    ///
    /// # Errors
    /// `Argument` for more than 64 features, or no target.
    pub fn new(centre: Vec<(f64, f64)>) -> Result<Self> {
        let d = centre.len().saturating_sub(1);
        if centre.is_empty() || d > MAX_FEATURES {
            let what =
                format!("an exact coreset is of a target and at most {MAX_FEATURES} features, not {d}");
            return Err(Error::argument(what));
        }
        let usable =
            |(mean, scale): (f64, f64)| (mean, if scale > 0.0 && scale.is_finite() { scale } else { 1.0 });
        let most = Self::most(d);
        let unit = |at: usize| (0..most).map(|i| f64::from(u8::from(i == at))).collect::<Vec<f64>>();
        let slots = (0..most).map(|at| Slot { row: None, products: unit(at), weight: 0.0 }).collect();
        let inverse = (0..most).flat_map(unit).collect();
        let centre = centre.into_iter().map(usable).collect();
        Ok(Self { centre, slots, inverse, sums: vec![0.0; most], changes: 0 })
    }

    /// The most rows that are kept for d features.
    pub fn most(d: usize) -> usize {
        (d + 2) * (d + 3) / 2
    }

    /// Takes a row of d finite features, a finite target and a positive weight in.
    pub fn add(&mut self, x: &[f64], y: f64, weight: f64) {
        let row: Vec<f64> = x.iter().copied().chain([y]).collect();
        let products = self.products(&row);
        self.sums.iter_mut().zip(&products).for_each(|(sum, p)| *sum += weight * p);
        let shares = self.times_inverse(&products);
        let largest = shares.iter().fold(1.0, |most: f64, share| most.max(share.abs()));
        // Products alone make way first: they have no weight, so that nothing moves.
        let alone = self.slots.iter().zip(&shares).enumerate().filter(|(_, (slot, _))| slot.row.is_none());
        let alone = alone.map(|(at, (_, share))| (at, share.abs())).max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((at, _)) = alone.filter(|(_, share)| *share > ROUNDING * largest) {
            return self.enter(at, Slot { row: Some(row), products, weight }, &shares);
        }
        let limit = |(at, (slot, share)): (usize, (&Slot, &f64))| {
            let falls = slot.row.is_some() && *share < -ROUNDING * largest;
            falls.then(|| (at, slot.weight / -share))
        };
        let first = self.slots.iter().zip(&shares).enumerate().filter_map(limit);
        let first = first.min_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, moved)| *moved < weight);
        let moved = first.map_or(weight, |(_, moved)| moved);
        for (slot, share) in self.slots.iter_mut().zip(&shares).filter(|(slot, _)| slot.row.is_some()) {
            slot.weight = (slot.weight + moved * share).max(0.0);
        }
        if let Some((at, _)) = first {
            self.enter(at, Slot { row: Some(row), products, weight: weight - moved }, &shares);
        }
    }

    /// The rows that are kept: features, row-major, targets and weights, all positive.
    pub fn finish(mut self) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        self.invert();
        // Weights anew from the sums, and once more from what is left of them.
        let mut weights = self.times_inverse(&self.sums);
        let mut left = self.sums.clone();
        for (slot, weight) in self.slots.iter().zip(&weights) {
            left.iter_mut().zip(&slot.products).for_each(|(left, p)| *left -= weight * p);
        }
        weights.iter_mut().zip(self.times_inverse(&left)).for_each(|(weight, more)| *weight += more);
        let (mut x, mut y, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (slot, weight) in self.slots.iter().zip(weights) {
            if let Some((target, features)) = slot.row.as_ref().and_then(|row| row.split_last())
                && weight > 0.0
            {
                x.extend_from_slice(features);
                y.push(*target);
                kept.push(weight);
            }
        }
        (x, y, kept)
    }

    fn products(&self, row: &[f64]) -> Vec<f64> {
        let standard = row.iter().zip(&self.centre).map(|(v, (mean, scale))| (v - mean) / scale);
        let z: Vec<f64> = [1.0].into_iter().chain(standard).collect();
        z.iter().enumerate().flat_map(|(i, a)| z.iter().skip(i).map(move |b| a * b)).collect()
    }

    fn times_inverse(&self, products: &[f64]) -> Vec<f64> {
        let rows = self.inverse.chunks_exact(self.slots.len());
        rows.map(|row| row.iter().zip(products).map(|(a, b)| a * b).sum()).collect()
    }

    /// Puts a row, of which the basis has these shares, in the place of another.
    fn enter(&mut self, at: usize, slot: Slot, shares: &[f64]) {
        let most = self.slots.len();
        let pivot = shares[at];
        let own: Vec<f64> = self.inverse[at * most..(at + 1) * most].iter().map(|v| v / pivot).collect();
        for (i, (row, share)) in self.inverse.chunks_exact_mut(most).zip(shares).enumerate() {
            if i == at {
                row.copy_from_slice(&own);
            } else {
                row.iter_mut().zip(&own).for_each(|(v, own)| *v -= share * own);
            }
        }
        self.slots[at] = slot;
        self.changes += 1;
        if self.changes % most == 0 {
            self.invert();
        }
    }

    /// Recomputes the inverse by elimination with the largest pivots: changes accumulate rounding errors.
    fn invert(&mut self) {
        let most = self.slots.len();
        let mut matrix: Vec<Vec<f64>> = (0..most)
            .map(|i| {
                let own = self.slots.iter().map(|slot| slot.products[i]);
                own.chain((0..most).map(|j| f64::from(u8::from(i == j)))).collect()
            })
            .collect();
        for column in 0..most {
            let size = |row: &Vec<f64>| row[column].abs();
            let below = matrix.iter().enumerate().skip(column);
            let largest = below.max_by(|a, b| size(a.1).total_cmp(&size(b.1))).map_or(column, |(i, _)| i);
            matrix.swap(column, largest);
            let mut own = matrix[column].clone();
            let pivot = own[column];
            // A singular basis keeps the inverse that it has.
            if pivot == 0.0 {
                return;
            }
            own.iter_mut().for_each(|v| *v /= pivot);
            for (i, row) in matrix.iter_mut().enumerate() {
                let by = row[column];
                if i == column {
                    row.copy_from_slice(&own);
                } else {
                    row.iter_mut().zip(&own).for_each(|(v, own)| *v -= by * own);
                }
            }
        }
        self.inverse = matrix.iter().flat_map(|row| row.iter().skip(most)).copied().collect();
    }
}
