//! Runs the tool in a temporary folder.
#![allow(clippy::unwrap_used, dead_code)]

mod folder;

pub use folder::Folder;
use std::path::Path;

/// The program that `folder` runs.
const NAME: &str = "gede";
const BINARY: &str = env!("CARGO_BIN_EXE_gede");

/// The table of the demo.
pub const CALIFORNIA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/california.parquet");

impl Folder {
    /// Converts the table of the demo to `c.gede`.
    pub fn california(&self) {
        self.fine(&format!("convert {CALIFORNIA} c.gede --target MedHouseVal"));
    }
}

/// All rows of a Parquet file.
pub fn parquet(path: impl AsRef<Path>) -> arrow::record_batch::RecordBatch {
    let file = std::fs::File::open(path).unwrap();
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = builder.schema().clone();
    let batches = builder.build().unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}
