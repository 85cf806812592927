//! Sums of cells over rows that come a few at a time, each perhaps many times in a row: to the bit what the sums of a whole
//! segment are, in memory for its cells.

use std::collections::{BTreeMap, HashMap};

use crate::summary::cells::grid::Grid;
use crate::summary::cells::sums::{CellLayout, CellSums};
use crate::summary::covariances::products::{CellProducts, covariance_words, middles};
use crate::summary::features::FeatureColumn;

/// The sums of the rows of a segment so far.
#[derive(Debug)]
pub struct SegmentSums {
    layout: CellLayout,
    cells: Cells,
    /// Cell by cell a sum for each column, and for each column with specials the finite values.
    sums: Vec<f64>,
    finite: Vec<u64>,
    /// Rows by the place of their cell and their class.
    weights: BTreeMap<(u32, u32), u64>,
}

/// The products of the rows of a segment so far.
#[derive(Debug)]
pub struct SegmentProducts {
    cells: Cells,
    sums: Vec<f64>,
}

/// The cells met so far, and the place of each.
#[derive(Debug, Default)]
struct Cells {
    cells: Vec<u32>,
    places: HashMap<u32, u32>,
}

impl Cells {
    fn place(&mut self, cell: u32) -> u32 {
        let next = self.cells.len() as u32;
        *self.places.entry(cell).or_insert_with(|| {
            self.cells.push(cell);
            next
        })
    }

    /// The places by ascending cells.
    fn sorted(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.cells.len() as u32).collect();
        order.sort_unstable_by_key(|&place| self.cells[place as usize]);
        order
    }
}

/// How often the row at a place comes.
fn times_of(times: Option<&[u64]>, row: usize) -> u64 {
    times.map_or(1, |times| times[row])
}

impl SegmentSums {
    /// No rows yet.
    pub fn new(layout: CellLayout) -> Self {
        Self {
            layout,
            cells: Cells::default(),
            sums: Vec::new(),
            finite: Vec::new(),
            weights: BTreeMap::new(),
        }
    }

    /// Adds rows as [`CellSums::from_segment`] takes them, each so many times.
    pub fn add(
        &mut self,
        cell_of_row: &[u32],
        columns: &[FeatureColumn],
        class_of_row: &[u32],
        times: Option<&[u64]>,
    ) {
        let stride = self.layout.specials.len();
        let places: Vec<u32> = cell_of_row.iter().map(|&cell| self.cells.place(cell)).collect();
        self.sums.resize(self.cells.cells.len() * stride, 0.0);
        self.finite.resize(self.sums.len(), 0);
        for (row, &place) in places.iter().enumerate() {
            let class = if self.layout.classes > 0 { class_of_row[row] } else { 0 };
            *self.weights.entry((place, class)).or_default() += times_of(times, row);
        }
        for (number, column) in columns.iter().enumerate() {
            for (row, (x, &place)) in column.iter().zip(&places).enumerate() {
                let Some(x) = x.filter(|x| x.is_finite()) else { continue };
                let (at, times) = (place as usize * stride + number, times_of(times, row));
                self.sums[at] = add_times(self.sums[at], x, times);
                self.finite[at] += times;
            }
        }
    }

    /// The sums.
    pub fn finish(self) -> CellSums {
        let (order, stride) = (self.cells.sorted(), self.layout.specials.len());
        let mut sums = Vec::with_capacity(self.sums.len());
        let mut finite = Vec::new();
        for (number, &specials) in self.layout.specials.iter().enumerate() {
            sums.extend(order.iter().map(|&place| self.sums[place as usize * stride + number]));
            if specials {
                finite.extend(order.iter().map(|&place| self.finite[place as usize * stride + number]));
            }
        }
        let mut index = vec![0; order.len()];
        (0..).zip(&order).for_each(|(at, &place)| index[place as usize] = at);
        let weights = self.weights.into_iter();
        let mut weights: Vec<_> =
            weights.map(|((place, class), rows)| (index[place as usize], class, rows)).collect();
        weights.sort_unstable();
        let cells = order.iter().map(|&place| self.cells.cells[place as usize]).collect();
        CellSums::from_parts(cells, sums, finite, weights)
    }
}

impl SegmentProducts {
    /// No rows yet.
    pub fn new() -> Self {
        Self { cells: Cells::default(), sums: Vec::new() }
    }

    /// Adds rows as [`CellProducts::from_segment`] takes them, each so many times.
    pub fn add(
        &mut self,
        grid: &Grid,
        cell_of_row: &[u32],
        columns: &[FeatureColumn],
        times: Option<&[u64]>,
    ) {
        let (middles, words) = (middles(grid), covariance_words(columns.len()));
        let mut x = vec![0.0; columns.len()];
        for (row, &cell) in cell_of_row.iter().enumerate() {
            let place = self.cells.place(cell) as usize;
            if self.sums.len() < (place + 1) * words {
                self.sums.resize((place + 1) * words, 0.0);
            }
            for ((x, column), middle) in x.iter_mut().zip(columns).zip(&middles) {
                *x = column.get(row).map_or(f64::NAN, |value| value - middle);
            }
            if !x.iter().all(|x| x.is_finite()) {
                continue;
            }
            let times = times_of(times, row);
            let products = x.iter().enumerate().flat_map(|(i, a)| x.iter().skip(i).map(move |b| a * b));
            let terms = std::iter::once(1.0).chain(x.iter().copied()).chain(products);
            let sums = &mut self.sums[place * words..(place + 1) * words];
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum = add_times(*sum, term, times));
        }
    }

    /// The sums.
    pub fn finish(self) -> CellProducts {
        let order = self.cells.sorted();
        let words = self.sums.len() / order.len().max(1);
        let sums = order.iter().flat_map(|&place| &self.sums[place as usize * words..][..words]);
        let sums = sums.copied().collect();
        CellProducts::from_parts(order.iter().map(|&place| self.cells.cells[place as usize]).collect(), sums)
    }
}

