//! Moments as a summary.

use crate::column::values::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::format::features::Feature;
use crate::format::part::FilePart;
use crate::format::schema::Schema;
use crate::format::sections::SectionKind;
use crate::summary::kind::{RowCheck, RowSums, SegmentSum, Summary, SummaryColumns, Terms, ValueLane};
use crate::summary::moments::check::MomentSums;
use crate::summary::moments::matrix::Moments;
use crate::summary::moments::plan::MomentPlan;
use crate::summary::moments::section::MomentsSection;
use crate::summary::options::SummaryOptions;

impl Summary for MomentsSection {
    const SECTION: SectionKind = SectionKind(5);
    const FEATURE: Feature = Feature::optional(34, "moments");
    const PART: FilePart = FilePart::Moments;

    fn parse(bytes: &[u8], schema: &Schema) -> Result<Self> {
        Self::read(bytes, schema.nodes().len())
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.bytes()
    }

    /// Every file has the moments of its numeric columns, if there are not too many.
    fn sums(columns: &SummaryColumns, _: &SummaryOptions) -> Option<Box<dyn RowSums>> {
        let plan = MomentPlan::new(columns.schema, columns.features, columns.target)?;
        let moments = plan.zero();
        Some(Box::new(MomentsOfRows { plan, moments }))
    }

    fn check(self, schema: &Schema) -> Result<Option<Box<dyn RowCheck>>> {
        Ok(Some(Box::new(MomentSums::new(&self, schema)?)))
    }

    fn merge(self, other: Self) -> Result<Option<Self>> {
        let plan = MomentPlan::from_section(&self);
        if plan != MomentPlan::from_section(&other) {
            return Ok(None);
        }
        let mut moments = self.moments()?;
        moments.merge(&other.moments()?)?;
        Ok(Some(plan.section(&moments)))
    }
}

/// The moments of the rows that are written.
pub(crate) struct MomentsOfRows {
    plan: MomentPlan,
    pub moments: Moments,
}

impl RowSums for MomentsOfRows {
    fn terms(&self, schema: &Schema, segment: &Batch, lane: ValueLane) -> Terms {
        let terms = self.plan.terms(schema, segment, lane);
        Box::new(move || Box::new(terms.sum()))
    }

    fn add(&mut self, sum: SegmentSum) -> Result<()> {
        let moments = sum.downcast::<Moments>();
        self.moments
            .merge(&*moments.map_err(|_| Error::new(ErrorKind::Internal, "a sum that is no moments"))?)
    }

    fn section(&self) -> Vec<u8> {
        self.plan.section(&self.moments).to_bytes()
    }
}
