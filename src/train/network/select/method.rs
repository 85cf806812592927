//! The entry of a method in the registry.

use super::{Choice, SelectionContext, StepInfo};
use crate::error::Result;
use crate::sample::{Amount, Classes, Draw};

/// Epochs between two selections of the methods that select more than once, as in the paper.
pub(super) const EVERY: u64 = 20;

/// A method that selects rows: one of [`METHODS`](super::METHODS), or a user's own.
pub trait Select {
    /// Selects the rows to train on from an epoch on.
    ///
    /// # Errors
    /// The method's; the run ends with it.
    fn choose(&mut self, context: &SelectionContext) -> Result<Choice>;

    /// Called with the rows of every step and their logits from before it.
    ///
    /// # Errors
    /// The method's; the run ends with it.
    fn on_step(&mut self, step: &StepInfo) -> Result<()> {
        let _ = step;
        Ok(())
    }
}

/// A method that yields the rows of a network's epochs.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Name on the command line and in results.
    pub name: &'static str,
    /// Name in the literature.
    pub title: &'static str,
    /// One line on the rows it yields, without a full stop.
    pub about: &'static str,
    /// How often it selects, and its needs: networks trained first, held-out images, a file stored by class.
    pub note: &'static str,
    /// True if an epoch has the share of the images that the user asks for; false if the method decides.
    pub takes_share: bool,
    /// The origin of the rows.
    pub source: RowSource,
}

/// The origin of a method's rows.
#[derive(Clone, Copy, Debug)]
pub enum RowSource {
    /// Drawn from so many rows.
    Drawn(fn(u64) -> Draw<'static>),
    /// Drawn from the rows of each class; the file must be stored by class.
    DrawnByClass(for<'a> fn(&'a dyn Classes) -> Draw<'a>),
    /// Selected, so much of all rows.
    Selected(fn(Amount) -> Box<dyn Select>),
}

impl Method {
    /// True if it selects rows, false if it draws them.
    pub fn selects(&self) -> bool {
        matches!(self.source, RowSource::Selected(_))
    }

    /// The share of the images in an epoch, if the user asks for `fraction`: all images where the method decides itself.
    pub fn share(&self, fraction: f64) -> f64 {
        if self.takes_share { fraction } else { 1.0 }
    }

    /// The line of help: what it yields, and the note.
    pub fn help(&self) -> String {
        format!("{}; {}", self.about, self.note)
    }
}
