//! Weighted sums of few vectors near a target.

/// A vector counts as spanned by the chosen ones if a smaller share of its square is left: the rest is rounding noise.
const SPANNED: f64 = 1e-8;

/// The pursuit ends where what is left of the target is a smaller share of its length.
const NEAR: f64 = 1e-5;

/// A Cholesky factor that grows by a row at a time, lower triangle.
#[derive(Default)]
struct Factor(Vec<Vec<f64>>);

impl Factor {
    /// Solves L x = b for as many unknowns as the factor has rows.
    fn forward(&self, b: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = Vec::with_capacity(b.len());
        for (row, b) in self.0.iter().zip(b) {
            let known: f64 = row.iter().zip(&x).map(|(l, x)| l * x).sum();
            x.push((b - known) / row[x.len()]);
        }
        x
    }

    /// Adds the row of products with the vectors so far and with itself, unless they span the vector. True if it was added.
    fn grow(&mut self, products: &[f64], square: f64) -> bool {
        let mut row = self.forward(products);
        let rest = square - row.iter().map(|l| l * l).sum::<f64>();
        if rest <= SPANNED * square {
            return false;
        }
        row.push(rest.sqrt());
        self.0.push(row);
        true
    }

    /// Solves L L^T x = b.
    fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x = self.forward(b);
        for at in (0..x.len()).rev() {
            let known: f64 = (at + 1..x.len()).map(|below| self.0[below][at] * x[below]).sum();
            x[at] = (x[at] - known) / self.0[at][at];
        }
        x
    }
}

/// A vector that takes part.
struct Atom {
    place: usize,
    weight: f64,
    /// Its products with the atoms before it, and with itself.
    products: Vec<f64>,
    /// Its product with the target.
    aim: f64,
}

/// At most `most` of the vectors (rows of `width` values) with weights above 0 whose sum comes near the target: the
/// vector that points most along the residual is added, weights are solved for again, and vectors whose weight would
/// fall below 0 leave (orthogonal matching pursuit with the inner loop of Lawson and Hanson's non-negative least squares).
pub(super) fn pursue(vectors: &[f32], width: usize, target: &[f64], most: usize) -> Vec<(usize, f64)> {
    let vector = |at: usize| &vectors[at * width..(at + 1) * width];
    let count = vectors.len() / width.max(1);
    let mut atoms: Vec<Atom> = Vec::new();
    let mut factor = Factor::default();
    let mut out_of_play = vec![false; count];
    let mut left = target.to_vec();
    let length = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
    // Every vector may come in a few times: what left may come back.
    for _ in 0..4 * most.max(1) {
        if atoms.len() >= most || length(&left) <= NEAR * length(target) {
            break;
        }
        let along = |at: usize| product(vector(at), &left);
        let best = (0..count).filter(|&at| !out_of_play[at]).map(|at| (along(at), at));
        let Some((gain, place)) = best.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) else { break };
        if gain.is_nan() || gain <= 0.0 {
            break;
        }
        out_of_play[place] = true;
        let with = |at: usize| {
            vector(place).iter().zip(vector(at)).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let mut products: Vec<f64> = atoms.iter().map(|atom| with(atom.place)).collect();
        let square = with(place);
        if !factor.grow(&products, square) {
            continue;
        }
        products.push(square);
        atoms.push(Atom { place, weight: 0.0, products, aim: product(vector(place), target) });
        for gone in settle(&mut atoms, &mut factor) {
            if gone != place {
                out_of_play[gone] = false;
            }
        }
        left = target.to_vec();
        for atom in &atoms {
            left.iter_mut()
                .zip(vector(atom.place))
                .for_each(|(left, v)| *left -= atom.weight * f64::from(*v));
        }
    }
    atoms.iter().map(|atom| (atom.place, atom.weight)).collect()
}

