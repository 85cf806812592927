//! A file from batches that come once: a thread writes while the caller pushes.
//!
//! The thread runs the passes of any writer over a table whose first pass receives the batches. If the options need
//! more passes, the first one also spools the batches for them.

use std::fmt;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use crate::column::values::Batch;
use crate::error::{Error, ErrorKind, Result};
use crate::files::file_system::Disk;
use crate::files::new_file::folder;
use crate::files::scratch_space::ScratchSpace;
use crate::format::schema::Schema;
use crate::write::report::Report;
use crate::write::spool::{Spool, SpooledBatch};
use crate::write::table::{Batches, Table};

/// Writes a file from batches that come one by one: see [`Writer::stream`](crate::Writer::stream) for an example.
///
/// The file appears with [`finish`](Self::finish); dropped before, it leaves nothing.
pub struct BatchWriter {
    schema: Schema,
    /// None once the thread has ended.
    messages: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<Result<Report>>>,
}

/// The table that a stream becomes.
pub(crate) struct StreamedTable {
    pub schema: Schema,
    pub arrow_schema: Option<Vec<u8>>,
    /// True if the rows are read again after they came.
    pub second_pass: bool,
}

enum Message {
    Batch(Batch),
    End,
}

impl BatchWriter {
    /// Starts the thread that writes, and waits until it asks for the first batch, so that errors of the options and of the path
    /// come from here.
    pub(crate) fn start(
        path: &Path,
        table: StreamedTable,
        write: impl FnOnce(&Path, &dyn Table) -> Result<Report> + Send + 'static,
    ) -> Result<Self> {
        let StreamedTable { schema, arrow_schema, second_pass } = table;
        let (messages, received) = sync_channel(1);
        let (started, has_started) = channel();
        let path = path.to_owned();
        let space =
            ScratchSpace { file_system: &Disk, folder: folder(&path).to_owned(), target: Some(path.clone()) };
        let table = Streamed {
            schema: schema.clone(),
            arrow_schema,
            first_pass: Mutex::new(Some(FirstPass { received, started })),
            space: second_pass.then_some(space),
            spooled: OnceLock::new(),
        };
        let thread = std::thread::Builder::new().name("gede-writer".to_owned());
        let thread = thread.spawn(move || write(&path, &table));
        let thread = thread.map_err(|e| Error::io("cannot start a thread", e))?;
        let mut stream = Self { schema, messages: Some(messages), thread: Some(thread) };
        match has_started.recv() {
            Ok(()) => Ok(stream),
            Err(_) => Err(stream.failure()),
        }
    }

    /// The schema of the batches.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Appends the rows of a batch. Waits while the writer has one to work on and one in hand.
    ///
    /// # Errors
    /// `Type` or `Argument` for a batch of another schema, which is not written; else an error of the writer, after which
    /// the file is given up.
    pub fn push(&mut self, batch: Batch) -> Result<()> {
        batch.check(&self.schema)?;
        if batch.rows == 0 {
            return Ok(());
        }
        self.send(Message::Batch(batch))
    }

    /// Ends the rows, waits for the writer and gives the file its name.
    ///
    /// # Errors
    /// As [`Writer::write`](crate::Writer::write).
    pub fn finish(mut self) -> Result<Report> {
        self.send(Message::End)?;
        self.join()
    }

    /// Ends the thread, which leaves nothing; later calls are errors.
    #[cfg(feature = "arrow")]
    pub(crate) fn give_up(&mut self) {
        // The error says that the stream has ended.
        let _ = self.join();
    }

    fn send(&mut self, message: Message) -> Result<()> {
        match &self.messages {
            Some(messages) if messages.send(message).is_ok() => Ok(()),
            _ => Err(self.failure()),
        }
    }

    /// The error of a thread that has ended too early.
    fn failure(&mut self) -> Error {
        match self.join() {
            Err(error) => error,
            Ok(_) => Error::internal("the writer ended before its input"),
        }
    }

    fn join(&mut self) -> Result<Report> {
        self.messages = None;
        let given_up = || Error::argument("the file was given up after an earlier error");
        let thread = self.thread.take().ok_or_else(given_up)?;
        thread.join().map_err(|_| Error::internal("the writer's thread panicked"))?
    }
}

impl Drop for BatchWriter {
    fn drop(&mut self) {
        // The error says that this was dropped.
        let _ = self.join();
    }
}

impl fmt::Debug for BatchWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWriter").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// The table of a stream.
struct Streamed {
    schema: Schema,
    arrow_schema: Option<Vec<u8>>,
    /// None once the first pass has begun.
    first_pass: Mutex<Option<FirstPass>>,
    /// The place of the spool; none if one pass is enough.
    space: Option<ScratchSpace<'static>>,
    /// The batches of the first pass, once it has ended.
    spooled: OnceLock<(Spool, Vec<SpooledBatch>)>,
}

struct FirstPass {
    received: Receiver<Message>,
    started: Sender<()>,
}

impl Streamed {
    /// The batches as they come.
    fn receive(&self, pass: FirstPass) -> Result<Batches<'_>> {
        let mut spool = self.space.as_ref().map(Spool::new).transpose()?;
        let mut places = Vec::new();
        let mut received = Some(pass.received);
        // Nobody waits for it if the caller is gone; then nothing is received either.
        let _ = pass.started.send(());
        Ok(Box::new(std::iter::from_fn(move || match received.as_ref()?.recv() {
            Ok(Message::Batch(batch)) => {
                let spooled = spool.as_mut().map(|spool| spool.push(&batch)).transpose();
                Some(spooled.map(|place| {
                    places.extend(place);
                    batch
                }))
            }
            Ok(Message::End) => {
                received = None;
                if let Some(spool) = spool.take() {
                    // The first pass is the only one that sets it.
                    let _ = self.spooled.set((spool, std::mem::take(&mut places)));
                }
                None
            }
            Err(_) => {
                received = None;
                Some(Err(Error::new(ErrorKind::Cancelled, "the stream was dropped before its end")))
            }
        })))
    }
}

impl Table for Streamed {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn arrow_schema(&self) -> Option<&[u8]> {
        self.arrow_schema.as_deref()
    }

    fn batches(&self) -> Result<Batches<'_>> {
        let first = self.first_pass.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(pass) = first {
            return self.receive(pass);
        }
        let again = || Error::internal("a stream without a spool was read twice");
        let (spool, places) = self.spooled.get().ok_or_else(again)?;
        Ok(Box::new(places.iter().map(|&place| spool.batch(place, &self.schema))))
    }
}
