//! Runs the lab in a folder of its own.
#![allow(clippy::unwrap_used, dead_code)]

use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder in which the lab runs.
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_gede-lab"));
        command.current_dir(self.0.path()).args(arguments.split_whitespace());
        command
    }

    /// Runs it.
    pub fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Its standard output when all is well.
    pub fn fine(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gede-lab {arguments}: {complaint}");
        assert_eq!(complaint, "", "gede-lab {arguments}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON that it prints when all is well.
    pub fn json(&self, arguments: &str) -> serde_json::Value {
        serde_json::from_str(&self.fine(&format!("{arguments} --json"))).unwrap()
    }

    /// The one line with which it refuses, or fails; no file comes or goes meanwhile.
    pub fn refused(&self, arguments: &str, code: i32) -> String {
        let before = self.names();
        let output = self.run(arguments);
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "gede-lab {arguments}: {line}");
        assert_eq!(self.names(), before, "gede-lab {arguments}");
        assert!(line.starts_with("gede-lab: ") && line.ends_with('\n'), "gede-lab {arguments}: {line:?}");
        assert_eq!(line.lines().count(), 1, "gede-lab {arguments}: {line}");
        line
    }
}
