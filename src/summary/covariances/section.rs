//! The section of the covariances of cells.

use crate::error::{Error, Result};
use crate::format::features::Feature;
use crate::format::part::FilePart;
use crate::format::schema::Schema;
use crate::format::sections::SectionKind;
use crate::summary::kind::{RowCheck, Summary};

/// The section's content: for each cell the upper triangle of its features' covariances, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CovariancesSection(pub Vec<f32>);

impl Summary for CovariancesSection {
    const SECTION: SectionKind = SectionKind(8);
    const FEATURE: Feature = Feature::optional(35, "cell covariances");
    const PART: FilePart = FilePart::Condensed;

    fn parse(bytes: &[u8], _: &Schema) -> Result<Self> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        let numbers: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if !rest.is_empty() || !numbers.iter().all(|v| v.is_finite()) {
            return Err(Error::corrupt("the covariances of cells are not finite numbers"));
        }
        Ok(Self(numbers))
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    /// Cells check their covariances beside their samples.
    fn check(self, _: &Schema) -> Result<Option<Box<dyn RowCheck>>> {
        Ok(None)
    }

    fn merge(mut self, other: Self) -> Result<Option<Self>> {
        self.0.extend(other.0);
        Ok(Some(self))
    }
}
