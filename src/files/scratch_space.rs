//! The place where a writer makes its scratch files.

use std::io;
use std::path::PathBuf;

use crate::files::file_system::FileSystem;
use crate::files::scratch::Scratch;

/// The place where a writer makes its scratch files.
#[derive(Clone)]
pub(crate) struct ScratchSpace<'s> {
    pub file_system: &'s dyn FileSystem,
    pub folder: PathBuf,
    /// The file that is written, for messages; none if files are only read.
    pub target: Option<PathBuf>,
}

impl ScratchSpace<'_> {
    /// A new file.
    pub fn file(&self) -> io::Result<Box<dyn Scratch>> {
        self.file_system.scratch(&self.folder)
    }

    /// The words for what is being done here, for an error of it.
    pub fn doing(&self, what: &str) -> String {
        let folder = self.folder.display();
        match &self.target {
            Some(target) => format!("cannot write {}: {what} in {folder}", target.display()),
            None => format!("{what} in {folder}"),
        }
    }
}
