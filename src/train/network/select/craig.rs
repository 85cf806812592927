//! CRAIG (Mirzasoleiman et al., 2020).

use std::collections::BinaryHeap;

use super::method::EVERY;
use super::{Choice, Gradients, Method, RowSource, Select, SelectionContext, Weighing};
use crate::error::Result;
use crate::sample::Amount;

/// Rows to which all others of their class are near, as far as their gradients go (facility location, by lazy greedy
/// selection); each counts as many rows as are nearest to it. The first rows are random; they are selected again every 20
/// epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Craig {
    /// Rows.
    pub amount: Amount,
}

pub(super) const METHOD: Method = Method {
    name: "craig",
    title: "CRAIG",
    about: "Images whose gradients are near those of all others, weighted by the number of these",
    note: "again every 20 epochs",
    takes_share: true,
    source: RowSource::Selected(|amount| Box::new(Craig { amount })),
};

impl Select for Craig {
    fn choose(&mut self, context: &SelectionContext) -> Result<Choice> {
        if context.epoch == 0 {
            return context.at_random(self.amount, EVERY);
        }
        let gradients = Gradients::with_all_rows(context)?;
        let found = gradients.each_class(context, self.amount, |class| {
            let places = &class.places;
            let squares: Vec<f32> = places.iter().map(|&at| gradients.product(at, at)).collect();
            let distances = |from: usize| -> Vec<f32> {
                let (place, square) = (places[from], squares[from]);
                let to = places.iter().zip(&squares);
                to.map(|(&at, own)| (own + square - 2.0 * gradients.product(place, at)).max(0.0).sqrt())
                    .collect()
            };
            let chosen = facilities(places.len(), &distances, class.budget);
            chosen.into_iter().map(|(at, weight)| (places[at], weight as f32)).collect::<Vec<_>>()
        })?;
        let (places, weights): (Vec<usize>, Vec<f32>) = found.into_iter().flatten().unzip();
        Choice::new(gradients.rows_at(&places), Weighing::Rows(weights), EVERY)
    }
}

/// Saving of a facility, computed when `as_of` facilities were chosen.
struct Saving {
    gain: f64,
    at: usize,
    as_of: usize,
}

impl PartialEq for Saving {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Saving {}

impl PartialOrd for Saving {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Saving {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.gain.total_cmp(&other.gain).then(other.at.cmp(&self.at))
    }
}

/// Chooses facilities among `count` points; with each comes the number of points that it serves, itself among them.
fn facilities(count: usize, distances: &impl Fn(usize) -> Vec<f32>, most: usize) -> Vec<(usize, usize)> {
    // Before the first facility every distance counts as twice the largest from one point, which no pair exceeds (triangle
    // inequality): so that the first choice, too, is the largest saving.
    let far = 2.0 * distances(0).into_iter().fold(0.0, f32::max);
    let mut nearest = vec![(far, usize::MAX); count];
    let saved = |nearest: &[(f32, usize)], at: usize| -> f64 {
        let closer = nearest.iter().zip(distances(at));
        closer.map(|(&(now, _), then)| f64::from((now - then).max(0.0))).sum()
    };
    let mut heap: BinaryHeap<Saving> =
        (0..count).map(|at| Saving { gain: saved(&nearest, at), at, as_of: 0 }).collect();
    let mut chosen = Vec::new();
    while chosen.len() < most {
        // Savings only shrink as facilities are added (submodularity): a saving on top that is up to date is the best.
        let Some(top) = heap.pop() else { break };
        if top.as_of < chosen.len() {
            heap.push(Saving { gain: saved(&nearest, top.at), as_of: chosen.len(), ..top });
            continue;
        }
        for (near, distance) in nearest.iter_mut().zip(distances(top.at)) {
            if distance < near.0 || near.1 == usize::MAX {
                *near = (distance, chosen.len());
            }
        }
        chosen.push((top.at, 0));
    }
    // A facility serves itself, even if a copy of it is one too: no weight is 0.
    for (number, (at, _)) in chosen.iter().enumerate() {
        nearest[*at].1 = number;
    }
    for (_, number) in nearest {
        chosen[number].1 += 1;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_served_from_within() {
        let points = [0.0f32, 0.1, 0.2, 10.0, 10.1, 50.0];
        let distances = |from: usize| points.iter().map(|p| (p - points[from]).abs()).collect();
        let mut found = facilities(points.len(), &distances, 3);
        found.sort();
        assert_eq!(found.iter().map(|found| found.1).sum::<usize>(), points.len());
        assert!(found[0].0 < 3 && found[0].1 == 3 && found[1].1 == 2 && found[2] == (5, 1), "{found:?}");
        assert_eq!(facilities(points.len(), &distances, 6).len(), 6);
    }

    #[test]
    fn copies_serve_themselves() {
        let distances = |_: usize| vec![0.0; 4];
        assert_eq!(facilities(4, &distances, 4).iter().map(|f| f.1).collect::<Vec<_>>(), [1; 4]);
    }
}
