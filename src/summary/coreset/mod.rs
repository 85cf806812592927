//! The exact coreset (spec, section 9).

pub(crate) mod check;
pub(crate) mod section;
pub(crate) mod select;
pub(crate) mod summary;
