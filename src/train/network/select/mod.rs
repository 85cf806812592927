//! Methods that select the rows a network is trained on, once, every few epochs or every epoch.
//!
//! They know the gradient of a row's loss by the last layer's weights, which is never built
//! ([`Gradients`]: the error of its scores and the layer's input are all of it), or how its scores moved while
//! the network learnt from all rows.

mod ccs;
mod choice;
mod craig;
mod dq;
mod glister;
mod grad_match;
mod gradients;
mod info_batch;
mod pursuit;
mod seen;
mod stage;
mod tdds;

pub use ccs::Ccs;
pub use choice::{Choice, Weighing};
pub use craig::Craig;
pub use dq::Dq;
pub use glister::Glister;
pub use grad_match::GradMatch;
pub use gradients::Gradients;
pub use info_batch::InfoBatch;
pub use seen::Seen;
pub use stage::Stage;
pub use tdds::Tdds;

use crate::error::Result;

/// Epochs between two selections of the methods that select more than once, as in the paper.
const EVERY: u64 = 20;

/// A method that selects rows: one of these, or a user's own.
pub trait Select {
    /// The rows to train on from an epoch on.
    ///
    /// # Errors
    /// The method's; the run ends with it.
    fn choose(&mut self, stage: &Stage) -> Result<Choice>;

    /// Called with the rows of every step and the scores that they had before it.
    ///
    /// # Errors
    /// The method's; the run ends with it.
    fn saw(&mut self, seen: &Seen) -> Result<()> {
        let _ = seen;
        Ok(())
    }
}