/// Solves for the weights; the places of atoms that left on the way.
fn settle(atoms: &mut Vec<Atom>, factor: &mut Factor) -> Vec<usize> {
    let mut gone = Vec::new();
    loop {
        let aims: Vec<f64> = atoms.iter().map(|atom| atom.aim).collect();
        let solved = factor.solve(&aims);
        let pairs = || atoms.iter().map(|atom| atom.weight).zip(&solved);
        // As far towards the solution as no weight falls below 0.
        let steps =
            pairs().filter(|(_, to)| **to <= 0.0).map(|(from, to)| from / (from - to).max(f64::MIN_POSITIVE));
        let step = steps.fold(1.0f64, f64::min);
        let out: Vec<bool> =
            pairs().map(|(from, to)| *to <= 0.0 && from + step * (to - from) <= 1e-12).collect();
        for (atom, to) in atoms.iter_mut().zip(&solved) {
            atom.weight += step * (to - atom.weight);
        }
        if !out.contains(&true) {
            return gone;
        }
        gone.extend(atoms.iter().zip(&out).filter(|(_, out)| **out).map(|(atom, _)| atom.place));
        let keep = |values: &[f64]| -> Vec<f64> {
            values.iter().zip(&out).filter(|(_, out)| !**out).map(|(v, _)| *v).collect()
        };
        let mut at = 0;
        atoms.retain_mut(|atom| {
            atom.products = keep(&atom.products);
            at += 1;
            !out[at - 1]
        });
        *factor = Factor::default();
        for atom in atoms.iter() {
            if let Some((square, products)) = atom.products.split_last() {
                factor.grow(products, *square);
            }
        }
    }
}

fn product(vector: &[f32], with: &[f64]) -> f64 {
    vector.iter().zip(with).map(|(a, b)| f64::from(*a) * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::split::generator;
    use rand_chacha::rand_core::Rng;

    fn noise(count: usize, seed: u64) -> Vec<f32> {
        let random = &mut generator(seed);
        (0..count).map(|_| random.next_u32() as f32 / u32::MAX as f32 - 0.3).collect()
    }

    fn left(vectors: &[f32], width: usize, target: &[f64], found: &[(usize, f64)]) -> Vec<f64> {
        let mut left = target.to_vec();
        for &(place, weight) in found {
            let vector = &vectors[place * width..][..width];
            left.iter_mut().zip(vector).for_each(|(left, v)| *left -= weight * f64::from(*v));
        }
        left
    }

    #[test]
    fn few_vectors_stand_for_the_sum_of_all() {
        let (width, count) = (9, 200);
        let vectors = noise(width * count, 5);
        let target: Vec<f64> =
            (0..width).map(|j| vectors.chunks(width).map(|v| f64::from(v[j])).sum()).collect();
        let found = pursue(&vectors, width, &target, 40);
        assert!(found.len() <= width && found.iter().all(|(_, weight)| *weight > 0.0));
        let size: f64 = target.iter().map(|v| v * v).sum::<f64>().sqrt();
        assert!(left(&vectors, width, &target, &found).iter().all(|left| left.abs() < 1e-4 * size));
        let mut places: Vec<usize> = found.iter().map(|(place, _)| *place).collect();
        places.sort();
        places.dedup();
        assert_eq!(places.len(), found.len());
        assert!(pursue(&vectors, width, &target, 3).len() <= 3);
    }

    /// At the minimum over w >= 0 no vector points along what is left, and those that take part are at right angles to it.
    #[test]
    fn weights_are_the_best_that_are_not_negative() {
        for seed in 0..20 {
            let (width, count) = (6, 5);
            let vectors = noise(width * count, seed);
            let target: Vec<f64> = noise(width, 100 + seed).iter().map(|v| f64::from(*v)).collect();
            let found = pursue(&vectors, width, &target, count);
            let left = left(&vectors, width, &target, &found);
            for (place, vector) in vectors.chunks(width).enumerate() {
                let along = product(vector, &left);
                assert!(along < 1e-6, "{along}");
                if found.iter().any(|found| found.0 == place) {
                    assert!(along.abs() < 1e-6, "{along}");
                }
            }
        }
    }

    #[test]
    fn copies_and_zeros_do_not_disturb() {
        let vectors = [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0];
        let found = pursue(&vectors, 2, &[3.0, 4.0], 4);
        let weight = |place| found.iter().find(|found| found.0 == place).map(|found| found.1);
        assert!(found.len() == 2 && weight(3) == Some(2.0) && weight(0).or(weight(1)) == Some(3.0));
        assert!(pursue(&[], 2, &[1.0, 1.0], 3).is_empty());
        assert!(pursue(&vectors, 2, &[-1.0, -1.0], 3).is_empty());
    }
}
