//! Runs a program of this repository in a temporary folder. The tool's tests and the lab's share this file: the module
//! that includes it names the program.

use super::{BINARY, NAME};
use std::path::PathBuf;
use std::process::{Command, Output};

/// The folder in which the program runs.
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

    /// The sorted names of the entries, hidden ones included.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(BINARY);
        command.current_dir(self.0.path()).args(arguments.split_whitespace());
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the program, which must succeed without a word on standard error. Returns its standard output.
    pub fn fine(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{NAME} {arguments}: {complaint}");
        assert_eq!(complaint, "", "{NAME} {arguments}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same with `--json`, parsed.
    pub fn json(&self, arguments: &str) -> serde_json::Value {
        serde_json::from_str(&self.fine(&format!("{arguments} --json"))).unwrap()
    }

    /// Runs the program, which must exit with `code`, print one line on standard error, and create or remove no file.
    /// Returns the line.
    pub fn refused(&self, arguments: &str, code: i32) -> String {
        let before = self.names();
        let output = self.run(arguments);
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{NAME} {arguments}: {line}");
        assert_eq!(self.names(), before, "{NAME} {arguments}");
        assert!(
            line.starts_with(&format!("{NAME}: ")) && line.ends_with('\n'),
            "{NAME} {arguments}: {line:?}"
        );
        assert_eq!(line.lines().count(), 1, "{NAME} {arguments}: {line}");
        line
    }
}
