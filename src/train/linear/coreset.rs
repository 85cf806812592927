//! The exact coreset of a file's rows.

use super::Dataset;
use crate::error::{Error, Result};
use crate::read::ByteSource;
use crate::read::reader::Reader;
use crate::sample::CoresetRows;
use crate::summary::coreset::select::Coreset;
use crate::train::file_numbers::each_row;

impl Coreset {
    /// The coreset of the rows of a file, read in order. Rows with a value that is missing or not finite are left out.
    ///
    /// # Errors
    /// As [`new`](Self::new); `Argument` for a column that is not there or not numeric, or where no rows are left;
    /// `Corrupt` or `Io`.
    pub fn select<S: ByteSource>(reader: &Reader<S>, features: &[String], target: &str) -> Result<Dataset> {
        let (mut n, mut means, mut squares) =
            (0.0, vec![0.0; features.len() + 1], vec![0.0; features.len() + 1]);
        let finite = |x: &[f64], y: f64| y.is_finite() && x.iter().all(|v| v.is_finite());
        each_row(reader, features, Some(target), &mut |x, y| {
            if finite(x, y) {
                n += 1.0;
                for ((mean, square), v) in means.iter_mut().zip(&mut squares).zip(x.iter().chain([&y])) {
                    let off = v - *mean;
                    *mean += off / n;
                    *square += off * (v - *mean);
                }
            }
        })?;
        if n == 0.0 {
            return Err(Error::argument("no usable rows to choose a coreset from"));
        }
        let centre = means.into_iter().zip(squares).map(|(mean, square)| (mean, (square / n).sqrt()));
        let mut coreset = Self::new(centre.collect())?;
        each_row(reader, features, Some(target), &mut |x, y| {
            if finite(x, y) {
                coreset.add(x, y, 1.0);
            }
        })?;
        let (x, y, weights) = coreset.finish();
        Dataset::new(features.to_vec(), target.to_owned(), x, y, Some(weights))
    }
}

impl Dataset {
    /// The rows of a coreset that a file stores.
    ///
    /// # Errors
    /// `Argument` if they do not fit together.
    pub fn from_coreset(coreset: CoresetRows) -> Result<Self> {
        let CoresetRows { features, target, x, y, weights } = coreset;
        Self::new(features, target, x, y, Some(weights))
    }
}
