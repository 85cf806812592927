//! The writer of files: options, progress, and a table or a stream of batches.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::files::file_system::{Disk, FileSystem};
use crate::format::schema::Schema;
use crate::write::options::Options;
use crate::write::passes::write_table;
use crate::write::repeated::Repeated;
use crate::write::report::Report;
use crate::write::stream::BatchWriter;
use crate::write::table::Table;

/// How far a writer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Name of the current pass.
    pub pass: &'static str,
    /// Rows of this pass that are done.
    pub rows: u64,
    /// Rows of the table, if known.
    pub of: Option<u64>,
}

type Callback<'p> = dyn Fn(Progress) -> ControlFlow<()> + Send + Sync + 'p;

/// Writes files; the counterpart of [`Reader`](crate::Reader).
///
/// A file appears whole or not at all: a writer that fails, is cancelled or is dropped leaves nothing.
///
/// ```
/// use gede::column::{Batch, Column, Kind, SchemaBuilder, Values};
/// use gede::{Reader, Writer, write::Options};
///
/// # let folder = gede::write::TemporaryFolder::new(&std::env::temp_dir())?;
/// # let path = folder.path().join("ages.gede");
/// let mut schema = SchemaBuilder::default();
/// schema.column("age", Kind::Unsigned, 8, false);
/// let mut stream = Writer::new(Options::default()).stream(&path, schema.finish()?)?;
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
        BatchWriter::start(self, path.as_ref(), schema, None)
    }
}

impl<'p> Writer<'p> {
    /// Calls `progress` as rows are done. `ControlFlow::Break` cancels the run: it ends with an error of the kind
    /// [`Cancelled`](ErrorKind::Cancelled) and leaves no file.
    pub fn progress<'q>(
        self,
        progress: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'q,
    ) -> Writer<'q> {
        Writer { options: self.options, progress: Some(Box::new(progress)) }
    }

    /// The options.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Writes a table to a file.
    ///
    /// # Errors
    /// `Argument` for options that do not fit the table or a file that exists; `Io`; `Cancelled`; the errors of reading
    /// the table.
    pub fn write(&self, path: impl AsRef<Path>, table: &dyn Table) -> Result<Report> {
        self.write_to(&Disk, path.as_ref(), table)
    }

    /// As [`write`](Self::write), into a file system.
    ///
    /// # Errors
    /// As `write`.
    pub fn write_to(&self, file_system: &dyn FileSystem, path: &Path, table: &dyn Table) -> Result<Report> {
        let threads = self.options.threads;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|e| Error::argument(format!("{threads} threads: {e}")).with_source(e))?;
        let meter = Meter { progress: self.progress.as_deref(), of: table.rows() };
        pool.install(|| write_table(file_system, path, &Repeated::new(table), &self.options, &meter))
    }
}

impl fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Hands the progress of passes to a callback, and its wish to stop to the pass.
pub(crate) struct Meter<'p> {
    progress: Option<&'p Callback<'p>>,
    /// Rows of the table, if known.
    of: Option<u64>,
}

impl Meter<'_> {
    /// The meter of a pass: takes the number of rows that are done.
    pub fn pass(&self, pass: &'static str) -> impl Fn(u64) -> Result<()> + Sync + '_ {
        move |rows| match self.progress.map(|progress| progress(Progress { pass, rows, of: self.of })) {
            Some(ControlFlow::Break(())) => {
                Err(Error::new(ErrorKind::Cancelled, format!("cancelled while {pass}")))
            }
            _ => Ok(()),
        }
    }
}
