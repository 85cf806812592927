//! How far a long command has come, on a terminal.

use gede::write::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Anything shorter goes without a bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar on standard error that appears after a second, if that is a terminal.
pub struct Bar {
    bar: ProgressBar,
    started: Instant,
}

impl Bar {
    pub fn new() -> Self {
        Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            started: Instant::now(),
        }
    }

    /// The callback of a writer.
    pub fn on_pass(&self) -> impl Fn(Progress) -> ControlFlow<()> + Send + Sync + '_ {
        |progress| {
            self.set(progress);
            ControlFlow::Continue(())
        }
    }

    /// Shows how far a pass has come.
    pub fn set(&self, progress: Progress) {
        let Progress { pass, rows, of } = progress;
        if self.bar.is_hidden() {
            if self.started.elapsed() < PATIENCE {
                return;
            }
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if self.bar.message() != pass || self.bar.length() != of {
            let template = match of {
                Some(_) => "{msg:>16} {wide_bar} {percent:>3} %, {eta} left",
                None => "{msg:>16} {spinner} {human_pos} rows",
            };
            self.bar
                .set_style(ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar()));
            match of {
                Some(rows) => self.bar.set_length(rows),
                None => self.bar.unset_length(),
            }
            self.bar.set_message(pass);
            self.bar.reset_eta();
        }
        self.bar.set_position(rows);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
