//! The files of a folder, without those that systems leave in every folder.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::super::all_entries;
use crate::error::Result;

/// Names of files that systems and programs leave in folders.
const LEFT_BEHIND: [&str; 6] =
    ["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "system volume information"];

/// Ends of the names of notes, lists and programs that come with sets of pictures.
const NOTES: [&str; 20] = [
    "txt", "md", "rst", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml", "html", "htm", "pdf", "doc",
    "docx", "rtf", "log", "py", "sh", "url",
];

/// Names of notes without an end.
const NOTE_NAMES: [&str; 4] = ["readme", "license", "licence", "copying"];

/// How many names are said.
const SAID: usize = 3;

/// Files that were passed over, in the order in which they were met.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    count: usize,
    names: Vec<String>,
}

impl Passed {
    /// Passes a file of a set over.
    pub fn add(&mut self, set: &Path, file: &Path) {
        let name = file.strip_prefix(set).unwrap_or(file);
        self.name(|| name.display().to_string());
    }

    /// Passes something over that has a name.
    pub fn name(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.names.len() < SAID {
            self.names.push(name());
        }
    }

    /// One line: how many, of what, and the first names. None if there are none.
    pub fn note(&self, one: &str, many: &str) -> Option<String> {
        let (count, names) = (self.count, self.names.join(", "));
        let what = if count == 1 { one } else { many };
        let rest = if count > self.names.len() { ", ..." } else { "" };
        (count > 0).then(|| format!("passed over {count} {what}: {names}{rest}"))
    }
}

/// The entries of a set's folder, in the order of names; those that are no data go to `passed`, except files in `kept`.
pub fn entries(set: &Path, folder: &Path, kept: &[&str], passed: &mut Passed) -> Result<Vec<PathBuf>> {
    let mut entries = all_entries(folder)?;
    entries.retain(|path| {
        let keep = path.file_name().is_some_and(|name| kept.iter().any(|k| name == *k)) || !is_passed(path);
        if !keep {
            passed.add(set, path);
        }
        keep
    });
    Ok(entries)
}

fn is_passed(path: &Path) -> bool {
    let lower = |name: &OsStr| name.to_string_lossy().to_ascii_lowercase();
    let name = path.file_name().map(lower).unwrap_or_default();
    let extension = path.extension().map(lower);
    let is_note = match extension {
        Some(extension) => NOTES.contains(&extension.as_str()),
        None => NOTE_NAMES.contains(&name.as_str()),
    };
    name.starts_with('.') || LEFT_BEHIND.contains(&name.as_str()) || is_note && !path.is_dir()
}
