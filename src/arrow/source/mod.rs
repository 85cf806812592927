//! Inputs that can be gone through more than once, as record batches.

mod compressed;
mod csv;
mod detect;
mod files;
mod fitted;
mod gede;
mod glob;
mod images;
mod ipc;
mod keys;
mod kinds;
mod libsvm;
mod many;
mod memory;
mod options;
mod parquet;
mod stamp;

pub use csv::{CsvInput, CsvType, HEADER_NAME, TextEncoding};
pub(crate) use fitted::Fitted;
pub(crate) use gede::Gede;
#[cfg(feature = "images")]
pub(crate) use images::CLASSES;
pub use images::{ImageInput, LabelFile, PictureStorage, PixelColumn};
pub use kinds::InputKind;
pub use libsvm::LibsvmInput;
pub(crate) use many::Many;
pub(crate) use memory::Memory;
pub use options::InputOptions;
pub(crate) use parquet::Parquet;

use super::guard::quietly;
use crate::error::{Error, ErrorKind, Result};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The record batches of one pass.
pub(crate) type RecordBatches<'a> = Box<dyn Iterator<Item = Result<RecordBatch>> + Send + 'a>;

/// An input.
pub(crate) trait BatchSource: Send + Sync {
    /// The schema of its batches.
    fn schema(&self) -> &SchemaRef;

    /// Its rows, where they are known without a pass.
    fn rows(&self) -> Option<u64>;

    /// Starts a pass.
    fn batches(&self) -> Result<RecordBatches<'_>>;

    /// Starts a pass over some of the columns.
    fn project(&self, columns: Vec<usize>) -> Result<RecordBatches<'_>> {
        let project = move |batch: Result<RecordBatch>| {
            batch?.project(&columns).map_err(|e| super::wrap(ErrorKind::Input, e))
        };
        Ok(Box::new(self.batches()?.map(project)))
    }

    /// The notes for who converts the input: what was passed over, guessed or changed.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The same input with a column as text, if it is text where it comes from.
    fn as_text(&self, _column: usize) -> Option<Box<dyn BatchSource>> {
        None
    }

    /// Gives the dictionaries of a column wider keys, for the values of several files; false if it has none to widen.
    fn widen_keys(&mut self, _column: usize) -> bool {
        false
    }

    /// True for CSV text, whose columns can be read in other types.
    fn is_csv(&self) -> bool {
        false
    }

    /// Frees what the next pass can read again: of many files only one is read at a time.
    fn forget(&mut self) {}
}

/// Opens an input file.
pub(crate) fn open(path: &Path) -> Result<File> {
    let file = File::open(path).map_err(|e| Error::io(format!("cannot open {}", path.display()), e))?;
    match file.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            Err(Error::new(ErrorKind::Input, format!("{}: is a folder, not a file", path.display())))
        }
        Ok(metadata) if !metadata.is_file() => {
            let what = "is no regular file, and a table is read more than once; name it - and pipe it into standard input";
            Err(Error::new(ErrorKind::Input, format!("{}: {what}", path.display())))
        }
        _ => Ok(file),
    }
}

/// The entries of a folder, in the order of names.
fn all_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |e| Error::io(format!("cannot read {}", folder.display()), e);
    let entries = std::fs::read_dir(folder).map_err(failed)?.collect::<std::io::Result<Vec<_>>>();
    let mut entries: Vec<PathBuf> = entries.map_err(failed)?.into_iter().map(|e| e.path()).collect();
    entries.sort_unstable();
    Ok(entries)
}

/// The entries of a folder, in the order of names, without hidden ones.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = all_entries(folder)?;
    entries.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
    Ok(entries)
}

/// An error of reading `path`.
fn unreadable(path: &Path, error: ArrowError) -> Error {
    super::wrap(ErrorKind::Input, error).at(path.display())
}

/// Calls a reader of the `arrow` and `parquet` crates, which panic on some files.
fn guarded<T>(path: &Path, read: impl FnOnce() -> std::result::Result<T, ArrowError>) -> Result<T> {
    match quietly(read) {
        Ok(result) => result.map_err(|e| unreadable(path, e)),
        Err(panic) => {
            let what = format!("{}: the Arrow/Parquet library cannot read it: {panic}", path.display());
            Err(Error::new(ErrorKind::Input, what))
        }
    }
}

/// The batches of a reader, guarded; the first error ends them.
struct Guarded<R> {
    path: PathBuf,
    reader: Option<R>,
}

impl<R> Guarded<R> {
    fn new(path: &Path, reader: R) -> Self {
        Self { path: path.to_owned(), reader: Some(reader) }
    }
}

impl<R: Iterator<Item = std::result::Result<RecordBatch, ArrowError>>> Iterator for Guarded<R> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.reader.as_mut()?;
        let batch = guarded(&self.path, || reader.next().transpose()).transpose();
        if !matches!(batch, Some(Ok(_))) {
            self.reader = None;
        }
        batch
    }
}
