//! The files of a table that is in several: those named, those of folders, those that patterns match. Folders named
//! `key=value`, as Hive has them, give columns.

use std::path::{Path, PathBuf};

use super::kinds::{TABLE_KINDS, TableKind};
use super::{all_entries, glob, open};
use crate::error::{Error, ErrorKind, Result};
use std::io::Read;

/// First bytes that are read of files without a known extension.
const SIGNATURE: u64 = 16;

/// Most folders in one another.
const MAX_DEPTH: usize = 32;

/// Columns and values that the names of folders give: null for Hive's name of a null.
pub(crate) type Keys = Vec<(String, Option<String>)>;

/// A file, and what its folders give it.
pub(crate) struct File {
    pub path: PathBuf,
    pub keys: Keys,
}

/// Files in order, and what else was in their folders.
#[derive(Default)]
pub(crate) struct Files {
    pub files: Vec<File>,
    pub passed_over: Vec<PathBuf>,
}

/// The kind of a file, by its name or its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A table of the kind at this index in `TABLE_KINDS`.
    Table(usize),
    Gede,
    Picture,
    Cifar,
    Other,
}

impl Kind {
    /// A table of a kind that folders may hold; else some other file.
    fn table(kind: Option<&TableKind>) -> Self {
        let is_this = |own: &TableKind| kind.is_some_and(|kind| std::ptr::eq(kind, own));
        let at = TABLE_KINDS.iter().position(|own| own.is_in_folders && is_this(own));
        at.map_or(Self::Other, Self::Table)
    }

    /// A pattern that names files of the kind, of tables.
    fn pattern(self) -> String {
        match self {
            Self::Table(at) => format!("*.{}", TABLE_KINDS[at].extensions[0]),
            _ => "*.csv".to_owned(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Table(at) => TABLE_KINDS[at].name,
            Self::Gede => "gede",
            Self::Picture => "picture",
            Self::Cifar => ".bin",
            Self::Other => "other",
        }
    }

    /// True for a table that is, or is not, text.
    fn is_table(self, is_text: bool) -> bool {
        matches!(self, Self::Table(at) if TABLE_KINDS[at].is_text == is_text)
    }
}

/// The files of several inputs, or of a pattern.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Files> {
    let mut all = Files::default();
    for path in paths {
        if !path.exists() && glob::is_pattern(path) {
            let (root, found) = glob::matching(path)?;
            if found.is_empty() {
                return Err(refuse(path, "no file matches"));
            }
            for path in found {
                let below = path.strip_prefix(&root).unwrap_or(&path);
                let mut keys = Vec::new();
                for folder in below.parent().into_iter().flat_map(Path::components) {
                    keys.extend(key(Path::new(folder.as_os_str()))?);
                }
                if is_litter(&path) {
                    all.passed_over.push(path);
                    continue;
                }
                if path.is_dir() {
                    keys.extend(key(&path)?);
                }
                all.add(path, keys)?;
            }
        } else {
            all.add(path.clone(), Vec::new())?;
        }
    }
    Ok(all)
}

impl Files {
    /// Adds a file, or those of a folder; `keys` are of the folders around it.
    fn add(&mut self, path: PathBuf, keys: Keys) -> Result<()> {
        if !path.is_dir() {
            self.files.push(File { path, keys });
            return Ok(());
        }
        let more = in_folder(&path)?;
        let mut more =
            more.ok_or_else(|| refuse(&path, format!("is a folder without {} files", tables())))?;
        for file in &mut more.files {
            file.keys.splice(0..0, keys.iter().cloned());
        }
        self.files.append(&mut more.files);
        self.passed_over.append(&mut more.passed_over);
        Ok(())
    }
}

/// The tables of a folder, in the order of their paths; none if it holds none, or pictures beside CSV files.
pub(crate) fn in_folder(folder: &Path) -> Result<Option<Files>> {
    let mut contents = Contents::default();
    contents.walk(folder, &mut Vec::new(), 0)?;
    let Contents { files, kinds, passed_over } = contents;
    let count = |kind: Kind| kinds.iter().filter(|k| **k == kind).count();
    let binary = kinds.iter().filter(|kind| kind.is_table(false)).count();
    let text = kinds.iter().filter(|kind| kind.is_table(true)).count();
    let images = count(Kind::Picture) + count(Kind::Cifar);
    if binary + text == 0 {
        return match (count(Kind::Gede), images) {
            (0, _) | (_, 1..) => Ok(None),
            _ => Err(refuse(folder, "holds gede files; gede merge writes them into one")),
        };
    }
    if binary == 0 && images > 0 {
        return Ok(None);
    }
    if kinds.iter().any(|kind| *kind != kinds[0]) {
        let mut held = kinds.clone();
        held.sort_unstable();
        let held = held.chunk_by(|a, b| a == b).map(|run| (run[0], run.len()));
        let held =
            held.map(|(kind, n)| format!("{n} {} {}", kind.name(), if n == 1 { "file" } else { "files" }));
        let held: Vec<String> = held.collect();
        let other = files.iter().zip(&kinds).find(|(_, kind)| **kind == Kind::Other);
        let other = other.map_or(String::new(), |(file, _)| format!(" ({})", file.path.display()));
        let what = format!(
            "holds {}{other}; a table is read from files of one kind: name them, as '{}'",
            held.join(", "),
            folder.join(kinds.iter().min().map_or("*".to_owned(), |kind| kind.pattern())).display()
        );
        return Err(refuse(folder, what));
    }
    Ok(Some(Files { files, passed_over }))
}

