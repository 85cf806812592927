//! How far a writer has come, and its end by the caller's wish.

use std::ops::ControlFlow;

use crate::error::{Error, ErrorKind, Result};

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

/// Takes the progress of a writer; `Break` cancels it.
pub(crate) type Callback<'p> = dyn Fn(Progress) -> ControlFlow<()> + Send + Sync + 'p;

/// Hands the progress of passes to a callback, and its wish to stop to the pass.
pub(crate) struct Meter<'p> {
    progress: Option<&'p Callback<'p>>,
    /// Rows of the table, if known.
    of: Option<u64>,
}

impl<'p> Meter<'p> {
    pub fn new(progress: Option<&'p Callback<'p>>, of: Option<u64>) -> Self {
        Self { progress, of }
    }

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
