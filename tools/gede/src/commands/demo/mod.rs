//! `gede demo`: a tour in a few seconds.

mod random_rows;
mod safety;
mod size;
mod training;

use crate::output::{count, json, print};
use arrow::array::UInt64Array;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::record_batch::RecordBatch;
use gede::arrow::ArrowTable;
use gede::internal::TemporaryFolder;
use gede::write::{Options, TargetKind};
use gede::{Error, ErrorKind, Result, Writer};
use random_rows::RandomRows;
use safety::Safety;
use serde_json::json;
use size::Size;
use std::path::{Path, PathBuf};
use training::Training;

/// The California Housing table.
const CALIFORNIA: &[u8] = include_bytes!("../../../../../tests/data/california.parquet");
const TARGET: &str = "MedHouseVal";

const FAREWELL: &str = "
Now yours
  gede convert table.parquet table.gede --target COLUMN
  gede info table.gede
  gede train linear table.gede
";

/// Convert a bundled table, verify it, read random rows and train on it, in a few seconds
#[derive(clap::Args)]
pub struct Demo {}

/// The table, and a folder that goes away with its files.
struct Stage {
    folder: TemporaryFolder,
    rows: RecordBatch,
    parquet: PathBuf,
    gede: PathBuf,
}

impl Demo {
    pub fn run(&self, as_json: bool) -> Result<()> {
        let show = |text: String| if as_json { Ok(()) } else { print(&text) };
        let stage = Stage::set()?;
        let features = stage.rows.num_columns() - 1;
        let rows = count(stage.rows.num_rows() as u64);
        show(format!(
            "California Housing, 1990: {rows} rows of {features} features and a target, float64\n"
        ))?;
        let size = Size::measure(&stage)?;
        show(size.text())?;
        let safety = Safety::measure(&stage)?;
        show(safety.text())?;
        let random_rows = RandomRows::measure(&stage)?;
        show(random_rows.text())?;
        let training = Training::measure(&stage)?;
        show(training.text())?;
        if as_json {
            let all =
                json!({ "size": size, "safety": safety, "random_rows": random_rows, "training": training });
            return json(&all);
        }
        print(FAREWELL)
    }
}

impl Stage {
    fn set() -> Result<Self> {
        let folder = TemporaryFolder::new(&std::env::temp_dir())?;
        let parquet = folder.path().join("california.parquet");
        std::fs::write(&parquet, CALIFORNIA).map_err(|e| Error::io(parquet.display(), e))?;
        let table = ArrowTable::open(&parquet)?;
        let batches = table.record_batches()?.collect::<Result<Vec<_>>>()?;
        let rows = concat_batches(table.arrow(), &batches).map_err(unexpected)?;
        let gede = folder.path().join("california.gede");
        Ok(Self { folder, rows, parquet, gede })
    }

    /// Converts a table as `gede convert --target MedHouseVal` does.
    fn convert(table: &ArrowTable, path: &Path) -> Result<()> {
        let options = Options::default().with_target(TARGET, TargetKind::Auto);
        Writer::new(options.clone()).write(path, table).map(drop)
    }

    /// Some of the rows, in the order given.
    fn some(&self, rows: &[u64]) -> Result<RecordBatch> {
        take_record_batch(&self.rows, &UInt64Array::from(rows.to_vec())).map_err(unexpected)
    }
}

/// An error that the bundled table does not cause.
fn unexpected(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Input, error.to_string())
}
