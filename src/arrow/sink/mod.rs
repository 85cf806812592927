//! Record batches into files.

mod buffered;
mod images;
mod parquet;

pub use images::{ImageFolderWriter, ImageFormat};

use buffered::{BUFFER, File};

use super::export::index_values;
use super::lists::{Lists, items_of};
use super::nesting::item_of;
use super::runs::{run_values, with_values};
use super::union::Union;
use super::wrap;
use crate::error::{Error, ErrorKind, Result};
use crate::files::new_file::NewFile;
use crate::files::new_file::cannot_write;
use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, StructArray, UInt32Array, make_array};
use arrow::compute::{cast, concat, take};
use arrow::csv::Writer as CsvWriter;
use arrow::datatypes::{DataType, Field, SchemaRef};
use arrow::ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use parquet::Parquet;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that record batches are written to. It appears whole, with `finish`, or not at all.
pub struct ArrowFileWriter {
    target: PathBuf,
    schema: SchemaRef,
    writer: Writer,
}

debug_fields!([] ArrowFileWriter { target, schema });

enum Writer {
    Parquet(Box<Parquet>),
    Ipc(Box<FileWriter<File>>, Vec<Growing>),
    Csv(Box<CsvWriter<File>>),
}

impl ArrowFileWriter {
    /// Starts a Parquet (`.parquet`; zstd level 3, with the Arrow schema), Arrow IPC (`.arrow`,
    /// `.feather`, `.ipc`) or CSV (`.csv`) file.
    ///
    /// In Parquet, columns have types that other readers know: seconds become milliseconds, `Date64` dates or, if a value
    /// is no whole day, timestamps, dictionaries of neither strings nor numbers plain values. The Arrow schema beside them
    /// gives back the original types, those dictionaries aside. The schema's metadata become key-values. In CSV text, nulls are empty fields and floats are
    /// the shortest numbers that mean them.
    ///
    /// # Errors
    /// `Argument` for another extension or a file that exists, unless `overwrite`; `Type` for a
    /// column that the kind of file does not hold; `Io`.
    pub fn create(path: impl AsRef<Path>, schema: &SchemaRef, overwrite: bool) -> Result<Self> {
        let target = path.as_ref().to_owned();
        let file = BufWriter::with_capacity(BUFFER, NewFile::create(&target, overwrite)?);
        let extension = target.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        let refuse = |e| wrap(ErrorKind::Type, e).at(target.display());
        let writer = match extension.as_str() {
            "parquet" => {
                let parquet = Parquet::create(file, schema, overwrite).map_err(|e| e.at(target.display()))?;
                Writer::Parquet(Box::new(parquet))
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
                    let message = format!(
                        "{}: {nested}; CSV has only plain columns: write Parquet or Arrow IPC, or leave it out",
                        target.display()
                    );
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
        Ok(Self { target, schema: schema.clone(), writer })
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
        let written = match &mut self.writer {
            Writer::Parquet(writer) => {
                let written = writer.write(batch, &self.target);
                return written.map_err(|e| e.at(self.target.display()));
            }
            Writer::Ipc(writer, growing) => {
                let batch = unified(&self.schema, batch, growing).map_err(|e| e.at(self.target.display()))?;
                writer.write(&batch)
            }
            Writer::Csv(writer) => writer.write(batch),
        };
        written.map_err(|e| wrap(ErrorKind::Type, e).at(self.target.display()))
    }

    /// A line for each column that other readers of the file see as something else than it was: Parquet has no durations,
    /// for one. Some show only with the values, so ask once all batches are written.
    pub fn notes(&self) -> Vec<String> {
        match &self.writer {
            Writer::Parquet(writer) => writer.notes(),
            Writer::Ipc(..) | Writer::Csv(_) => Vec::new(),
        }
    }

    /// Completes the file, makes it durable and gives it its name.
    ///
    /// # Errors
    /// `Io`; `Argument` if a file of that name has come into being, unless it may be overwritten.
    pub fn finish(self) -> Result<()> {
        let Self { target, writer, .. } = self;
        let whole = |e: std::io::IntoInnerError<_>| cannot_write(&target, e.into_error());
        let refuse = |e| wrap(ErrorKind::Type, e).at(target.display());
        let file = match writer {
            Writer::Parquet(writer) => writer.finish(&target).map_err(|e| e.at(target.display()))?,
            Writer::Ipc(writer, _) => writer.into_inner().map_err(refuse)?.into_inner().map_err(whole)?,
            Writer::Csv(writer) => writer.into_inner().into_inner().map_err(whole)?,
        };
        file.commit()
    }
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

/// A batch whose dictionaries are replaced by growing ones.
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
        DataType::FixedSizeList(item, length) => {
            let path = format!("{path}.{}", item.name());
            let items = unify(item, &items_of(array.as_ref()), &path, growing, number)?;
            let nulls = array.nulls().cloned();
            let list =
                FixedSizeListArray::try_new_with_length(item.clone(), *length, items, nulls, array.len());
            Ok(Arc::new(list.map_err(|e| wrap(ErrorKind::Type, e))?))
        }
        DataType::RunEndEncoded(_, values) => {
            let Some(own) = run_values(array.as_ref()) else { return Ok(array.clone()) };
            let own = unify(values, &own, &format!("{path}.{}", values.name()), growing, number)?;
            with_values(array.as_ref(), &own).map_err(|e| wrap(ErrorKind::Type, e))
        }
        data_type => {
            let Some(item) = item_of(data_type) else { return Ok(array.clone()) };
            let lists = Lists::new(array.as_ref(), None).map_err(|e| wrap(ErrorKind::Type, e))?;
            let path = format!("{path}.{}", item.name());
            let items = unify(item, &lists.items, &path, growing, number)?;
            let lists = Lists { items, ..lists };
            lists.array(data_type, array.nulls()).map_err(|e| wrap(ErrorKind::Type, e))
        }
    }
}
