//! The exact coreset (spec, section 6).

pub(crate) mod check;
pub(crate) mod section;
pub(crate) mod select;
pub(crate) mod summary;
