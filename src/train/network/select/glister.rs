//! GLISTER (Killamsetty et al., 2021).

use super::method::EVERY;
use super::{Choice, Gradients, Method, RowSource, Select, SelectionContext, Weighing};
use crate::error::Result;
use crate::sample::Amount;

/// The share of all rows that is held out to validate.
const HELD_OUT: f64 = 0.1;

/// The chance that no candidate is among the best (Mirzasoleiman et al., "Lazier than lazy greedy").
const MISSED: f64 = 0.01;

/// Rows whose step lowers the loss on held-out rows the most, one after the other: the gain of a row is, to first order,
/// the product of its gradient with that of the held-out rows, whose logits move with every row that is taken. Only the
/// gradient by the bias is looked at; each time the best of some random candidates is taken. The first rows are random;
/// they are selected again every 20 epochs, from all but a tenth that is held out for good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glister {
    /// Rows.
    pub amount: Amount,
}

pub(super) const METHOD: Method = Method {
    name: "glister",
    title: "GLISTER",
    about: "Images whose steps lower the loss on held-out ones the most",
    note: "again every 20 epochs, a tenth held out",
    takes_share: true,
    source: RowSource::Selected(|amount| Box::new(Glister { amount })),
};

impl Select for Glister {
    fn choose(&mut self, context: &SelectionContext) -> Result<Choice> {
        if context.epoch == 0 {
            return context.at_random(self.amount, EVERY);
        }
        // Drawn as at epoch 0, so that the same rows are held out at every epoch.
        let mut held_out: Vec<u64> = (0..context.images.rows()).collect();
        let count = context.count(Amount::Fraction(HELD_OUT))?;
        SelectionContext { epoch: 0, ..*context }.random().keep(&mut held_out, count);
        held_out.sort_unstable();
        let others: Vec<u64> =
            (0..context.images.rows()).filter(|row| held_out.binary_search(row).is_err()).collect();
        let (held_out, gradients) = (Gradients::new(context, &held_out)?, Gradients::new(context, &others)?);
        let most = context.count(self.amount)?.min(gradients.len());
        let candidates = (gradients.len() as f64 / most as f64 * (1.0 / MISSED).ln()).ceil() as usize;
        let mut gain = Gain::new(&held_out);
        let mut places: Vec<usize> = (0..gradients.len()).collect();
        let random = &mut context.random();
        for taken in 0..most {
            let left = places.len() - taken;
            // A partial Fisher-Yates shuffle: the candidates come to the front of the rows left.
            for at in taken..taken + candidates.min(left) {
                let other = at + random.below((places.len() - at) as u64) as usize;
                places.swap(at, other);
            }
            let slope = gain.slope();
            let gain_of =
                |place: usize| gradients.error(place).iter().zip(&slope).map(|(e, s)| e * s).sum::<f32>();
            let among = taken..taken + candidates.min(left);
            let best = among.map(|at| (gain_of(places[at]), at)).max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((_, best)) = best else { break };
            places.swap(taken, best);
            gain.take(gradients.error(places[taken]), context.config.learning_rate as f32);
        }
        places.truncate(most);
        Choice::new(gradients.rows_at(&places), Weighing::Equal, EVERY)
    }
}

/// The held-out rows as the taken ones move them.
struct Gain<'a> {
    held_out: &'a Gradients,
    /// Change of the logits so far, the same for all rows.
    moved: Vec<f32>,
}

impl<'a> Gain<'a> {
    fn new(held_out: &'a Gradients) -> Self {
        Self { held_out, moved: vec![0.0; held_out.classes()] }
    }

    /// The mean gradient by the bias `[C]`.
    fn slope(&self) -> Vec<f32> {
        let mut sum = vec![0.0; self.moved.len()];
        for at in 0..self.held_out.len() {
            let label = self.held_out.label(at) as usize;
            // Adding m to a logit multiplies its probability by exp(m) before normalisation; the error holds the old ones.
            let error = self.held_out.error(at).iter().enumerate();
            let before = error.map(|(class, e)| e + if class == label { 1.0 } else { 0.0 });
            let after: Vec<f32> = before.zip(&self.moved).map(|(p, moved)| p * moved.exp()).collect();
            let all: f32 = after.iter().sum();
            for (class, (sum, p)) in sum.iter_mut().zip(after).enumerate() {
                *sum += p / all - if class == label { 1.0 } else { 0.0 };
            }
        }
        sum.iter_mut().for_each(|sum| *sum /= self.held_out.len() as f32);
        sum
    }

    /// Takes a step along a row's gradient.
    fn take(&mut self, error: &[f32], learning_rate: f32) {
        self.moved.iter_mut().zip(error).for_each(|(moved, error)| *moved -= learning_rate * error);
    }
}
