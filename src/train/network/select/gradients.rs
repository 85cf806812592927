//! Factors of the gradients of losses by the last layer's weights.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::step_info::{class_index, softmax, values};
use super::{SelectionContext, SelectionRandom};
use crate::error::{Error, Result};
use crate::sample::{Amount, Draw, Epochs, State};
use crate::train::candle_error::candle;
use crate::train::network::input_pipeline::each_batch;

/// The gradients of some rows' losses by the weights and the bias of the last layer: e (h, 1)^T for a row with the error
/// e `[C]` (probabilities, less 1 at its class) of logits from the layer's input h `[E]`. They are never built: the product of two of them is
/// (e1 . e2)(1 + h1 . h2).
pub struct Gradients {
    rows: Vec<u64>,
    labels: Vec<u32>,
    /// `[n, C]`.
    errors: Vec<f32>,
    /// `[n, E]`.
    hidden: Vec<f32>,
    classes: usize,
    width: usize,
}

debug_fields!([] Gradients { classes, width });

impl Gradients {
    /// Gradients of some rows by the network in its present state, without augmentation.
    ///
    /// # Errors
    /// `Argument` for a network without [`penultimate`](crate::train::models::Network::penultimate), for a class that it
    /// does not have, or if Candle refuses; errors of reading.
    pub fn new(context: &SelectionContext, rows: &[u64]) -> Result<Self> {
        let epochs = Epochs::new(Draw::Listed(rows), Amount::Fraction(1.0), State::new(context.config.seed))?;
        let mut found = Self {
            rows: Vec::with_capacity(rows.len()),
            labels: Vec::with_capacity(rows.len()),
            errors: Vec::new(),
            hidden: Vec::new(),
            classes: 0,
            width: 0,
        };
        each_batch(
            context.config,
            context.network,
            (context.images, context.labels),
            epochs.until(1),
            |sampled, images, _| {
                let (hidden, logits) =
                    context.network.penultimate(images).map_err(candle)?.ok_or_else(no_penultimate)?;
                let ((mut errors, classes), (hidden, width)) = (values(&logits)?, values(&hidden)?);
                for (error, &label) in errors.chunks_exact_mut(classes.max(1)).zip(&sampled.labels) {
                    softmax(error);
                    let own = class_index(label, error)?;
                    error[own] -= 1.0;
                }
                (found.classes, found.width) = (classes, width);
                found.rows.extend(&sampled.rows);
                found.labels.extend(&sampled.labels);
                found.errors.extend(errors);
                found.hidden.extend(hidden);
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// Gradients of all rows.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_all_rows(context: &SelectionContext) -> Result<Self> {
        Self::new(context, &(0..context.images.rows()).collect::<Vec<_>>())
    }

    /// Row numbers. The other accessors take an index into this slice.
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// C.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The class of a row.
    pub fn label(&self, at: usize) -> u32 {
        self.labels[at]
    }

    /// The error of a row's logits `[C]`.
    pub fn error(&self, at: usize) -> &[f32] {
        &self.errors[at * self.classes..(at + 1) * self.classes]
    }

    /// Input of the last layer for a row `[E]`.
    pub fn hidden(&self, at: usize) -> &[f32] {
        &self.hidden[at * self.width..(at + 1) * self.width]
    }

    /// The product of two rows' gradients.
    pub fn product(&self, a: usize, b: usize) -> f32 {
        dot(self.error(a), self.error(b)) * (1.0 + dot(self.hidden(a), self.hidden(b)))
    }

    /// Row numbers at some indices.
    pub fn rows_at(&self, places: &[usize]) -> Vec<u64> {
        places.iter().map(|&at| self.rows[at]).collect()
    }

    /// Calls `work` for every class in parallel, with the class's part of an amount of all rows. Results are in the order
    /// of the classes.
    ///
    /// # Errors
    /// As [`SelectionContext::count`].
    pub fn each_class<T: Send>(
        &self,
        context: &SelectionContext,
        amount: Amount,
        work: impl Fn(&mut ClassBudget) -> T + Sync + Send,
    ) -> Result<Vec<T>> {
        let mut by_class: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        self.labels.iter().enumerate().for_each(|(at, &label)| by_class.entry(label).or_default().push(at));
        let budgets = shares(context.count(amount)?.min(self.len()), by_class.values().map(Vec::len));
        let classes = by_class.into_iter().zip(budgets).map(|((number, places), budget)| ClassBudget {
            number: number as usize,
            places,
            budget,
            random: context.class_random(number),
        });
        let mut classes: Vec<ClassBudget> = classes.collect();
        Ok(classes.par_iter_mut().map(work).collect())
    }
}

/// The rows of a class, to select from.
#[derive(Debug)]
pub struct ClassBudget {
    /// Number of the class.
    pub number: usize,
    /// Indices of its rows among those of the [`Gradients`].
    pub places: Vec<usize>,
    /// Rows to select.
    pub budget: usize,
    /// The class's own random numbers.
    pub random: SelectionRandom,
}

fn no_penultimate() -> Error {
    Error::argument(
        "the network does not give the input of its last layer (`Network::penultimate`), which this method needs",
    )
}

/// `count` in the proportions of sizes, each at most its size; what rounding down leaves goes to the largest remainders.
fn shares(count: usize, sizes: impl Iterator<Item = usize> + Clone) -> Vec<usize> {
    let all = sizes.clone().sum::<usize>().max(1) as u128;
    let exact = |size: usize| size as u128 * count as u128;
    let mut shares: Vec<usize> = sizes.clone().map(|size| (exact(size) / all) as usize).collect();
    let mut order: Vec<(u128, usize)> = sizes.map(|size| exact(size) % all).zip(0..).collect();
    order.sort_by_key(|&(remainder, at)| (std::cmp::Reverse(remainder), at));
    let left = count - shares.iter().sum::<usize>();
    for (_, at) in order.into_iter().take(left) {
        shares[at] += 1;
    }
    shares
}

/// The dot product, in eight sums: one sum would wait for each addition, eight fill a vector register.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for (count, sizes) in [(10, vec![5, 5, 7]), (1, vec![1, 1, 1]), (17, vec![5, 5, 7]), (0, vec![3])] {
            let shares = shares(count, sizes.iter().copied());
            assert_eq!(shares.iter().sum::<usize>(), count);
            assert!(shares.iter().zip(&sizes).all(|(share, size)| share <= size));
        }
        assert_eq!(shares(10, [20, 60, 20].into_iter()), [2, 6, 2]);
    }

    #[test]
    fn a_dot_product_takes_all_in() {
        let values: Vec<f32> = (1..=19).map(|v| v as f32).collect();
        assert_eq!(dot(&values, &values), 2470.0);
    }
}