impl Default for SegmentProducts {
    fn default() -> Self {
        Self::new()
    }
}

/// `sum + x`, rounded, so many times over: the same bits as a loop, in steps for the binades that the sum goes through.
///
/// Within a binade the rounded sum moves by the same amount each time, once it is itself the result of such an addition
/// (ties go to even numbers from then on). So two additions give the step of all others in the binade.
fn add_times(mut sum: f64, x: f64, times: u64) -> f64 {
    let mut left = times;
    while left > 0 {
        let next = sum + x;
        left -= 1;
        if next.to_bits() == sum.to_bits() || !next.is_finite() {
            return next;
        }
        let before = std::mem::replace(&mut sum, next);
        if left < 8 || binade(before) != binade(next) {
            continue;
        }
        let after = next + x;
        let step = after - next;
        if binade(after) != binade(next) || step == 0.0 || binade(next).1 < 64 {
            continue;
        }
        // The end of the binade in the direction of the steps; one step less, so that none of them leaves it.
        let (_, exponent) = binade(next);
        let low = f64::from_bits(exponent << 52);
        let grows = (step > 0.0) == (next > 0.0);
        let room = if grows { 2.0 * low - next.abs() } else { next.abs() - low };
        let steps = (room / step.abs()).floor() - 1.0;
        if steps >= 1.0 {
            let steps = if steps >= left as f64 { left } else { steps as u64 };
            // Both are multiples of the last place and within the binade, so that nothing is rounded here.
            sum += steps as f64 * step;
            left -= steps;
        }
    }
    sum
}

/// Sign and biased exponent.
fn binade(x: f64) -> (u64, u64) {
    (x.to_bits() >> 63, x.to_bits() >> 52 & 0x7FF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn looped(mut sum: f64, x: f64, times: u64) -> f64 {
        (0..times).for_each(|_| sum += x);
        sum
    }

    proptest! {
        #[test]
        fn repeated_additions_are_those_of_a_loop(
            sum in prop_oneof![Just(0.0), any::<f64>(), -1e3..1e3f64],
            x in prop_oneof![any::<f64>(), -1e3..1e3f64, Just(0.1), Just(1.5), Just(-0.3)],
            scale in -60i32..4,
            times in 0u64..30_000,
        ) {
            prop_assume!(sum.is_finite() && x.is_finite());
            let x = x * 2f64.powi(scale);
            prop_assert_eq!(add_times(sum, x, times).to_bits(), looped(sum, x, times).to_bits());
            // Next to each other in size, where ties and many binades are.
            let near = sum * 2f64.powi(scale) * 1.25;
            prop_assume!(near.is_finite());
            prop_assert_eq!(add_times(sum, near, times).to_bits(), looped(sum, near, times).to_bits());
        }
    }

    #[test]
    fn a_trillion_additions_take_no_time() {
        assert_eq!(add_times(0.0, 2.0, 1_000_000_000_000), 2e12);
        assert_eq!(add_times(0.0, -0.5, 1 << 60), -(2f64.powi(53)) * 0.5);
        let sum = add_times(1e12, -1.0, 1_000_000_000_000);
        assert_eq!(sum, 0.0);
    }

    #[test]
    fn rows_a_few_at_a_time_sum_up_as_a_segment() {
        let x: Vec<f64> = (0..600).map(|i| f64::from(i * 7919 % 31) / 7.0).collect();
        let y: Vec<f64> = (0..600).map(|i| if i % 11 == 5 { f64::NAN } else { f64::from(i) * 0.1 }).collect();
        let cells: Vec<u32> = (0..600).map(|i| [7, 2, 2, 3][i / 100 % 4]).collect();
        let classes: Vec<u32> = (0..600).map(|i| i as u32 / 50 % 3).collect();
        let layout = CellLayout { specials: vec![false, true], target: false, classes: 3 };
        let columns = |part: std::ops::Range<usize>| {
            [&x, &y].map(|v| FeatureColumn { values: &v[part.clone()], valid: None })
        };
        let whole = CellSums::from_segment(&layout, &cells, &columns(0..600), &classes);
        let mut parts = SegmentSums::new(layout.clone());
        for part in [0..1, 1..250, 250..600] {
            parts.add(&cells[part.clone()], &columns(part.clone()), &classes[part], None);
        }
        assert_eq!(format!("{:?}", parts.finish()), format!("{whole:?}"));
        let grid = Grid { features: vec![super::super::grid::Feature { lo: 0.0, hi: 9.0 }; 2] };
        let whole = CellProducts::from_segment(&grid, &cells, &columns(0..600));
        let mut parts = SegmentProducts::new();
        for part in [0..299, 299..600] {
            parts.add(&grid, &cells[part.clone()], &columns(part), None);
        }
        assert_eq!(format!("{:?}", parts.finish()), format!("{whole:?}"));
        // A row that comes many times.
        let (long, short) = ([0.1; 5000], [0.1]);
        let columns = |values| [FeatureColumn { values, valid: None }];
        let layout = CellLayout { specials: vec![true], target: false, classes: 0 };
        let whole = CellSums::from_segment(&layout, &[4; 5000], &columns(&long), &[]);
        let mut parts = SegmentSums::new(layout);
        parts.add(&[4], &columns(&short), &[], Some(&[5000]));
        assert_eq!(format!("{:?}", parts.finish()), format!("{whole:?}"));
    }
}
