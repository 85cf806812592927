//! GRAD-MATCH (Killamsetty et al., 2021).

use super::method::EVERY;
use super::pursuit::pursue;
use super::{Choice, ClassBudget, Gradients, Method, RowSource, Select, SelectionContext, Weighing};
use crate::error::Result;
use crate::sample::Amount;

/// Few rows whose weighted gradients add up to that of all: in each class by itself, and for the weights that lead to its
/// own logit (E + 1 of them), by orthogonal matching pursuit. Where fewer rows than wanted give the sum, others come at
/// random, with weight 1. The first rows are random; they are selected again every 20 epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradMatch {
    /// Rows.
    pub amount: Amount,
}

pub(super) const METHOD: Method = Method {
    name: "grad-match",
    title: "GRAD-MATCH",
    about: "Few images whose weighted gradients add up to that of all",
    note: "again every 20 epochs",
    takes_share: true,
    source: RowSource::Selected(|amount| Box::new(GradMatch { amount })),
};

impl Select for GradMatch {
    fn choose(&mut self, context: &SelectionContext) -> Result<Choice> {
        if context.epoch == 0 {
            return context.at_random(self.amount, EVERY);
        }
        let gradients = Gradients::with_all_rows(context)?;
        let found = gradients.each_class(context, self.amount, |class| {
            let ClassBudget { places, budget, random, .. } = class;
            let (vectors, width) = own_vectors(&gradients, class.number, places);
            let mut target = vec![0.0; width];
            for vector in vectors.chunks_exact(width.max(1)) {
                target.iter_mut().zip(vector).for_each(|(sum, v)| *sum += f64::from(*v));
            }
            let found = pursue(&vectors, width, &target, *budget);
            let mut chosen = vec![false; places.len()];
            found.iter().for_each(|&(at, _)| chosen[at] = true);
            let mut others: Vec<usize> = (0..places.len()).filter(|&at| !chosen[at]).collect();
            random.keep(&mut others, budget.saturating_sub(found.len()));
            let found = found.into_iter().map(|(at, weight)| (at, weight as f32));
            let all = found.chain(others.into_iter().map(|at| (at, 1.0)));
            all.map(|(at, weight)| (places[at], weight)).collect::<Vec<_>>()
        })?;
        let (places, weights): (Vec<usize>, Vec<f32>) = found.into_iter().flatten().unzip();
        Choice::new(gradients.rows_at(&places), Weighing::Rows(weights), EVERY)
    }
}

/// Gradients of a class's rows by the weights of the class's own logit, e (h, 1), and their length E + 1.
fn own_vectors(gradients: &Gradients, class: usize, places: &[usize]) -> (Vec<f32>, usize) {
    let width = places.first().map_or(0, |&at| gradients.hidden(at).len() + 1);
    let mut vectors = Vec::with_capacity(places.len() * width);
    for &at in places {
        let error = gradients.error(at)[class];
        vectors.extend(gradients.hidden(at).iter().chain(&[1.0]).map(|h| error * h));
    }
    (vectors, width)
}
