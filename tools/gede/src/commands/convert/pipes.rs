//! Standard input and output of `gede convert`.

use crate::commands::misuse;
use crate::output::failed;
use arrow::csv::Writer as CsvWriter;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use gede::arrow::InputKind;
use gede::internal::TemporaryFolder;
use gede::{Error, ErrorKind, Result};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The kinds of what comes in and goes out without a name.
#[derive(clap::Args)]
#[command(next_help_heading = "Options for standard input and output")]
pub struct Pipes {
    /// Format of a table whose name does not show it; its first bytes take precedence [default for -: detected among Arrow
    /// streams, Parquet and CSV]
    #[arg(long, value_name = "KIND", value_parser = Self::kinds())]
    pub from: Option<InputKind>,
    /// Format of standard output, for a gede file and OUT - [default: arrow]
    #[arg(long, value_name = "KIND")]
    pub to: Option<To>,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
pub enum To {
    /// An Arrow IPC stream
    #[default]
    Arrow,
    Csv,
}

impl Pipes {
    /// The parser of `--from`: the names of all kinds.
    pub fn kinds() -> impl TypedValueParser<Value = InputKind> {
        let kind = |name: String| InputKind::ALL.into_iter().find(|kind| kind.name() == name);
        PossibleValuesParser::new(InputKind::ALL.map(InputKind::name))
            .try_map(move |name| kind(name).ok_or("a kind that is none"))
    }
}

/// True for the path that stands for standard input or output.
pub fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// All of standard input in a file: writers read a table several times. The file has no name where the system has such
/// files, so that none is left, whatever ends the process.
pub struct Spool {
    pub path: PathBuf,
    _file: File,
    _folder: Option<TemporaryFolder>,
}

impl Spool {
    /// Reads standard input to its end into a file in the folder of the output.
    pub fn read(output: &Path) -> Result<Self> {
        let temporary = std::env::temp_dir();
        let folder = match output.parent() {
            _ if is_pipe(output) => temporary.as_path(),
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(misuse("-: standard input is a terminal; pipe a table into it, or name a file"));
        }
        let at_folder = |e| Error::io(format!("cannot keep standard input in {}", folder.display()), e);
        let (mut file, path, named) = create(folder).map_err(at_folder)?;
        // An error may be of either side; both are named.
        io::copy(&mut stdin.lock(), &mut file).map_err(at_folder)?;
        Ok(Self { path, _file: file, _folder: named })
    }

    /// An error that names standard input in the place of the file.
    pub fn named(&self, error: Error) -> Error {
        let (own, message) = (self.path.display().to_string(), error.to_string());
        if message.contains(&own) {
            Error::new(error.kind(), message.replace(&own, "standard input"))
        } else {
            error
        }
    }
}

#[cfg(target_os = "linux")]
fn create(folder: &Path) -> io::Result<(File, PathBuf, Option<TemporaryFolder>)> {
    use std::os::fd::AsRawFd;
    let file = tempfile::tempfile_in(folder)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    if path.exists() {
        return Ok((file, path, None));
    }
    create_named(folder)
}

#[cfg(not(target_os = "linux"))]
fn create(folder: &Path) -> io::Result<(File, PathBuf, Option<TemporaryFolder>)> {
    create_named(folder)
}

fn create_named(folder: &Path) -> io::Result<(File, PathBuf, Option<TemporaryFolder>)> {
    let own = TemporaryFolder::new(folder).map_err(io::Error::other)?;
    let path = own.path().join("input");
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    Ok((file, path, Some(own)))
}

/// Standard output, as the writers of Arrow and CSV take it. They report errors as text; the first is kept as it is.
#[derive(Clone)]
struct Piped {
    out: Rc<RefCell<BufWriter<Stdout>>>,
    error: Rc<RefCell<Option<io::Error>>>,
}

impl Piped {
    fn keep<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|e| {
            let copy = io::Error::new(e.kind(), e.to_string());
            self.error.borrow_mut().get_or_insert(e);
            copy
        })
    }
}

impl Write for Piped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.borrow_mut().write(bytes);
        self.keep(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.borrow_mut().flush();
        self.keep(flushed)
    }
}

/// Rows on standard output.
pub struct Stream {
    piped: Piped,
    writer: Writer,
}

enum Writer {
    Arrow(Box<StreamWriter<Piped>>),
    Csv(Box<CsvWriter<Piped>>),
}

impl Stream {
    pub fn new(schema: &SchemaRef, to: To) -> Result<Self> {
        let out = Rc::new(RefCell::new(BufWriter::with_capacity(1 << 18, io::stdout())));
        let piped = Piped { out, error: Rc::default() };
        let failed = |e| failure(&piped, e);
        let writer = match to {
            To::Arrow if io::stdout().is_terminal() => {
                return Err(misuse(
                    "-: standard output is a terminal; pipe it somewhere, take --to csv, or name a file",
                ));
            }
            To::Arrow => {
                Writer::Arrow(Box::new(StreamWriter::try_new(piped.clone(), schema).map_err(failed)?))
            }
            To::Csv => {
                if let Some(field) = schema.fields().iter().find(|f| f.data_type().is_nested()) {
                    let what = format!(
                        "column \"{}\" of type {} has parts; CSV has only plain columns: take --to arrow, or --columns without it",
                        field.name(),
                        field.data_type()
                    );
                    return Err(Error::new(ErrorKind::Type, format!("standard output: {what}")));
                }
                let mut writer = CsvWriter::new(piped.clone());
                // The header, even if no rows follow.
                writer.write(&RecordBatch::new_empty(schema.clone())).map_err(failed)?;
                Writer::Csv(Box::new(writer))
            }
        };
        Ok(Self { piped, writer })
    }

    /// True for CSV.
    pub fn is_text(&self) -> bool {
        matches!(self.writer, Writer::Csv(_))
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let written = match &mut self.writer {
            Writer::Arrow(writer) => writer.write(batch),
            Writer::Csv(writer) => writer.write(batch),
        };
        written.map_err(|e| failure(&self.piped, e))
    }

    pub fn finish(self) -> Result<()> {
        let Self { mut piped, writer } = self;
        match writer {
            Writer::Arrow(mut writer) => writer.finish().map_err(|e| failure(&piped, e))?,
            // What is left of its text is written as it goes.
            Writer::Csv(writer) => drop(writer),
        }
        let flushed = piped.flush();
        flushed.map_err(|e| failure(&piped, e.into()))
    }
}

/// The error of the system, if there was one.
fn failure(piped: &Piped, error: ArrowError) -> Error {
    match piped.error.borrow_mut().take() {
        Some(error) => failed(error),
        None => Error::new(ErrorKind::Type, format!("standard output: {error}")),
    }
}
