//! One error: its kind, a message that names place, cause and remedy, and the error of another crate that caused it.

use std::fmt;

/// The kind of an error, for programs; the message is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused: a missing file, a full disk, a failed read or write.
    Io,
    /// The bytes are no gede file at all.
    NotGede,
    /// A gede file whose bytes are damaged, cut short or inconsistent.
    Corrupt,
    /// A gede file that needs a feature or a version this reader does not know.
    Unsupported,
    /// A column type that the format does not hold.
    Type,
    /// Input data that cannot be read: a ragged CSV, a bad number, an empty file.
    Input,
    /// Bytes that the writer made and that do not read back as what went in: a bug of gede, and no file.
    Internal,
    /// A request that does not fit the file: an unknown column, a row out of range, a bad option.
    Argument,
    /// More memory than the system has, or than the file's bytes can have asked for.
    Memory,
    /// A device that failed, such as a GPU that is out of memory.
    Device,
    /// A run that its progress callback, or the drop of its stream, ended.
    Cancelled,
}

/// The error of every fallible function of this crate.
///
/// ```
/// use std::error::Error;
///
/// let error = gede::Reader::open("no such file.gede").unwrap_err();
/// assert_eq!(error.kind(), gede::ErrorKind::Io);
/// assert!(error.source().is_some_and(|source| source.is::<std::io::Error>()));
/// ```
#[derive(Debug, thiserror::Error)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    /// Writes the message on one line: names of columns, and messages of other crates, may have several.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.message.split(['\n', '\r']);
        f.write_str(lines.next().unwrap_or(""))?;
        lines.try_for_each(|line| write!(f, " {line}"))
    }
}

impl Error {
    /// An error of a kind with a message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// An operating system error, with what was being done to which file.
    pub fn io(doing: impl fmt::Display, error: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("{doing}: {error}")).with_source(error)
    }

    /// The same error with the error that caused it, for [`source`](std::error::Error::source). The message has the words
    /// of both.
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The same error with a place in front of its message: `place: message`.
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    pub(crate) fn memory(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Memory, message)
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument, message)
    }
}
