//! Arrow IPC files and streams. A batch of the file is held in memory whole.

mod check;

use super::{BatchSource, Guarded, RecordBatches, guarded, open};
use crate::error::{Error, Result};
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::{FileReader, StreamReader};
use std::io::Seek;
use std::path::{Path, PathBuf};

/// The first bytes of a stream.
pub(crate) const STREAM: &[u8] = &[0xFF; 4];

/// An Arrow IPC file or a stream in a file.
pub(crate) struct Ipc {
    path: PathBuf,
    schema: SchemaRef,
    stream: bool,
}

impl Ipc {
    /// Reads the schema of a file, or of a stream in a file, once its messages are checked.
    pub fn open(path: &Path, stream: bool) -> Result<Self> {
        let mut file = open(path)?;
        let checked = if stream { check::stream(&file) } else { check::file(&file) };
        let checked = checked.and_then(|()| file.rewind().map_err(|e| Error::io("cannot read", e)));
        checked.map_err(|e| e.at(path.display()))?;
        let schema = guarded(path, || {
            Ok(match stream {
                true => StreamReader::try_new_buffered(file, None)?.schema(),
                false => FileReader::try_new_buffered(file, None)?.schema(),
            })
        });
        Ok(Self { path: path.to_owned(), schema: schema?, stream })
    }

    fn reader(&self, columns: Option<Vec<usize>>) -> Result<RecordBatches<'_>> {
        let file = open(&self.path)?;
        Ok(match self.stream {
            true => {
                let reader = guarded(&self.path, || StreamReader::try_new_buffered(file, columns))?;
                Box::new(Guarded::new(&self.path, reader))
            }
            false => {
                let reader = guarded(&self.path, || FileReader::try_new_buffered(file, columns))?;
                Box::new(Guarded::new(&self.path, reader))
            }
        })
    }
}

impl BatchSource for Ipc {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn batches(&self) -> Result<RecordBatches<'_>> {
        self.reader(None)
    }

    fn project(&self, columns: Vec<usize>) -> Result<RecordBatches<'_>> {
        self.reader(Some(columns))
    }
}
