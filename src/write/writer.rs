//! The writer of files: options, progress, and a table or a stream of batches.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use crate::error::{Error, Result};
use crate::files::file_system::{Disk, FileSystem};
use crate::format::schema::Schema;
use crate::write::append::append_table;
use crate::write::options::Options;
use crate::write::passes::{needs_second_pass, write_table};
use crate::write::progress::{Callback, Meter, Progress};
use crate::write::repeated::Repeated;
use crate::write::report::Report;
use crate::write::stream::{BatchWriter, StreamedTable};
use crate::write::table::Table;

/// Writes files; the counterpart of [`Reader`](crate::Reader).
///
/// A file appears whole or not at all: a writer that fails, is cancelled or is dropped leaves nothing.
///
/// ```
/// use gede::column::{Batch, Column, Kind, SchemaBuilder, Values};
/// use gede::{Reader, Writer, write::Options};
///
/// # let folder = gede::internal::TemporaryFolder::new(&std::env::temp_dir())?;
/// # let path = folder.path().join("ages.gede");
/// let mut schema = SchemaBuilder::default();
/// schema.push(None, "age", Kind::Unsigned, false, 8, 0)?;
/// let mut stream = Writer::new(Options::default()).stream(&path, schema.finish())?;
/// for ages in [vec![31, 27], vec![64]] {
///     let column = Column { validity: None, values: Values::U8(ages) };
///     stream.push(Batch { rows: column.values.len(), columns: vec![column] })?;
/// }
/// let report = stream.finish()?;
/// assert_eq!(report.rows, 3);
/// assert_eq!(Reader::open(&path)?.rows(), 3);
/// # Ok::<(), gede::Error>(())
/// ```
pub struct Writer<'p> {
    options: Options,
    progress: Option<Box<Callback<'p>>>,
}

impl Writer<'static> {
    /// A writer with options.
    pub fn new(options: Options) -> Self {
        Self { options, progress: None }
    }

    /// Starts a file whose batches come one by one and once. Batches that a later pass needs are kept in a scratch file
    /// in the folder of `path`, gone when the writer ends.
    ///
    /// # Errors
    /// `Argument` for options that do not fit the schema or a file that exists; `Io`.
    pub fn stream(self, path: impl AsRef<Path>, schema: Schema) -> Result<BatchWriter> {
        self.stream_with(path.as_ref(), schema, None)
    }

    /// As `stream`, with the Arrow schema that is stored.
    pub(crate) fn stream_with(
        self,
        path: &Path,
        schema: Schema,
        arrow_schema: Option<Vec<u8>>,
    ) -> Result<BatchWriter> {
        let second_pass = needs_second_pass(&schema, &self.options)?;
        let table = StreamedTable { schema, arrow_schema, second_pass };
        BatchWriter::start(path, table, move |path, table| self.write(path, table))
    }
}

impl<'p> Writer<'p> {
    /// Calls `progress` as rows are done. `ControlFlow::Break` cancels the run: it ends with an error of the kind
    /// [`Cancelled`](crate::ErrorKind::Cancelled) and leaves no file.
    pub fn progress<'q>(
        self,
        progress: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'q,
    ) -> Writer<'q> {
        Writer { options: self.options, progress: Some(Box::new(progress)) }
    }

    /// Writes a table to a file.
    ///
    /// # Errors
    /// `Argument` for options that do not fit the table or a file that exists; `Io`; `Cancelled`; the errors of reading
    /// the table.
    pub fn write(&self, path: impl AsRef<Path>, table: &dyn Table) -> Result<Report> {
        self.write_to(&Disk, path.as_ref(), table)
    }

    /// Appends the rows of a table to a file, whose columns it has. They become a part of their own: nothing of the file is
    /// written again but its directory, checksums and summaries. Of the options only those of how rows are coded count;
    /// the rest is as in the file.
    ///
    /// Until the call ends, and if it fails or the process dies, every reader finds the file as it was; afterwards, readers
    /// that opened it before still do. One process appends to a file at a time.
    ///
    /// # Errors
    /// `Type` for other columns; `Argument` for a file that stores its rows by class or has 64 parts; `Io`, also if another
    /// process appends to it; `Corrupt`; the errors of reading the table.
    pub fn append(&self, path: impl AsRef<Path>, table: &dyn Table) -> Result<Report> {
        self.append_to(&Disk, path.as_ref(), table)
    }

    /// As [`append`](Self::append), in a file system.
    ///
    /// # Errors
    /// As `append`.
    pub fn append_to(&self, file_system: &dyn FileSystem, path: &Path, table: &dyn Table) -> Result<Report> {
        self.run(table, |meter| append_table(file_system, path, &Repeated::new(table), &self.options, meter))
    }

    /// As [`write`](Self::write), into a file system.
    ///
    /// # Errors
    /// As `write`.
    pub fn write_to(&self, file_system: &dyn FileSystem, path: &Path, table: &dyn Table) -> Result<Report> {
        self.run(table, |meter| write_table(file_system, path, &Repeated::new(table), &self.options, meter))
    }

    /// Runs on as many threads as the options say.
    fn run(&self, table: &dyn Table, write: impl FnOnce(&Meter) -> Result<Report> + Send) -> Result<Report> {
        let threads = self.options.threads;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|e| Error::argument(format!("{threads} threads: {e}")).with_source(e))?;
        let meter = Meter::new(self.progress.as_deref(), table.rows());
        pool.install(|| write(&meter))
    }
}

impl fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("options", &self.options).finish_non_exhaustive()
    }
}
