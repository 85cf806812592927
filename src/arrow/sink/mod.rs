//! Record batches into files.

mod images;

pub use images::{ImageFormat, ImageSink};

use super::export::index_values;
use super::union::Union;
use super::wrap;
use crate::error::{Error, ErrorKind, Result};
use crate::write::{Disk, Storage};
use arrow::array::{Array, ArrayRef, AsArray, StructArray, UInt32Array, make_array};
use arrow::compute::{cast, concat, take};
use arrow::csv::Writer as CsvWriter;
use arrow::datatypes::{DataType, Field, SchemaRef};
use arrow::ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;

/// Bytes that a Parquet row group may hold in memory.
const GROUP_BYTES: usize = 64 << 20;

/// A file that record batches are written to. It appears whole, with `finish`, or not at all.
pub struct Sink {
    target: PathBuf,
    overwrite: bool,
    temporary: NamedTempFile,
    schema: SchemaRef,
    writer: Writer,
}

enum Writer {
    Parquet(Box<ArrowWriter<BufWriter<File>>>),
    Ipc(Box<FileWriter<BufWriter<File>>>, Vec<Growing>),
    Csv(Box<CsvWriter<BufWriter<File>>>),
}

impl Sink {
    /// Starts a Parquet (`.parquet`; zstd level 3, with the Arrow schema), Arrow IPC (`.arrow`,
    /// `.feather`, `.ipc`) or CSV (`.csv`) file. In CSV text, nulls are empty fields and floats are
    /// the shortest numbers that mean them.
    ///
    /// # Errors
    /// `Argument` for another extension or a file that exists, unless `overwrite`; `Type` for a
    /// column that the kind of file does not hold; `Io`.
    pub fn create(path: impl AsRef<Path>, schema: &SchemaRef, overwrite: bool) -> Result<Self> {
        let target = path.as_ref().to_owned();
        if !overwrite && target.exists() {
            return Err(exists(&target));
        }
        let temporary = tempfile::Builder::new()
            .prefix(".gede-")
            .suffix(".tmp")
            .make_in(folder(&target), |path| File::create_new(path))
            .map_err(|e| cannot_write(&target, e))?;
        let file = temporary.as_file().try_clone().map_err(|e| cannot_write(&target, e))?;
        let file = BufWriter::with_capacity(1 << 18, file);
        let extension = target.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        let refuse = |e| wrap(ErrorKind::Type, e).at(target.display());
        let writer = match extension.as_str() {
            "parquet" => {
                if let Some(field) = schema.fields().iter().find(|f| has_foreign_dictionary(f.data_type())) {
                    let name = field.name();
                    let why = format!(
                        "column \"{name}\": of dictionaries Parquet takes those of strings, integers and floats; write Arrow IPC"
                    );
                    return Err(Error::new(ErrorKind::Type, why).at(target.display()));
                }
                if let Some(field) = schema.fields().iter().find(|f| has_empty_values(f.data_type())) {
                    let name = field.name();
                    let why =
                        format!("column \"{name}\": Parquet takes no values of 0 bytes; write Arrow IPC");
                    return Err(Error::new(ErrorKind::Type, why).at(target.display()));
                }
                let level = ZstdLevel::try_new(3).map_err(|e| refuse(e.into()))?;
                let properties =
                    WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
                let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties));
                Writer::Parquet(Box::new(writer.map_err(|e| refuse(e.into()))?))
            }
            "arrow" | "feather" | "ipc" => {
                let options = IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
                let writer = FileWriter::try_new_with_options(file, schema, options).map_err(refuse)?;
                Writer::Ipc(Box::new(writer), Vec::new())
            }
            "csv" => {
                if let Some(field) = schema.fields().iter().find(|f| f.data_type().is_nested()) {
                    let nested =
                        format!("column \"{}\" of type {} has parts", field.name(), field.data_type());
                    let message = format!("{}: {nested}; CSV has only plain columns", target.display());
                    return Err(Error::new(ErrorKind::Type, message));
                }
                let mut writer = CsvWriter::new(file);
                // The header, even if no rows follow.
                writer.write(&RecordBatch::new_empty(schema.clone())).map_err(refuse)?;
                Writer::Csv(Box::new(writer))
            }
            _ => {
                let known = "end its name in .parquet, .arrow, .feather, .ipc or .csv";
                return Err(Error::argument(format!("{}: {known}", target.display())));
            }
        };
        Ok(Self { target, overwrite, temporary, schema: schema.clone(), writer })
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// `Argument` if the batch is of another schema, `Type` for values that the kind of file does
    /// not hold, `Io`.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.schema_ref().fields() != self.schema.fields() {
            return Err(Error::argument("a batch has another schema than the file it is written to"));
        }
        if batch.num_columns() == 0 && batch.num_rows() > 0 && matches!(self.writer, Writer::Parquet(_)) {
            let why = "Parquet holds no rows without columns; write Arrow IPC";
            return Err(Error::new(ErrorKind::Type, why).at(self.target.display()));
        }
        let written = match &mut self.writer {
            Writer::Parquet(writer) => writer.write(batch).map_err(Into::into).and_then(|()| {
                let full = writer.in_progress_size() + writer.memory_size() / 2 > GROUP_BYTES;
                if full { writer.flush().map_err(Into::into) } else { Ok(()) }
            }),
            Writer::Ipc(writer, growing) => {
                let batch = unified(&self.schema, batch, growing).map_err(|e| e.at(self.target.display()))?;
                writer.write(&batch)
            }
            Writer::Csv(writer) => writer.write(batch),
        };
        written.map_err(|e| wrap(ErrorKind::Type, e).at(self.target.display()))
    }

    /// Completes the file, makes it durable and gives it its name.
    ///
    /// # Errors
    /// `Io`; `Argument` if a file of that name has come into being, unless it may be overwritten.
    pub fn finish(self) -> Result<()> {
        let Self { target, overwrite, temporary, writer, .. } = self;
        let file = match writer {
            Writer::Parquet(writer) => writer.into_inner().map_err(Into::into),
            Writer::Ipc(writer, _) => writer.into_inner(),
            Writer::Csv(writer) => Ok(writer.into_inner()),
        };
        let mut file = file.map_err(|e| wrap(ErrorKind::Type, e).at(target.display()))?;
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(|e| cannot_write(&target, e))?;
        drop(file);
        let kept = match overwrite {
            true => temporary.persist(&target),
            false => temporary.persist_noclobber(&target),
        };
        kept.map_err(|e| match e.error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(&target),
            _ => cannot_write(&target, e.error),
        })?;
        Disk.sync_folder(folder(&target)).map_err(|e| cannot_write(&target, e))
    }
}

