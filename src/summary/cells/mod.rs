//! Cells of rows and their condensed samples (spec, chapter 5).

pub(crate) mod bits;
pub(crate) mod condensed;
pub(crate) mod grid;
pub(crate) mod keys;
pub(crate) mod labels;
pub(crate) mod map;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod runs;
pub(crate) mod sample;
pub(crate) mod section;
pub(crate) mod spill;
pub(crate) mod sums;
#[cfg(test)]
mod tests;
