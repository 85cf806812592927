//! Summaries: sections that describe the rows of a file, and how they are computed (spec, chapters 5 to 8).

pub(crate) mod cells;
pub(crate) mod coreset;
pub(crate) mod covariances;
pub(crate) mod features;
pub(crate) mod image_errors;
pub(crate) mod kind;
pub(crate) mod moments;
pub(crate) mod numbers;
pub(crate) mod options;
pub(crate) mod sample_index;
pub(crate) mod statistics;

use coreset::section::CoresetSection;
use covariances::section::CovariancesSection;
use kind::SummaryKind;
use moments::section::MomentsSection;

use crate::format::features::Feature;

/// All kinds. A writer stores the sums of rows in this order.
pub(crate) static SUMMARIES: [SummaryKind; 3] = [
    SummaryKind::of::<MomentsSection>(),
    SummaryKind::of::<CovariancesSection>(),
    SummaryKind::of::<CoresetSection>(),
];

/// The features of all summaries, and of the order of the rows.
pub(crate) fn features() -> Vec<Feature> {
    let kinds = SUMMARIES.iter().map(|kind| kind.feature);
    kinds.chain([sample_index::FEATURE, cells::section::FEATURE, statistics::FEATURE]).collect()
}
