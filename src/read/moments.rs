//! Moments of a file's numeric columns.

use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::read::reader::Reader;
use crate::summary::moments::matrix::Moments;
use crate::summary::moments::section::MomentsSection;

/// Moments, and the columns they are of.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnMoments {
    /// Names of the columns: features, then the target if there is one.
    pub columns: Vec<String>,
    /// The last column is the target.
    pub target: bool,
    /// The sums.
    pub moments: Moments,
}

impl<S: ByteSource> Reader<S> {
    /// The moments of the numeric columns, if the file has them: least squares needs nothing else.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn moments(&self) -> Result<Option<ColumnMoments>> {
        let Some(section) = self.summary::<MomentsSection>()? else { return Ok(None) };
        let name = |&(n, _): &(u32, u32)| {
            self.schema().nodes().get(n as usize).map_or(String::new(), |n| n.name.clone())
        };
        Ok(Some(ColumnMoments {
            columns: section.columns.iter().map(name).collect(),
            target: section.target,
            moments: section.moments()?,
        }))
    }
}
