//! gede files, one below the other.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{RecordBatches, Source};
use crate::arrow::{ArrowReader, wrap};
use crate::error::{Error, ErrorKind, Result};
use crate::read::{FileSource, Projection, Reader};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

/// Rows of a batch.
const BATCH_ROWS: u64 = 1 << 14;

/// Files of one schema.
pub(in crate::arrow) struct Gede {
    schema: SchemaRef,
    files: Vec<(PathBuf, Reader<FileSource>)>,
}

impl Gede {
    /// Opens files, at least one.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self> {
        let mut schema: Option<SchemaRef> = None;
        let mut files = Vec::new();
        for path in paths {
            let path = path.as_ref();
            let reader = Reader::open(path)?;
            let own = all(&reader).map_err(|e| e.at(path.display()))?.schema().clone();
            match &schema {
                Some(schema) if schema.fields() != own.fields() => {
                    let first = files.first().map_or(path, |(path, _): &(PathBuf, _)| path);
                    let what = format!("{}: has other columns than {}", path.display(), first.display());
                    return Err(Error::new(ErrorKind::Type, what));
                }
                Some(_) => {}
                None => schema = Some(own),
            }
            files.push((path.to_owned(), reader));
        }
        let schema = schema.ok_or_else(|| Error::argument("no files to read"))?;
        Ok(Self { schema, files })
    }

    fn read(&self, file: &Reader<FileSource>, rows: Range<u64>) -> Result<Vec<RecordBatch>> {
        let reader = all(file)?;
        let batches = reader.scan(rows, BATCH_ROWS as usize)?;
        let own = |batch: RecordBatch| RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec());
        let batches = batches.map(|batch| batch.and_then(own)).collect::<std::result::Result<_, _>>();
        batches.map_err(|e| wrap(ErrorKind::Corrupt, e))
    }
}

fn all(reader: &Reader<FileSource>) -> Result<ArrowReader<'_, FileSource>> {
    ArrowReader::new(reader, &Projection::all(reader.schema()))
}

impl Source for Gede {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        Some(self.files.iter().map(|(_, file)| file.rows()).sum())
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        let of_file = |at: usize| {
            let rows = self.files.get(at).map_or(0, |(_, file)| file.rows());
            (0..rows).step_by(BATCH_ROWS as usize).map(move |first| (at, first..rows.min(first + BATCH_ROWS)))
        };
        let read = |(at, rows): (usize, Range<u64>)| match self.files.get(at) {
            Some((path, file)) => match self.read(file, rows) {
                Ok(batches) => batches.into_iter().map(Ok).collect(),
                Err(e) => vec![Err(e.at(path.display()))],
            },
            None => Vec::new(),
        };
        Ok(Box::new((0..self.files.len()).flat_map(of_file).flat_map(read)))
    }
}
