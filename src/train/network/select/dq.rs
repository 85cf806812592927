//! Dataset Quantization (Zhou et al., 2023).

use super::gradients::dot;
use super::{Choice, ClassBudget, Gradients, Method, RowSource, Select, SelectionContext, Weighing};
use crate::error::Result;
use crate::sample::Amount;

/// Bins that each class is parted into, and epochs that a network learns before its gradients are looked at.
const BINS: usize = 10;
const EPOCHS: u64 = 10;

/// Rows from ten bins of each class, as many from each, once for the whole run. A bin is filled greedily by what is near
/// to all rows not yet in a bin and far from those in it (graph cut; near is 0.5 + 0.5 cos of two gradients). The gradients
/// are those of the network when it has learnt from all rows for ten epochs. The original's step on pixels (dropping
/// patches and painting them by an autoencoder) is not there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dq {
    /// Rows.
    pub amount: Amount,
}

pub(super) const METHOD: Method = Method {
    name: "dq",
    title: "DQ",
    about: "Images of ten bins of a class (Dataset Quantization)",
    note: "once, after a network learnt from all images for 10 epochs; without its step on pixels, which wants an autoencoder",
    takes_share: true,
    source: RowSource::Selected(|amount| Box::new(Dq { amount })),
};

impl Select for Dq {
    fn choose(&mut self, context: &SelectionContext) -> Result<Choice> {
        let gradients = context.rehearse(EPOCHS, &mut |_| Ok(()), || Gradients::with_all_rows(context))?;
        let found = gradients.each_class(context, self.amount, |class| {
            let ClassBudget { places, budget, random, .. } = class;
            let bins = bins(&gradients, places);
            let count = bins.len().max(1);
            let drawn = bins.into_iter().enumerate().flat_map(|(at, mut bin)| {
                // The budget's remainder goes to the first bins.
                random.keep(&mut bin, (*budget + count - 1 - at) / count);
                bin
            });
            drawn.collect::<Vec<_>>()
        })?;
        let places: Vec<usize> = found.into_iter().flatten().collect();
        Choice::new(gradients.rows_at(&places), Weighing::Equal, u64::MAX)
    }
}

/// Parts the rows at some places.
fn bins(gradients: &Gradients, places: &[usize]) -> Vec<Vec<usize>> {
    let lengths: Vec<f32> =
        places.iter().map(|&at| gradients.product(at, at).sqrt().max(f32::MIN_POSITIVE)).collect();
    let mut pool: Vec<(usize, f32)> = places.iter().copied().zip(lengths).collect();
    let size = places.len().div_ceil(BINS).max(1);
    let mut bins = Vec::new();
    while !pool.is_empty() {
        // What a row gains, from all of the pool before anything is in the bin.
        let sum = Sum::new(gradients, &pool);
        let mut gains: Vec<f32> = pool.iter().map(|&row| sum.near(gradients, row)).collect();
        let mut bin = Vec::new();
        while bin.len() < size {
            let best = (0..pool.len()).max_by(|&a, &b| gains[a].total_cmp(&gains[b]));
            let Some(best) = best else { break };
            gains.swap_remove(best);
            let (place, length) = pool.swap_remove(best);
            bin.push(place);
            for (gain, &(other, own)) in gains.iter_mut().zip(&pool) {
                *gain -= 1.0 + gradients.product(place, other) / (length * own);
            }
        }
        bins.push(bin);
    }
    bins
}

/// The sum of the gradients of some rows, each at length 1: its error's part `[C]` and with what the layer was given `[C, E]`.
struct Sum {
    rows: f32,
    errors: Vec<f32>,
    products: Vec<f32>,
}

impl Sum {
    fn new(gradients: &Gradients, pool: &[(usize, f32)]) -> Self {
        let width = pool.first().map_or(0, |&(at, _)| gradients.hidden(at).len());
        let mut sum = Self {
            rows: pool.len() as f32,
            errors: vec![0.0; gradients.classes()],
            products: vec![0.0; gradients.classes() * width],
        };
        for &(at, length) in pool {
            let parts = sum.errors.iter_mut().zip(sum.products.chunks_exact_mut(width.max(1)));
            for ((of_error, of_product), error) in parts.zip(gradients.error(at)) {
                let error = error / length;
                *of_error += error;
                of_product.iter_mut().zip(gradients.hidden(at)).for_each(|(sum, h)| *sum += error * h);
            }
        }
        sum
    }

    /// The sum over the rows of how near they are to one.
    fn near(&self, gradients: &Gradients, (at, length): (usize, f32)) -> f32 {
        let hidden = gradients.hidden(at);
        let parts = self.products.chunks_exact(hidden.len().max(1)).map(|products| dot(products, hidden));
        let parts = parts.zip(&self.errors).zip(gradients.error(at));
        let product: f32 = parts.map(|((products, errors), error)| error * (products + errors)).sum();
        0.5 * self.rows + 0.5 * product / length
    }
}
