//! Moments of the numeric columns (spec, chapter 6).

pub(crate) mod check;
pub(crate) mod column;
pub(crate) mod double;
pub(crate) mod matrix;
pub(crate) mod plan;
pub(crate) mod section;
pub(crate) mod summary;
pub(crate) mod sums;
#[cfg(test)]
mod tests;
