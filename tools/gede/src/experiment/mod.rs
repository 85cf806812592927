//! The experiments, the paper's and those beyond it: tables as CSV, figures as SVG.

mod bars;
mod california;
mod csv;
mod gpu;
mod logistic;
mod networks;
mod storage;
mod table;

use crate::device::On;
use std::path::{Path, PathBuf};

use gede::{Error, ErrorKind, Result};
use indicatif::{ProgressBar, ProgressStyle};

/// The experiments there are.
pub const NAMES: [&str; 7] = ["california", "logistic", "mnist", "cifar10", "cifar100", "gpu", "storage"];

/// What an experiment is asked to do.
pub struct Request<'a> {
    /// Where its data is; some experiments have theirs bundled.
    pub data: Option<&'a Path>,
    /// Its tables and figures go into a folder of its name in here.
    pub out: &'a Path,
    /// Sets to look at besides those in `data`.
    pub sets: &'a [PathBuf],
    /// Rows of each set to look at, from the first on; all if none.
    pub first: Option<usize>,
    /// Where networks are trained.
    pub device: On,
    /// Whether the summary is printed for machines.
    pub json: bool,
}

/// Runs an experiment, writes its tables and figures, prints a summary. Progress goes to standard error.
///
/// # Errors
/// `Argument` for a name that is none of [`NAMES`], or for what the experiment does not know; whatever
/// keeps data from being read or results from being written.
pub fn run(name: &str, request: &Request) -> Result<()> {
    match name {
        "california" | "logistic" | "mnist" | "cifar10" | "cifar100" | "gpu"
            if !request.sets.is_empty() || request.first.is_some() =>
        {
            Err(misuse("--set and --first are for the experiment storage"))
        }
        "california" => california::run(request),
        "logistic" => logistic::run(request),
        "mnist" | "cifar10" | "cifar100" => networks::run(name, request),
        "gpu" => gpu::run(request),
        "storage" => storage::run(request),
        _ => Err(misuse(format!("no experiment \"{name}\"; there are {}", NAMES.join(", ")))),
    }
}

fn misuse(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, what)
}

/// The folder for an experiment's results, made if it is not there.
fn folder(request: &Request, name: &str) -> Result<PathBuf> {
    let out = request.out.join(name);
    std::fs::create_dir_all(&out).map_err(|e| Error::io(format!("creating {}", out.display()), e))?;
    Ok(out)
}

/// The commit that a folder of results is at, with a plus if files have changed since; none outside of a repository.
fn revision(folder: &Path) -> Option<String> {
    let git = std::process::Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["describe", "--always", "--dirty=+"])
        .output();
    let out = git.ok().filter(|out| out.status.success())?;
    Some(String::from_utf8_lossy(&out.stdout).trim().to_owned()).filter(|name| !name.is_empty())
}

/// A bar of so many steps, each with a message, on a terminal.
fn steps(count: usize) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} [{elapsed}]") {
        bar.set_style(style);
    }
    bar
}
