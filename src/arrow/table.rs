//! Inputs as tables to be written.

use super::kept_dictionaries::{Dictionaries, dictionaries};
use super::message::lasting_message;
use super::pieces::Pieces;
use super::schema::physical_schema;
use super::source::{BatchSource, Fitted, Gede, InputOptions, Many, Memory};
use crate::column::Values;
use crate::error::{Error, ErrorKind, Result};
use crate::format::schema::Schema;
use crate::read::Projection;
use crate::write::{Batches, Table};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A table of Arrow batches: a file that is read once a pass, or batches in memory.
///
/// The dictionaries of an Arrow dictionary column become one, in the order in which their values
/// first appear, up to 1 MiB; beyond that the order is not kept.
pub struct ArrowTable {
    source: Box<dyn BatchSource>,
    schema: Schema,
    message: Option<Vec<u8>>,
    dictionaries: Vec<(usize, Values)>,
}

debug_fields!([] ArrowTable { schema });

impl ArrowTable {
    /// Opens a Parquet file, an Arrow IPC file or stream, a CSV file (`.csv`, `.tsv`), LIBSVM text (`.libsvm`, `.svm`, or
    /// anything that looks like it), or a set of images: an IDX file with its labels beside it, a CIFAR binary file
    /// (`.bin`) or a folder of them (its test set left out), a folder of pictures for each class (feature `images`).
    /// Binary files are known by their first bytes. As `open_with` with what is usual.
    ///
    /// The types of a CSV file's columns are found from all of its values: bool, int64, float64, date,
    /// timestamp, decimal, else text. Numbers with leading zeros, integers beyond 64 bits and times that no
    /// timestamp holds are text. Empty fields are nulls, and so are words like NA where the other values of
    /// their column are not text. LIBSVM text becomes the columns `label` (an integer if all are), `qid` if
    /// lines have it, and `f1` to `fN`, float64; they start at `f0` if an index is 0. Both may be compressed
    /// by gzip or Zstandard.
    ///
    /// In Parquet files, INT96 timestamps are read in nanoseconds or, if those do not hold all of a column, in the finest
    /// unit that does; key-values become the schema's metadata.
    ///
    /// # Errors
    /// `Io` for a file that cannot be read, `Input` for one that is no such table, with file and
    /// line or record, `Type` for a column of a type that the format does not hold.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &InputOptions::default())
    }

    /// Opens a table as `options` say.
    ///
    /// Images become a column of Arrow's extension type `arrow.fixed_shape_tensor`, [C, H, W], beside `label` (and
    /// `coarse_label` in CIFAR-100); the names of classes go into the schema's metadata as `class_names`.
    ///
    /// Folders of pictures are the classes of those names, in order, or in that of `classes.txt` beside them; where
    /// all names are numbers, those are the classes. In a table, a struct of a picture's `bytes` and `path` is such a
    /// picture, too (feature `images`). A column of pixels beside the integers `height`, `width` and `channels` becomes a
    /// column of images; these three are left out then.
    ///
    /// PNG, WebP and BMP pictures of one size become pixels. JPEG pictures, mixed sizes and pictures of more than 2^20
    /// values stay the files they are, structs of `bytes` and `path`, as the `datasets` library has them; they are decoded
    /// when they are read, by `sample::EncodedImages`. Each is decoded once here, to see that it
    /// can be. `PictureStorage` asks for another way; `notes` says what was chosen.
    ///
    /// # Errors
    /// As `open`; `Argument` for a column that is not there or holds no pixels.
    pub fn open_with(path: impl AsRef<Path>, options: &InputOptions) -> Result<Self> {
        Self::open_many(&[path], options)
    }

    /// Opens several inputs as one table, as `options` say: files, folders of Parquet, Arrow or CSV files, and patterns as
    /// `data/*.parquet`. Files come in the order given, those of a folder or a pattern in the order of their paths; they
    /// are read one after the other, in memory for a batch.
    ///
    /// Columns are matched by name, in the order of the first file. A column that a file lacks is null there, and its type
    /// is the first that holds the values of all files: wider integers, float64 for integers and floats, the finer unit of
    /// times, text for dictionaries of it; a column of CSV files that is text in one is text in all. Folders named
    /// `key=value` give columns of their own, int64 if all values are integers, else text.
    ///
    /// # Errors
    /// As `open`; `Type` for a column without a type for all files, `Input` for a value that the type does not hold, with
    /// file, row (from 0) and column, and for a folder that holds other things than tables of one kind.
    pub fn open_many<P: AsRef<Path>>(paths: &[P], options: &InputOptions) -> Result<Self> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        Self::new(Many::find(&paths, options)?).map_err(|e| match (e.kind(), paths.as_slice()) {
            (ErrorKind::Type, [path]) => placed(e, path),
            _ => e,
        })
    }

    /// Opens inputs, as `open_many` does, or gede files, as rows to be appended to a gede file
    /// ([`Writer::append`](crate::Writer::append)): columns are matched by name and have the types of the file, in which text
    /// of CSV files is read. Columns that the inputs lack are null.
    ///
    /// # Errors
    /// As `open`; `Type` for a column that the file does not have, of a type that the file's does not hold, or that is
    /// lacking and has no nulls in the file; `Input` for a value that the file's type does not hold.
    pub fn open_for<P: AsRef<Path>>(
        file: impl AsRef<Path>,
        paths: &[P],
        options: &InputOptions,
    ) -> Result<Self> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        Self::new(Box::new(Fitted::open(file.as_ref(), &paths, options)?))
    }

    /// The rows of gede files as one table; columns are matched as by `open_many`.
    ///
    /// # Errors
    /// `Argument` if there are no files, `Type` for a column without a type for all files; what opening brings.
    pub fn from_files<P: AsRef<Path>>(paths: &[P]) -> Result<Self> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        Self::new(Box::new(Many::gede(&paths)?))
    }

    /// Some rows and columns of a gede file, rows in the order of their ranges.
    ///
    /// # Errors
    /// Errors of opening; `Argument` for a range beyond the rows.
    pub fn from_part(path: impl AsRef<Path>, columns: &Projection, rows: &[Range<u64>]) -> Result<Self> {
        Self::new(Box::new(Gede::part(path.as_ref(), columns, rows)?))
    }

    /// The notes on how the input was read: what was passed over, guessed or changed, a line each.
    pub fn notes(&self) -> Vec<String> {
        self.source.notes()
    }

    /// A table of batches in memory.
    ///
    /// # Errors
    /// `Argument` if a batch has another schema, `Type` for a type that the format does not hold.
    pub fn from_batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self> {
        if batches.iter().any(|b| b.schema_ref().fields() != schema.fields()) {
            return Err(Error::argument("a batch has another schema than the table"));
        }
        Self::new(Box::new(Memory { schema, batches }))
    }

    fn new(mut source: Box<dyn BatchSource>) -> Result<Self> {
        let schema = physical_schema(source.schema())?;
        let dictionaries = loop {
            match dictionaries(source.as_ref(), &schema)? {
                Dictionaries::Kept(dictionaries) => break dictionaries,
                // The keys of each file name its own values; those of all files may be too many for them.
                Dictionaries::TooMany(column, error) => {
                    if !source.widen_keys(column) {
                        return Err(error);
                    }
                }
            }
        };
        let message = lasting_message(source.schema(), &schema)?;
        Ok(Self { source, schema, message, dictionaries })
    }

    /// The Arrow schema.
    pub fn arrow(&self) -> &SchemaRef {
        self.source.schema()
    }

    /// Starts a pass over the record batches themselves.
    ///
    /// # Errors
    /// Whatever keeps the input from being read.
    pub fn record_batches(&self) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send + '_> {
        self.source.batches()
    }
}

impl Table for ArrowTable {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn arrow_schema(&self) -> Option<&[u8]> {
        self.message.as_deref()
    }

    fn dictionaries(&self) -> &[(usize, Values)] {
        &self.dictionaries
    }

    fn rows(&self) -> Option<u64> {
        self.source.rows()
    }

    fn batches(&self) -> Result<Batches<'_>> {
        let (mut batches, mut pieces) = (self.source.batches()?, Pieces::new(&self.schema));
        Ok(Box::new(std::iter::from_fn(move || {
            loop {
                if let Some(piece) = pieces.next() {
                    return Some(piece);
                }
                match batches.next()? {
                    Ok(batch) => pieces.put(batch),
                    Err(error) => return Some(Err(error)),
                }
            }
        })))
    }
}

/// An error that names its file, or else `path`.
fn placed(error: Error, path: &Path) -> Error {
    match error.to_string().contains(&path.display().to_string()) {
        true => error,
        false => error.at(path.display()),
    }
}
