//! The rows of one epoch.

use std::borrow::Cow;

use super::random::{below, from, stream};
use super::{Classes, Draw, Weights, permutation::Permutation};
use crate::error::{Error, Result};
use rand_chacha::ChaCha8Rng;

/// The rows of one epoch, each found by itself in O(1) (O(log n) with weights): an epoch is as large in
/// memory whatever its length, `Draw::WeightedOnce` aside.
pub struct Epoch<'a> {
    number: u64,
    rows: u64,
    order: Order<'a>,
}

debug_fields!(['a] Epoch { number, rows });

/// Rule that gives the row at a position.
enum Order<'a> {
    Uniform(Permutation),
    Replacement { stream: ChaCha8Rng, rows: u64 },
    Walk { start: u64, rows: u64, walks: [Permutation; 2] },
    Balanced(Balanced<'a>),
    Weighted { stream: ChaCha8Rng, weights: &'a Weights },
    List { rows: Cow<'a, [u64]>, order: Permutation },
}

impl<'a> Epoch<'a> {
    /// Epoch `number` of `count` rows.
    pub(crate) fn new(draw: Draw<'a>, count: u64, seed: u64, number: u64) -> Self {
        let stream = |part| stream(seed, number, part, 0);
        let order = match draw {
            Draw::Uniform(rows) => Order::Uniform(Permutation::new(rows, &mut stream(0))),
            Draw::Replacement(rows) => Order::Replacement { stream: stream(0), rows },
            Draw::Walk(rows) => {
                let drawn = u128::from(number) * u128::from(count);
                let walk = (drawn / u128::from(rows)) as u64; // at most `number`: count is at most rows
                let walks = [walk, walk.wrapping_add(1)];
                let walks = walks.map(|w| Permutation::new(rows, &mut super::random::stream(seed, w, 0, 0)));
                Order::Walk { start: (drawn % u128::from(rows)) as u64, rows, walks }
            }
            Draw::Balanced(classes) => Order::Balanced(Balanced::new(classes, count, seed, number)),
            Draw::Weighted(weights) => Order::Weighted { stream: stream(0), weights },
            Draw::WeightedOnce(weights) => Order::List {
                rows: weights.draw_out(count, &mut stream(0)).into(),
                order: Permutation::new(count, &mut stream(1)),
            },
            Draw::Listed(rows) => {
                Order::List { rows: rows.into(), order: Permutation::new(rows.len() as u64, &mut stream(0)) }
            }
        };
        Self { number, rows: count, order }
    }

    /// Its number; the first is 0.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Its length in rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The row at a position of the epoch.
    ///
    /// # Errors
    /// `Argument` if the epoch ends before; what `Classes::row` brings.
    pub fn row(&self, at: u64) -> Result<u64> {
        if at >= self.rows {
            return Err(Error::argument(format!("an epoch of {} rows has none at {at}", self.rows)));
        }
        Ok(match &self.order {
            Order::Uniform(order) => order.place(at),
            Order::Replacement { stream, rows } => below(&mut from(stream, at), *rows),
            Order::Walk { start, rows, walks: [first, second] } => match start + at {
                at if at < *rows => first.place(at),
                at => second.place(at - rows),
            },
            Order::Balanced(balanced) => balanced.row(at)?,
            Order::Weighted { stream, weights } => weights.draw(&mut from(stream, at)),
            Order::List { rows, order } => rows[order.place(at) as usize],
        })
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Result<u64>> + '_ {
        (0..self.rows).map(|at| self.row(at))
    }
}

/// An epoch with as many rows of every class.
struct Balanced<'a> {
    classes: &'a dyn Classes,
    /// Classes that have rows.
    present: Vec<usize>,
    /// Rows of every class.
    each: u64,
    /// The first of the classes that have one more; the others follow, in a circle.
    first_extra: u64,
    order: Permutation,
    seed: u64,
    number: u64,
}

impl<'a> Balanced<'a> {
    fn new(classes: &'a dyn Classes, count: u64, seed: u64, number: u64) -> Self {
        let present: Vec<usize> = (0..classes.classes()).filter(|&c| classes.rows(c) > 0).collect();
        let among = (present.len() as u64).max(1);
        let before = u128::from(number) * u128::from(count % among);
        Self {
            classes,
            present,
            each: count / among,
            first_extra: (before % u128::from(among)) as u64,
            order: Permutation::new(count, &mut stream(seed, number, 0, 0)),
            seed,
            number,
        }
    }

    /// Slots are ordered class by class, then the extra ones; positions are slots in random order.
    fn row(&self, at: u64) -> Result<u64> {
        let among = self.present.len() as u64;
        let slot = self.order.place(at);
        let (class, turn) = match slot.checked_sub(self.each * among) {
            Some(extra) => ((self.first_extra + extra) % among.max(1), self.each),
            None => (slot / self.each, slot % self.each),
        };
        let class = self.present[class as usize];
        let rows = self.classes.rows(class).max(1);
        let random = &mut stream(self.seed, self.number, class as u64 + 1, turn / rows);
        self.classes.row(class, Permutation::new(rows, random).place(turn % rows))
    }
}
