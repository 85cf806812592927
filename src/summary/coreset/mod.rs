//! The exact coreset (spec, chapter 6).

pub(crate) mod check;
pub(crate) mod section;
pub(crate) mod select;
pub(crate) mod summary;
