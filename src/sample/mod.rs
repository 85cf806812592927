//! What models are trained on: condensed samples, moments, and epochs drawn from the rows.

mod classes;
mod condensed;
mod draw;
mod epoch;
mod epochs;
mod moments;
mod permutation;
pub(crate) mod random;
mod weights;

pub use classes::{ClassList, Classes, FileClasses};
pub use condensed::CondensedSamples;
pub use draw::{Amount, Draw};
pub use epoch::Epoch;
pub use epochs::{Epochs, State};
pub use moments::ColumnMoments;
pub use weights::Weights;
