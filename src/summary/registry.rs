//! The kinds of summaries.

use crate::summary::coreset::section::CoresetSection;
use crate::summary::covariances::section::CovariancesSection;
use crate::summary::kind::SummaryKind;
use crate::summary::moments::section::MomentsSection;

/// All kinds, in the order of their features.
pub(crate) static SUMMARIES: [SummaryKind; 3] = [
    SummaryKind::of::<MomentsSection>(),
    SummaryKind::of::<CovariancesSection>(),
    SummaryKind::of::<CoresetSection>(),
];
