//! Runs the tool in a folder of its own.
#![allow(clippy::unwrap_used, dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The table of the demo.
pub const CALIFORNIA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/california.parquet");

/// A folder in which the tool runs.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// The names in the folder, hidden ones too, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gede"));
        command.current_dir(self.0.path()).args(arguments.split_whitespace());
        command
    }

    /// Runs the tool.
    pub fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What the tool prints when all is well.
    pub fn fine(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gede {arguments}: {complaint}");
        assert_eq!(complaint, "", "gede {arguments}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON that the tool prints when all is well.
    pub fn json(&self, arguments: &str) -> serde_json::Value {
        serde_json::from_str(&self.fine(&format!("{arguments} --json"))).unwrap()
    }

    /// The one line with which the tool refuses, or fails; no file comes or goes meanwhile.
    pub fn refused(&self, arguments: &str, code: i32) -> String {
        let before = self.names();
        let output = self.run(arguments);
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "gede {arguments}: {line}");
        assert_eq!(self.names(), before, "gede {arguments}");
        assert!(line.starts_with("gede: ") && line.ends_with('\n'), "gede {arguments}: {line:?}");
        assert_eq!(line.lines().count(), 1, "gede {arguments}: {line}");
        line
    }

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
