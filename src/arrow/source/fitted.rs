//! An input in the columns of a gede file, for rows that are appended to it.

use std::path::{Path, PathBuf};

use arrow::array::ArrayRef;
use arrow::datatypes::{Field, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::csv::CsvType;
use super::{BatchSource, Gede, InputOptions, Many, RecordBatches};
use crate::arrow::unify::{self, Misfit};
use crate::error::{Error, ErrorKind, Result};

/// The columns of an input by their names, in the order and the types of a file.
pub(crate) struct Fitted {
    source: Box<dyn BatchSource>,
    /// The name of the input, for messages.
    named: PathBuf,
    schema: SchemaRef,
    /// For each column of the file, that of the input; none for those that it lacks.
    columns: Vec<Option<usize>>,
}

impl Fitted {
    /// Opens inputs for a gede file. Columns of text that is CSV are read in the types of the file.
    ///
    /// # Errors
    /// Those of opening; `Type` for columns that the file does not have, or has of another type, or must have.
    pub fn open(file: &Path, paths: &[PathBuf], options: &InputOptions) -> Result<Self> {
        let schema = Gede::open(file)?.schema().clone();
        let named = paths.first().cloned().ok_or_else(|| Error::argument("no files to read"))?;
        let mut source = open(paths, options)?;
        if source.is_csv() {
            let mut typed = options.clone();
            for field in schema.fields() {
                let own = source.schema().field_with_name(field.name()).ok();
                let is_given = options.csv.types.iter().any(|(name, _)| name == field.name());
                let differs = own.is_some_and(|own| own.data_type() != field.data_type()) && !is_given;
                if let (true, Some(own)) = (differs, CsvType::of(field.data_type())) {
                    typed.csv.types.push((field.name().clone(), own));
                }
            }
            if typed.csv.types.len() > options.csv.types.len() {
                source = open(paths, &typed)?;
            }
        }
        let columns = columns(&named, source.schema(), file, &schema)?;
        Ok(Self { source, named, schema, columns })
    }

    fn fit(&self, batch: &RecordBatch, first: u64) -> Result<RecordBatch> {
        let arrays = self.columns.iter().zip(self.schema.fields()).map(|(&column, field)| {
            let Some(column) = column else { return Ok(unify::missing(field, batch.num_rows())) };
            unify::convert(batch.column(column), field).map_err(|misfit| match misfit {
                Misfit::Value(row, why) => {
                    let (row, name) = (first + row as u64, field.name());
                    let what = format!("{}: row {row}: column \"{name}\": {why}", self.named.display());
                    Error::new(ErrorKind::Input, what)
                }
                Misfit::Arrow(e) => super::unreadable(&self.named, e),
            })
        });
        let arrays = arrays.collect::<Result<Vec<ArrayRef>>>()?;
        if let Some(field) =
            self.schema.fields().iter().zip(&arrays).find(|(f, a)| !f.is_nullable() && a.null_count() > 0)
        {
            let what = format!("column \"{}\" has nulls, which the file's column has not", field.0.name());
            return Err(Error::new(ErrorKind::Input, what).at(self.named.display()));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .map_err(|e| super::unreadable(&self.named, e))
    }
}

/// Inputs as one: gede files, or anything else.
fn open(paths: &[PathBuf], options: &InputOptions) -> Result<Box<dyn BatchSource>> {
    let is_gede = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gede"));
    match paths.iter().all(is_gede) {
        true => Ok(Box::new(Many::gede(paths)?)),
        false => Many::find(paths, options),
    }
}

/// The columns of an input that are those of a file.
fn columns(named: &Path, own: &SchemaRef, file: &Path, schema: &SchemaRef) -> Result<Vec<Option<usize>>> {
    let refuse = |what: String| Err(Error::new(ErrorKind::Type, what).at(named.display()));
    let (file, mut columns) = (file.display(), Vec::with_capacity(schema.fields().len()));
    if let Some(more) = own.fields().iter().find(|field| schema.index_of(field.name()).is_err()) {
        let what = format!("has the column \"{}\", which {file} lacks: leave it out", more.name());
        return refuse(what);
    }
    for field in schema.fields() {
        let name = field.name();
        let twice = |schema: &SchemaRef| schema.fields().iter().filter(|f| f.name() == name).count() > 1;
        if twice(own) || twice(schema) {
            return refuse(format!(
                "column \"{name}\" is there twice; columns are matched by name: rename one"
            ));
        }
        match own.column_with_name(name) {
            None if field.is_nullable() => columns.push(None),
            None => return refuse(format!("lacks the column \"{name}\", which has no nulls in {file}")),
            Some((column, own)) if fits(own, field) => columns.push(Some(column)),
            Some((_, own)) => {
                return refuse(format!(
                    "column \"{name}\" is {}, but {} in {file}, which does not hold it: write it in that type",
                    own.data_type(),
                    field.data_type()
                ));
            }
        }
    }
    Ok(columns)
}

/// True if the values of one field can be written in the type of another; integers one by one.
fn fits(own: &Field, field: &Field) -> bool {
    let are_integers = own.data_type().is_integer() && field.data_type().is_integer();
    are_integers
        || unify::common_field(field, own).is_some_and(|common| common.data_type() == field.data_type())
}

impl BatchSource for Fitted {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        self.source.rows()
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let (mut batches, mut row) = (self.source.batches()?, 0);
        Ok(Box::new(std::iter::from_fn(move || {
            let batch = batches.next()?;
            Some(batch.and_then(|batch| {
                let first = row;
                row += batch.num_rows() as u64;
                self.fit(&batch, first)
            }))
        })))
    }

    fn notes(&self) -> Vec<String> {
        let missing = self.columns.iter().zip(self.schema.fields()).filter(|(column, _)| column.is_none());
        let missing = missing.map(|(_, field)| format!("column \"{}\": null in the new rows", field.name()));
        missing.chain(self.source.notes()).collect()
    }
}
