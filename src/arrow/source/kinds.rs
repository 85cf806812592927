//! The kinds of files that hold tables. Detection, the files of folders and `--from` follow from this list.

use std::path::Path;

use super::BatchSource;
use super::csv::{Csv, CsvInput};
use super::ipc::{Ipc, STREAM};
use super::libsvm::{Libsvm, LibsvmInput, looks_like_libsvm};
use super::parquet::Parquet;
use crate::error::Result;

/// A kind of file that holds a table.
pub(crate) struct TableKind {
    /// The name of the kind, for messages.
    pub name: &'static str,
    /// The kind with its usual extensions, for the list of all kinds.
    pub described: &'static str,
    /// The ends of the names of such files.
    pub extensions: &'static [&'static str],
    /// First bytes that show the kind, whatever the file's name.
    pub signatures: &'static [&'static [u8]],
    /// True if text without a known extension looks like the kind.
    pub is_likely: fn(&str) -> bool,
    /// True for text, which may be compressed, and may describe the pictures of its folder.
    pub is_text: bool,
    /// True if the files of a folder may be one table.
    pub is_in_folders: bool,
    /// The options that only this kind takes.
    pub takes: Takes,
    pub open: fn(&Opened) -> Result<Box<dyn BatchSource>>,
}

/// A file that is opened as a table.
pub(crate) struct Opened<'a> {
    pub path: &'a Path,
    /// First bytes of its content.
    pub start: &'a [u8],
    /// The end of its name, or the one that the user's choice of a kind stands for.
    pub extension: &'a str,
    pub csv: &'a CsvInput,
    pub libsvm: &'a LibsvmInput,
}

/// Options that are for one kind alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    Csv,
    Libsvm,
}

/// All kinds, in the order in which messages name them.
pub(crate) static TABLE_KINDS: &[TableKind] = &[
    TableKind {
        name: "Parquet",
        described: "Parquet",
        extensions: &["parquet", "parq", "pq"],
        signatures: &[b"PAR1"],
        is_likely: |_| false,
        is_text: false,
        is_in_folders: true,
        takes: Takes::Nothing,
        open: |file| Ok(Box::new(Parquet::open(file.path)?)),
    },
    TableKind {
        name: "Arrow",
        described: "Arrow IPC",
        extensions: &["arrow", "arrows", "feather", "ipc"],
        signatures: &[b"ARROW1", STREAM],
        is_likely: |_| false,
        is_text: false,
        is_in_folders: true,
        takes: Takes::Nothing,
        open: |file| Ok(Box::new(Ipc::open(file.path, file.start.starts_with(STREAM))?)),
    },
    TableKind {
        name: "CSV",
        described: "CSV (.csv, .tsv)",
        extensions: &["csv", "tsv"],
        signatures: &[],
        is_likely: |_| false,
        is_text: true,
        is_in_folders: true,
        takes: Takes::Csv,
        open: |file| Ok(Box::new(Csv::open(file.path, file.csv, file.extension == "tsv")?)),
    },
    TableKind {
        name: "LIBSVM",
        described: "LIBSVM text",
        extensions: &["libsvm", "svm"],
        signatures: &[],
        is_likely: looks_like_libsvm,
        is_text: true,
        is_in_folders: false,
        takes: Takes::Libsvm,
        open: |file| Ok(Box::new(Libsvm::open(file.path, file.libsvm)?)),
    },
];

impl TableKind {
    /// The kind that first bytes show.
    pub fn by_signature(start: &[u8]) -> Option<&'static Self> {
        TABLE_KINDS.iter().find(|kind| kind.signatures.iter().any(|&signature| start.starts_with(signature)))
    }

    /// The kind that the end of a name shows.
    pub fn by_extension(extension: &str) -> Option<&'static Self> {
        TABLE_KINDS.iter().find(|kind| kind.extensions.contains(&extension))
    }

    /// The kind that text looks like.
    pub fn by_text(start: &str) -> Option<&'static Self> {
        TABLE_KINDS.iter().find(|kind| (kind.is_likely)(start))
    }
}

/// A kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputKind {
    /// Parquet.
    Parquet,
    /// An Arrow IPC file or stream.
    Arrow,
    /// Text with commas.
    Csv,
    /// Text with tabs.
    Tsv,
    /// LIBSVM text.
    Libsvm,
}

impl InputKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Parquet, Self::Arrow, Self::Csv, Self::Tsv, Self::Libsvm];

    /// The name of the kind: the end of such a file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Libsvm => "libsvm",
        }
    }
}
