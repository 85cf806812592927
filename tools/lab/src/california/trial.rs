//! One split of the table into training and test rows, and what can be trained from its file.

use std::path::Path;
use std::time::Instant;

use gede::train::{Dataset, Gram, LinearModel, Split, closed_form};
use gede::write::{CellLimit, Layout, Options, TargetKind};
use gede::{Error, ErrorKind, Reader, Result, Writer};

use crate::table::FloatTable;

/// The column to predict: the median house value of a district, in 100,000 dollars.
pub const TARGET: &str = "MedHouseVal";

/// A split, its rows, and the test error of least squares on all training rows.
pub struct Trial {
    pub split: u64,
    pub table: FloatTable,
    pub train: Dataset,
    pub test: Dataset,
    pub least_squares_mse: f64,
}

/// A gede file of the training rows, measured, and what was read back from it.
pub struct Encoded {
    /// Bits that the cells were cut by.
    pub beta: usize,
    pub file_bytes: u64,
    /// The file's size, in percent of 8 bytes a value.
    pub share: f64,
    pub condensed: Dataset,
    /// Seconds to open the file and read the condensed samples.
    pub condensed_seconds: f64,
    pub gram: Gram,
    /// Seconds to open the file and read the moments.
    pub moments_seconds: f64,
}

impl Trial {
    /// The split of that seed.
    pub fn new(all: &FloatTable, split: u64) -> Result<Self> {
        let rows = Split::new(all.len(), split);
        let table = all.subset(&rows.train)?;
        let train = table.dataset(TARGET)?;
        let test = all.subset(&rows.test)?.dataset(TARGET)?;
        let least_squares_mse = closed_form(&train, 0.0)?.model.mse(&test)?;
        Ok(Self { split, table, train, test, least_squares_mse })
    }

    /// Test error of a model over that of least squares on all training rows.
    pub fn ratio(&self, model: &LinearModel) -> Result<f64> {
        Ok(model.mse(&self.test)? / self.least_squares_mse)
    }

    /// Writes the training rows with at most so many condensed samples to `path`, replacing what is
    /// there, and reads condensed samples and moments back.
    pub fn encode(&self, cells: u64, low_entropy: bool, path: &Path) -> Result<Encoded> {
        let options = Options::default()
            .with_target(TARGET, TargetKind::Value)
            .with_cells(CellLimit::Most(cells))
            .with_low_entropy_cells(low_entropy)
            .with_layout(Layout::Paper)
            .with_overwrite(true);
        let report = Writer::new(options.clone()).write(path, &self.table)?;
        let missing = |what: &str| Error::new(ErrorKind::Input, format!("{}: no {what}", path.display()));

        let begun = Instant::now();
        let condensed = Reader::open(path)?.condensed()?.ok_or_else(|| missing("condensed samples"))?;
        let condensed = Dataset::from_condensed(&condensed)?;
        let condensed_seconds = begun.elapsed().as_secs_f64();

        let begun = Instant::now();
        let gram = Gram::from_moments(&Reader::open(path)?.moments()?.ok_or_else(|| missing("moments"))?)?;
        let moments_seconds = begun.elapsed().as_secs_f64();

        Ok(Encoded {
            beta: report.beta,
            file_bytes: report.file_length,
            share: 100.0 * report.file_length as f64 / self.table.bytes() as f64,
            condensed,
            condensed_seconds,
            gram,
            moments_seconds,
        })
    }
}