#[derive(Default)]
struct Contents {
    files: Vec<File>,
    /// Kind of each file.
    kinds: Vec<Kind>,
    passed_over: Vec<PathBuf>,
}

impl Contents {
    fn walk(&mut self, folder: &Path, keys: &mut Keys, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(refuse(folder, format!("more than {MAX_DEPTH} folders lie in one another")));
        }
        for path in all_entries(folder)? {
            if let Some(what) = managed(&path) {
                return Err(refuse(folder, what));
            }
            if is_litter(&path) {
                self.passed_over.push(path);
            } else if path.is_dir() {
                let before = keys.len();
                keys.extend(key(&path)?);
                self.walk(&path, keys, depth + 1)?;
                keys.truncate(before);
            } else {
                self.kinds.push(kind(&path)?);
                self.files.push(File { path, keys: keys.clone() });
            }
        }
        Ok(())
    }
}

/// Name of the table format of a folder whose log lists its files, where some files are deleted ones.
fn managed(path: &Path) -> Option<&'static str> {
    match path.file_name()?.to_str()? {
        "_delta_log" => {
            Some("is a Delta Lake table, whose log says which of its files count; write it as Parquet first")
        }
        ".hoodie" => {
            Some("is a Hudi table, whose log says which of its files count; write it as Parquet first")
        }
        _ => None,
    }
}

/// True for files that programs leave next to tables: hidden files, marks of success, summaries of metadata, checksums.
fn is_litter(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let marks: [&[u8]; 7] = [
        b"_SUCCESS",
        b"_metadata",
        b"_common_metadata",
        b"_temporary",
        b"_spark_metadata",
        b"__MACOSX",
        b"Thumbs.db",
    ];
    name.starts_with(b".")
        || marks.contains(&name)
        || name == b"desktop.ini"
        || name.ends_with(b".crc")
        || name.starts_with(b"_committed_")
        || name.starts_with(b"_started_")
}

/// The column that a folder's name gives, if it is `key=value`.
fn key(folder: &Path) -> Result<Option<(String, Option<String>)>> {
    let name = folder.file_name().unwrap_or_default().as_encoded_bytes();
    let Some(at) = name.iter().position(|&b| b == b'=').filter(|&at| at > 0) else { return Ok(None) };
    let text = |bytes: &[u8]| {
        String::from_utf8(unescaped(bytes))
            .map_err(|_| refuse(folder, "gives a column, but is not UTF-8; rename it"))
    };
    let value = text(&name[at + 1..])?;
    Ok(Some((text(&name[..at])?, Some(value).filter(|v| v != "__HIVE_DEFAULT_PARTITION__"))))
}

/// Bytes with each `%2F` as the byte that it is.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |i: usize| bytes.get(i).and_then(|&b| char::from(b).to_digit(16));
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// The kinds of tables that folders may hold, as a sentence names them.
fn tables() -> String {
    let names: Vec<&str> =
        TABLE_KINDS.iter().filter(|kind| kind.is_in_folders).map(|kind| kind.name).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

fn kind(path: &Path) -> Result<Kind> {
    let extension = |path: &Path| path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let mut last = extension(path);
    if matches!(last.as_deref(), Some("gz" | "zst")) {
        let inner = path.file_stem().and_then(|stem| extension(Path::new(stem)));
        last = inner.filter(|e| TableKind::by_extension(e).is_some_and(|kind| kind.is_text));
    }
    let table = Kind::table(last.as_deref().and_then(TableKind::by_extension));
    Ok(match last.as_deref() {
        _ if table != Kind::Other => table,
        Some("gede") => Kind::Gede,
        Some("png" | "jpg" | "jpeg" | "webp" | "bmp" | "gif" | "tif" | "tiff") => Kind::Picture,
        Some("bin") => Kind::Cifar,
        // A pipe or a device would not end.
        _ if !path.is_file() => Kind::Other,
        _ => {
            let mut start = Vec::new();
            let read = open(path)?.take(SIGNATURE).read_to_end(&mut start);
            read.map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
            Kind::table(TableKind::by_signature(&start))
        }
    })
}

fn refuse(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Input, format!("{}: {what}", path.display()))
}