fn folder(target: &Path) -> &Path {
    target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn exists(target: &Path) -> Error {
    Error::argument(format!("{}: exists already; ask to overwrite it to replace it", target.display()))
}

fn cannot_write(target: &Path, error: std::io::Error) -> Error {
    Error::io(format!("cannot write {}", target.display()), error)
}

/// The one dictionary that a column of an Arrow IPC file may have. It only grows: what batches bring
/// is added at its end.
struct Growing {
    union: Union,
    values: ArrayRef,
    /// The dictionary of the batch before, and its codes in this one.
    last: Option<(ArrayRef, UInt32Array)>,
}

impl Growing {
    /// The same array with this dictionary.
    fn unify(&mut self, array: &dyn Array, index: &DataType, path: &str) -> Result<ArrayRef> {
        let failed = |e| wrap(ErrorKind::Type, e).at(format!("column \"{path}\""));
        let dictionary = array.as_any_dictionary();
        let values = dictionary.values();
        let codes = match &self.last {
            Some((last, codes)) if last.to_data().ptr_eq(&values.to_data()) => codes.clone(),
            _ => {
                let (codes, new) = self.union.add(values.as_ref(), path)?;
                if !new.is_empty() {
                    let new = take(values.as_ref(), &new, None).map_err(failed)?;
                    self.values = concat(&[self.values.as_ref(), new.as_ref()]).map_err(failed)?;
                }
                self.last = Some((values.clone(), codes.clone()));
                codes
            }
        };
        if self.union.len() as u64 > index_values(index) {
            let most = index_values(index);
            let message =
                format!("column \"{path}\": an Arrow file names at most {most} values with {index} keys");
            return Err(Error::new(ErrorKind::Type, message));
        }
        let keys =
            take(&codes, dictionary.keys(), None).and_then(|keys| cast(&keys, index)).map_err(failed)?;
        let data = keys.to_data().into_builder().data_type(array.data_type().clone());
        let data = data.add_child_data(self.values.to_data()).build().map_err(failed)?;
        Ok(make_array(data))
    }
}

/// A batch with growing dictionaries in the place of its own.
fn unified(schema: &SchemaRef, batch: &RecordBatch, growing: &mut Vec<Growing>) -> Result<RecordBatch> {
    let mut number = 0;
    let fields = schema.fields().iter().zip(batch.columns());
    let columns = fields.map(|(f, column)| unify(f, column, f.name(), growing, &mut number));
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns.collect::<Result<_>>()?, &options)
        .map_err(|e| wrap(ErrorKind::Type, e))
}

/// An array with growing dictionaries; `number` counts them in the order of the fields.
fn unify(
    field: &Field,
    array: &ArrayRef,
    path: &str,
    growing: &mut Vec<Growing>,
    number: &mut usize,
) -> Result<ArrayRef> {
    match field.data_type() {
        DataType::Dictionary(index, values) => {
            if *number == growing.len() {
                let values = arrow::array::new_empty_array(values);
                growing.push(Growing { union: Union::default(), values, last: None });
            }
            *number += 1;
            growing[*number - 1].unify(array.as_ref(), index, path)
        }
        DataType::Struct(fields) if !fields.is_empty() => {
            let parts = fields.iter().zip(array.as_struct().columns());
            let parts =
                parts.map(|(f, part)| unify(f, part, &format!("{path}.{}", f.name()), growing, number));
            let parts = parts.collect::<Result<_>>()?;
            let whole = StructArray::try_new(fields.clone(), parts, array.nulls().cloned());
            Ok(Arc::new(whole.map_err(|e| wrap(ErrorKind::Type, e))?))
        }
        _ => Ok(array.clone()),
    }
}

/// Whether a type is, or holds, a dictionary that the Parquet library may write and then not read.
fn has_foreign_dictionary(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => {
            let strings = [DataType::Utf8, DataType::LargeUtf8, DataType::Binary, DataType::LargeBinary];
            let floats = [DataType::Float32, DataType::Float64];
            !(strings.contains(values) || floats.contains(values) || values.is_integer())
        }
        DataType::Struct(fields) => fields.iter().any(|f| has_foreign_dictionary(f.data_type())),
        DataType::FixedSizeList(item, _) => has_foreign_dictionary(item.data_type()),
        _ => false,
    }
}

/// Whether a type has fixed-size values of no bytes, on which the Parquet writer panics.
fn has_empty_values(data_type: &DataType) -> bool {
    match data_type {
        DataType::FixedSizeBinary(0) => true,
        DataType::FixedSizeList(item, _) => has_empty_values(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_empty_values(field.data_type())),
        _ => false,
    }
}
