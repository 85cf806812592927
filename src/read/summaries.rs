//! The summaries that a file stores, as users see them: an accessor for each.

use crate::error::Result;
use crate::files::byte_source::ByteSource;
use crate::read::reader::Reader;
use crate::summary::coreset::section::CoresetSection;
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

/// Few rows, with weights, that have the second moments of all rows without a missing or non-finite value: least squares,
/// ridge and every step of gradient descent on them are those on all.
#[derive(Clone, Debug, PartialEq)]
pub struct CoresetRows {
    /// Names of the d features.
    pub features: Vec<String>,
    /// Name of the target.
    pub target: String,
    /// The features, m x d, row by row.
    pub x: Vec<f64>,
    /// The target, one a row.
    pub y: Vec<f64>,
    /// Weights, one a row, all positive: their sum is the number of rows.
    pub weights: Vec<f64>,
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

    /// The coreset, if the file was written with one.
    ///
    /// # Errors
    /// `Corrupt` or `Io`.
    pub fn coreset(&self) -> Result<Option<CoresetRows>> {
        let Some(section) = self.summary::<CoresetSection>()? else { return Ok(None) };
        let name = |n: &u32| self.schema().nodes().get(*n as usize).map_or(String::new(), |n| n.name.clone());
        let mut features: Vec<String> = section.columns.iter().map(name).collect();
        let Some(target) = features.pop() else { return Ok(None) };
        let mut coreset = CoresetRows { features, target, x: Vec::new(), y: Vec::new(), weights: Vec::new() };
        for row in section.values.chunks_exact(section.columns.len() + 1) {
            if let [x @ .., y, weight] = row {
                coreset.x.extend_from_slice(x);
                coreset.y.push(*y);
                coreset.weights.push(*weight);
            }
        }
        Ok(Some(coreset))
    }
}
