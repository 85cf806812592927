//! What models are trained on: condensed samples and moments.

mod condensed;
mod moments;

pub use condensed::CondensedSamples;
pub use moments::ColumnMoments;
