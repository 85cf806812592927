//! Covariances of the rows of each cell (spec, section 7).

pub(crate) mod products;
pub(crate) mod section;
