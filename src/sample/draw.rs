//! How an epoch draws its rows, and how many.

use super::{Classes, Weights};
use crate::error::{Error, Result};

/// Most rows that can be drawn from.
const MAX_ROWS: u64 = 1 << 62;

/// Way in which the rows of an epoch are drawn. In every epoch the rows come in uniformly random
/// order, wherever in the file they are.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Draw<'a> {
    /// A fresh random subset each epoch: rows `0..n`, each at most once an epoch. O(1) memory.
    Uniform(u64),
    /// Rows `0..n`, each draw independent of all others. O(1) memory.
    Replacement(u64),
    /// RS2 without replacement: one random permutation of `0..n` is walked through, epoch after epoch,
    /// until it is used up; then comes another one. Every row comes once a walk. An epoch in which one
    /// walk ends and the next begins may have a row twice. O(1) memory.
    Walk(u64),
    /// As many rows of every class that has any. Where the epoch cannot be divided, the rest goes to
    /// some classes, one row each, to others in turn in the next epoch. A class's rows come once before
    /// any comes twice.
    Balanced(&'a dyn Classes),
    /// Each draw independent, in proportion to the rows' weights.
    Weighted(&'a Weights),
    /// Rows drawn one after the other in proportion to the weights of those not yet drawn, each at most
    /// once; O(n) memory for an epoch.
    WeightedOnce(&'a Weights),
    /// Rows of a list, such as a selection of the best ones; each at most as often an epoch as it is in the list.
    Listed(&'a [u64]),
}

impl std::fmt::Debug for Draw<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Uniform(rows) => write!(f, "Uniform({rows})"),
            Self::Replacement(rows) => write!(f, "Replacement({rows})"),
            Self::Walk(rows) => write!(f, "Walk({rows})"),
            Self::Balanced(_) => f.write_str("Balanced(..)"),
            Self::Weighted(_) => f.write_str("Weighted(..)"),
            Self::WeightedOnce(_) => f.write_str("WeightedOnce(..)"),
            Self::Listed(rows) => write!(f, "Listed({} rows)", rows.len()),
        }
    }
}

impl Draw<'_> {
    /// Rows that there are to draw from.
    ///
    /// # Errors
    /// `Argument` for none, and for more than 2^62.
    pub fn rows(&self) -> Result<u64> {
        let rows = match self {
            Self::Uniform(rows) | Self::Replacement(rows) | Self::Walk(rows) => Some(*rows),
            Self::Balanced(classes) => {
                (0..classes.classes()).try_fold(0u64, |sum, class| sum.checked_add(classes.rows(class)))
            }
            Self::Weighted(weights) | Self::WeightedOnce(weights) => Some(weights.rows()),
            Self::Listed(rows) => Some(rows.len() as u64),
        };
        match rows {
            Some(0) => Err(Error::argument("there are no rows to draw from")),
            Some(rows) if rows <= MAX_ROWS => Ok(rows),
            _ => Err(Error::argument("more than 2^62 rows cannot be drawn from")),
        }
    }

    /// Most rows of an epoch; none if there is no limit.
    fn most(&self) -> Option<u64> {
        match self {
            Self::Uniform(rows) | Self::Walk(rows) => Some(*rows),
            Self::WeightedOnce(weights) => Some(weights.positive()),
            Self::Listed(rows) => Some(rows.len() as u64),
            _ => None,
        }
    }
}

/// How many rows an epoch has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// So many, at least 1.
    Count(u64),
    /// This share of all rows, rounded to the nearest count (halves up), at least 1 row.
    Fraction(f64),
}

impl Amount {
    /// Rows of an epoch of a draw.
    ///
    /// # Errors
    /// `Argument` for no rows at all, for a fraction that is not a positive number, and for more rows
    /// than can be drawn without drawing one twice.
    pub(crate) fn of(self, draw: &Draw) -> Result<u64> {
        let rows = draw.rows()?;
        let count = match self {
            Self::Count(count) => count,
            Self::Fraction(1.0) => rows,
            Self::Fraction(f) if f.is_finite() && f > 0.0 => ((f * rows as f64).round() as u64).max(1),
            Self::Fraction(f) => {
                return Err(Error::argument(format!("a fraction of {f} is no share of the rows")));
            }
        };
        match draw.most() {
            Some(most) if count > most => Err(Error::argument(format!(
                "an epoch of {count} rows cannot be drawn from {most} without repeating one"
            ))),
            _ if count == 0 => Err(Error::argument("an epoch has at least one row")),
            _ if count > MAX_ROWS => Err(Error::argument("an epoch has at most 2^62 rows")),
            _ => Ok(count),
        }
    }
}
