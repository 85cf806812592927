//! Arrow IPC files and streams. A batch of the file is held in memory whole.

use super::{Guarded, RecordBatches, Source, guarded, open};
use crate::error::{Error, ErrorKind, Result};
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::{FileReader, StreamReader, read_footer_length};
use arrow::ipc::{root_as_footer, root_as_message};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// An Arrow IPC file or a stream in a file.
pub(in crate::arrow) struct Ipc {
    path: PathBuf,
    schema: SchemaRef,
    stream: bool,
}

impl Ipc {
    /// Reads the schema of a file, or of a stream in a file, whose messages all lie in it.
    pub fn open(path: &Path, stream: bool) -> Result<Self> {
        let mut file = open(path)?;
        let fits = if stream { stream_fits(&file) } else { file_fits(&file) };
        let fits = fits.and_then(|fits| file.rewind().map(|()| fits));
        if !fits.map_err(|e| Error::io(format!("cannot read {}", path.display()), e))? {
            let what = format!("{}: is damaged or cut short: a message is not in it whole", path.display());
            return Err(Error::new(ErrorKind::Input, what));
        }
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

impl Source for Ipc {
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

/// Whether all messages of a stream lie in its file: a reader takes as much memory as they say that they are long. What else
/// is wrong with them it tells itself.
fn stream_fits(file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let mut file = BufReader::new(file);
    let (mut at, mut word) = (0, [0; 4]);
    // A stream may end without its mark.
    while length - at >= 4 {
        file.read_exact(&mut word)?;
        at += 4;
        if word == [0xFF; 4] {
            if length - at < 4 {
                return Ok(false);
            }
            file.read_exact(&mut word)?;
            at += 4;
        }
        let metadata = match u64::try_from(i32::from_le_bytes(word)) {
            Ok(0) => return Ok(true),
            Ok(metadata) if metadata <= length - at => metadata,
            _ => return Ok(false),
        };
        let mut message = Vec::new();
        file.by_ref().take(metadata).read_to_end(&mut message)?;
        at += metadata;
        let Ok(message) = root_as_message(&message) else { return Ok(true) };
        let body = message.bodyLength();
        match u64::try_from(body) {
            Ok(bytes) if bytes <= length - at => at += bytes,
            _ => return Ok(false),
        }
        file.seek_relative(body)?;
    }
    Ok(true)
}

/// The same of a file, whose footer names its messages.
fn file_fits(mut file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let mut end = [0; 10];
    let Some(footer_end) = length.checked_sub(end.len() as u64) else { return Ok(false) };
    file.seek(SeekFrom::Start(footer_end))?;
    file.read_exact(&mut end)?;
    let Ok(footer) = read_footer_length(end) else { return Ok(true) };
    let Some(start) = footer_end.checked_sub(footer as u64) else { return Ok(false) };
    file.seek(SeekFrom::Start(start))?;
    let mut footer = Vec::new();
    file.take(footer_end - start).read_to_end(&mut footer)?;
    let Ok(footer) = root_as_footer(&footer) else { return Ok(true) };
    let (dictionaries, batches) = (footer.dictionaries(), footer.recordBatches());
    let mut blocks = dictionaries.iter().flatten().chain(batches.iter().flatten());
    Ok(blocks.all(|block| {
        let parts = [block.offset(), block.metaDataLength().into(), block.bodyLength()].map(u64::try_from);
        let end = parts.into_iter().try_fold(0u64, |end, part| end.checked_add(part.ok()?));
        end.is_some_and(|end| end <= length)
    }))
}
