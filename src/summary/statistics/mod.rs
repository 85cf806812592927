//! Statistics: a table of a row a segment and one of the file, which filters and aggregates read in place of the rows
//! (spec, chapter 4.7).

pub(crate) mod distinct;
pub(crate) mod layout;
pub(crate) mod measure;
pub(crate) mod stored;
pub(crate) mod strings;
pub(crate) mod table;

use crate::format::features::Feature;

/// The feature of files with statistics.
pub(crate) const FEATURE: Feature = Feature::optional(37, "statistics");

/// Whether a file has statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatisticsPolicy {
    /// If they take at most one hundredth of the file.
    #[default]
    Auto,
    /// Whatever they take.
    Always,
    /// Not at all.
    Never,
}
