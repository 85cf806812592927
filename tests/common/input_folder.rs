//! Files of any content, and how they are refused.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use gede::ErrorKind;
use gede::arrow::ArrowTable;

/// A folder of files to be read.
pub struct Folder(pub tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// What is wrong with a file.
    pub fn refused(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.file(name, content);
        let error = ArrowTable::open(&path).err().unwrap_or_else(|| panic!("{name} was opened"));
        let message = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Input, "{message}");
        assert!(message.contains(name), "{message}");
        assert!(!message.contains('\n'), "{message}");
        message
    }
}
