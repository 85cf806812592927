//! The kinds of summaries.

use crate::format::directory::Feature;
use crate::summary::cells;
use crate::summary::coreset::section::CoresetSection;
use crate::summary::covariances::section::CovariancesSection;
use crate::summary::kind::SummaryKind;
use crate::summary::moments::section::MomentsSection;
use crate::summary::sample_index;

/// All kinds, in the order of their features.
pub(crate) static SUMMARIES: [SummaryKind; 3] = [
    SummaryKind::of::<MomentsSection>(),
    SummaryKind::of::<CovariancesSection>(),
    SummaryKind::of::<CoresetSection>(),
];

/// The features of all summaries, and of the order of the rows.
pub(crate) fn features() -> Vec<Feature> {
    let kinds = SUMMARIES.iter().map(|kind| kind.feature);
    kinds.chain([sample_index::FEATURE, cells::section::FEATURE]).collect()
}
