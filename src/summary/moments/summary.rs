//! Moments as a summary.

use crate::error::Result;
use crate::format::directory::{Feature, SectionKind};
use crate::format::part::FilePart;
use crate::format::schema::Schema;
use crate::summary::kind::{RowCheck, Summary};
use crate::summary::moments::check::MomentSums;
use crate::summary::moments::plan::MomentPlan;
use crate::summary::moments::section::MomentsSection;

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
