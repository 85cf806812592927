//! Summaries: sections that describe the rows of a file, and how they are computed (spec, sections 5 to 8).

pub(crate) mod cells;
pub(crate) mod coreset;
pub(crate) mod covariances;
pub(crate) mod features;
pub(crate) mod image_errors;
pub(crate) mod kind;
pub(crate) mod moments;
pub(crate) mod numbers;
pub(crate) mod registry;
pub(crate) mod sample_index;
