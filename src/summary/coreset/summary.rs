//! The coreset as a summary.

use crate::error::Result;
use crate::format::features::Feature;
use crate::format::part::FilePart;
use crate::format::schema::Schema;
use crate::format::sections::SectionKind;
use crate::summary::coreset::check::CoresetSums;
use crate::summary::coreset::section::CoresetSection;
use crate::summary::kind::{RowCheck, Summary};

impl Summary for CoresetSection {
    const SECTION: SectionKind = SectionKind(9);
    const FEATURE: Feature = Feature::optional(36, "coreset");
    const PART: FilePart = FilePart::Condensed;

    fn parse(bytes: &[u8], schema: &Schema) -> Result<Self> {
        Self::read(bytes, schema.nodes().len())
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.bytes()
    }

    fn check(self, schema: &Schema) -> Result<Option<Box<dyn RowCheck>>> {
        Ok(Some(Box::new(CoresetSums::new(self, schema)?)))
    }

    /// Two coresets are more rows than one may have.
    fn merge(self, _: Self) -> Result<Option<Self>> {
        Ok(None)
    }
}
