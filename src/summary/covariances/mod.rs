//! Covariances of the rows of each cell (spec, chapter 5).

pub(crate) mod products;
pub(crate) mod section;
